//! Whether browsers would believe a chain, found out before anybody shows it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::{VerifierBuilderError, WebPkiServerVerifier};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, InvalidDnsNameError, ServerName, UnixTime};

use crate::error::SetupError;
use crate::tls::roots;

/// Why a chain is not believed.
#[derive(Debug, thiserror::Error)]
pub enum Disbelief {
    /// The file of the authority cannot be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// There is no authority that could be believed.
    #[error("this host knows no authority: {0}")]
    NoAuthority(#[from] VerifierBuilderError),
    /// It is not PEM, or has no certificate.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// What it should be for is neither a name nor an address.
    #[error("the host is not one: {0}")]
    NoHost(#[from] InvalidDnsNameError),
    /// It does not lead to an authority, has ended, or is for somebody else.
    #[error(transparent)]
    Wrong(rustls::Error),
}

/// Holds a chain (PEM, the server's own certificate first) against the authority in this file, or else those of the
/// host's own list. `host` is as in a URL. `now_ms`: since the Unix epoch.
///
/// # Errors
/// When somebody who believes these authorities would not believe the chain.
pub fn believe(ca_file: Option<&Path>, chain: &[u8], host: &str, now_ms: i64) -> Result<(), Disbelief> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| Disbelief::NoCertificate)?;
    let (leaf, others) = certificates.split_first().ok_or(Disbelief::NoCertificate)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots(ca_file)?), provider).build()?;
    let name = ServerName::try_from(host.trim_matches(['[', ']']))?;
    let now = UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(now_ms).unwrap_or_default()));
    verifier
        .verify_server_cert(leaf, others, &name, &[], now)
        .map(drop)
        .map_err(Disbelief::Wrong)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::*;

    const HOST: &str = "secret.corp.example";
    /// 25 November 2026.
    const NOW: i64 = 1_795_600_000_000;

    fn authority(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    #[test]
    fn a_chain_is_believed_when_it_leads_to_the_authority_for_this_host() {
        let key = || KeyPair::generate().unwrap();
        let root = CertifiedIssuer::self_signed(authority("Root"), key()).unwrap();
        let between = CertifiedIssuer::signed_by(authority("Between"), key(), &root).unwrap();
        let leaf = CertificateParams::new(vec![HOST.to_owned(), "192.0.2.7".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key(), &between).unwrap().pem();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.pem");
        std::fs::write(&file, root.pem()).unwrap();
        let believed =
            |chain: &str, host: &str, now| believe(Some(&file), chain.as_bytes(), host, now).is_ok();
        let whole = format!("{leaf}{}", between.pem());
        assert!(believed(&whole, HOST, NOW) && believed(&whole, "192.0.2.7", NOW));
        assert!(
            !believed(&leaf, HOST, NOW),
            "an intermediate certificate is missing"
        );
        assert!(!believed(&whole, "other.example", NOW));
        assert!(!believed(&whole, HOST, i64::MAX), "it has ended");
        assert!(!believed("no chain", HOST, NOW));
        assert!(
            believe(None, whole.as_bytes(), HOST, NOW).is_err(),
            "no host knows this authority"
        );
    }
}
