//! The domain's administrator, who sets up what a test needs.

use std::collections::HashSet;
use std::sync::Arc;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, Mod, Scope, SearchEntry, StdStream};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::ExposeSecret;

use super::domain::{Domain, runtime};

pub(crate) const BASE: &str = "DC=corp,DC=example";

pub(crate) struct Admin {
    ldap: Ldap,
}

type Attribute<'a> = (&'a str, &'a [u8]);

fn one(value: &[u8]) -> HashSet<Vec<u8>> {
    HashSet::from([value.to_vec()])
}

impl Admin {
    pub(crate) async fn of(domain: &Domain) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(&domain.ca_pem).expect("a certificate"))
            .expect("an authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider's own versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (address, user) = (domain.address, domain.admin.clone());
        let connect = async move {
            let stream = std::net::TcpStream::connect((address, 636)).expect("the controller listens");
            let settings = LdapConnSettings::new()
                .set_config(Arc::new(config))
                .set_std_stream(StdStream::Tcp(stream));
            let connected = LdapConnAsync::with_settings(settings, "ldaps://dc1.corp.example").await;
            let (driver, mut ldap) = connected.expect("TLS");
            tokio::spawn(driver.drive());
            let bound = ldap.simple_bind(&user.0, user.1.expose_secret()).await;
            bound
                .and_then(ldap3::LdapResult::success)
                .expect("the administrator signs in");
            ldap
        };
        Self {
            ldap: runtime().spawn(connect).await.expect("connects"),
        }
    }

    pub(crate) async fn add(&mut self, dn: &str, attributes: &[Attribute<'_>]) {
        let attributes = attributes
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), one(value)))
            .collect();
        let added = self.ldap.add(dn, attributes).await;
        added
            .and_then(ldap3::LdapResult::success)
            .unwrap_or_else(|error| panic!("{dn}: {error}"));
    }

    pub(crate) async fn set(&mut self, dn: &str, attributes: &[Attribute<'_>]) {
        let changes = attributes
            .iter()
            .map(|(name, value)| Mod::Replace(name.as_bytes().to_vec(), one(value)));
        let set = self.ldap.modify(dn, changes.collect()).await;
        set.and_then(ldap3::LdapResult::success)
            .unwrap_or_else(|error| panic!("{dn}: {error}"));
    }

    pub(crate) async fn join(&mut self, group: &str, member: &str) {
        let joined = self
            .ldap
            .modify(group, vec![Mod::Add(b"member".to_vec(), one(member.as_bytes()))])
            .await;
        joined
            .and_then(ldap3::LdapResult::success)
            .unwrap_or_else(|error| panic!("{group}: {error}"));
    }

    /// Gives a person another common name, written as in a DN.
    pub(crate) async fn rename(&mut self, dn: &str, name: &str) {
        let renamed = self.ldap.modifydn(dn, &format!("CN={name}"), true, None).await;
        renamed
            .and_then(ldap3::LdapResult::success)
            .unwrap_or_else(|error| panic!("{dn}: {error}"));
    }

    /// A binary value of an object.
    pub(crate) async fn bytes(&mut self, dn: &str, attribute: &str) -> Vec<u8> {
        let found = self
            .ldap
            .search(dn, Scope::Base, "(objectClass=*)", [attribute])
            .await;
        let (found, _) = found.and_then(ldap3::SearchResult::success).expect("is found");
        let entry = SearchEntry::construct(found.into_iter().next().expect("one entry"));
        let binary = entry.bin_attrs.get(attribute).map(|values| values[0].clone());
        binary
            .or_else(|| {
                entry
                    .attrs
                    .get(attribute)
                    .map(|values| values[0].clone().into_bytes())
            })
            .expect("a value")
    }
}
