//! One connection: TCP, TLS with the name verified, bind.

use std::net::SocketAddr;
use std::sync::Arc;

use ldap3::result::LdapResult;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapError, StdStream};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout};

use crate::active_directory::limits;
use crate::active_directory::settings::{Controller, Security};
use crate::error::DirectoryError;

/// Opens connections to one controller.
///
/// A connection is driven by a task that must outlive the request that opened it, so all of it happens on the
/// runtime that this was given and never on a request's own.
#[derive(Clone)]
pub(super) struct Dialer {
    controller: Controller,
    security: Security,
    tls: Arc<ClientConfig>,
    runtime: Handle,
}

/// A connection on which a bind was answered, and the answer.
pub(super) struct Bound {
    pub ldap: Ldap,
    pub answer: LdapResult,
}

/// Why there is no answer to a bind.
pub(super) enum NotBound {
    /// The credentials were not sent.
    NotSent(DirectoryError),
    /// They were sent, and nothing came back: a wrong password may have been counted.
    NoAnswer(DirectoryError),
}

impl Dialer {
    pub(super) fn new(
        controller: Controller,
        security: Security,
        ca_pem: &[u8],
        runtime: Handle,
    ) -> Result<Self, DirectoryError> {
        Ok(Self {
            controller,
            security,
            tls: Arc::new(client_config(ca_pem)?),
            runtime,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.controller.name
    }

    pub(super) fn port(&self) -> u16 {
        self.controller.port.unwrap_or(self.security.default_port())
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Opens a connection and binds on it.
    pub(super) async fn bind(&self, user: String, password: SecretString) -> Result<Bound, NotBound> {
        let dialer = self.clone();
        let task = self
            .runtime
            .spawn(async move { dialer.bind_here(&user, &password).await });
        task.await.unwrap_or_else(|_| {
            Err(NotBound::NoAnswer(
                self.unavailable("the connection's task ended"),
            ))
        })
    }

    async fn bind_here(&self, user: &str, password: &SecretString) -> Result<Bound, NotBound> {
        let stream = self.dial().await.map_err(NotBound::NotSent)?;
        let end = Instant::now() + limits::TLS_AND_BIND;
        let mut ldap = self.secure(stream).await.map_err(NotBound::NotSent)?;
        ldap.with_timeout(end.saturating_duration_since(Instant::now()));
        match ldap.simple_bind(user, password.expose_secret()).await {
            Ok(answer) => Ok(Bound { ldap, answer }),
            Err(error @ LdapError::OpSend { .. }) => {
                Err(NotBound::NotSent(self.unavailable(&error.to_string())))
            }
            Err(error) => Err(NotBound::NoAnswer(self.unavailable(&error.to_string()))),
        }
    }

    async fn dial(&self) -> Result<TcpStream, DirectoryError> {
        let mut last = self.unavailable("its name has no address");
        for address in self.addresses().await? {
            match timeout(limits::TCP, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = self.unavailable(&error.to_string()),
                Err(_) => return Err(self.unavailable("no TCP connection in time")),
            }
        }
        Err(last)
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, DirectoryError> {
        if let Some(address) = self.controller.address {
            return Ok(vec![SocketAddr::new(address, self.port())]);
        }
        let asked = timeout(limits::DNS, tokio::net::lookup_host((self.name(), self.port()))).await;
        match asked {
            Ok(Ok(found)) => Ok(found.collect()),
            Ok(Err(error)) => Err(self.unavailable(&error.to_string())),
            Err(_) => Err(self.unavailable("no answer from DNS in time")),
        }
    }

    /// TLS, and the task that drives the connection from then on.
    async fn secure(&self, stream: TcpStream) -> Result<Ldap, DirectoryError> {
        let stream = stream.set_nodelay(true).and_then(|()| stream.into_std());
        let stream = stream.map_err(|error| self.unavailable(&error.to_string()))?;
        let settings = LdapConnSettings::new()
            .set_conn_timeout(limits::TLS_AND_BIND)
            .set_config(Arc::clone(&self.tls))
            .set_starttls(self.security == Security::StartTls)
            .set_std_stream(StdStream::Tcp(stream));
        // Only the name in it is used, for the certificate; the stream is connected already.
        let url = format!("{}://{}:{}", self.security.scheme(), self.name(), self.port());
        let (driver, ldap) = LdapConnAsync::with_settings(settings, &url)
            .await
            .map_err(|error| self.not_secured(&error))?;
        tokio::spawn(async move {
            if let Err(error) = driver.drive().await {
                tracing::debug!(%error, "a connection to a domain controller ended");
            }
        });
        Ok(ldap)
    }

    fn not_secured(&self, error: &LdapError) -> DirectoryError {
        match error {
            LdapError::Io { source } => match source.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(tls) => DirectoryError::Tls(self.said(&rustls::Error::to_string(tls))),
                None => self.unavailable(&source.to_string()),
            },
            LdapError::Rustls { source } => DirectoryError::Tls(self.said(&source.to_string())),
            LdapError::LdapResult { result } => DirectoryError::Misconfigured(
                self.said(&format!("StartTLS was refused, result {}", result.rc)),
            ),
            LdapError::Timeout { .. } | LdapError::ResultRecv { .. } => {
                self.unavailable("no TLS connection in time")
            }
            other => DirectoryError::Misconfigured(self.said(&other.to_string())),
        }
    }

    pub(super) fn unavailable(&self, what: &str) -> DirectoryError {
        DirectoryError::Unavailable(self.said(what))
    }

    pub(super) fn said(&self, what: &str) -> String {
        format!("{}:{}: {what}", self.name(), self.port())
    }
}

/// TLS that trusts the domain's own authority and nothing else.
fn client_config(ca_pem: &[u8]) -> Result<ClientConfig, DirectoryError> {
    let wrong = |what: String| DirectoryError::Misconfigured(format!("the directory's CA file: {what}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_needed() {
        for wrong in [
            "",
            "no PEM",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(
                matches!(
                    client_config(wrong.as_bytes()),
                    Err(DirectoryError::Misconfigured(_))
                ),
                "{wrong:?}"
            );
        }
    }
}
