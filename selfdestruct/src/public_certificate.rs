//! The renewal of the public certificate from inside: a signing request goes out, a chain comes in.
//!
//! Certificate and key are two files, and a machine can stop between them. So both lie ready in the data folder, whole
//! and found to fit, before either is put in its place; a start finishes what was begun.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rcgen::{CertificateParams, KeyPair};
use server::certificate::Certificate;
use server::tls::{Clients, Tls, TlsError, TlsFiles};
use zeroize::Zeroizing;

use crate::files::{self, FileError, remove, replace};

/// Longest chain that is looked at, in bytes.
const LONGEST_CHAIN: usize = 64 * 1024;

/// The files of the public certificate, and what will take their place.
pub struct PublicCertificate {
    files: TlsFiles,
    ready: TlsFiles,
    host: String,
    /// One renewal at a time.
    turn: Mutex<()>,
}

/// Why a certificate was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    /// No signing request is open.
    #[error("no signing request is open")]
    NothingOpen,
    /// The chain is none, or not for the key of the signing request.
    #[error("the chain cannot be used: {0}")]
    Unusable(#[from] TlsError),
    /// It is too long, for another host, or its time is over.
    #[error("the chain is not one for {host}, or its time is over")]
    Unfitting {
        /// The host of the public address.
        host: String,
    },
    /// The key or the signing request cannot be made.
    #[error("the signing request cannot be made: {0}")]
    Request(#[from] rcgen::Error),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl PublicCertificate {
    /// The certificate in these files, for this host. What lies ready is in `data_dir`.
    pub fn new(cert: PathBuf, key: PathBuf, data_dir: &Path, host: &str) -> Self {
        let files = |cert, key| TlsFiles {
            cert,
            key,
            clients: Clients::Anybody,
        };
        Self {
            files: files(cert, key),
            ready: files(data_dir.join("public-next.pem"), data_dir.join("public-next.key")),
            host: host.to_owned(),
            turn: Mutex::new(()),
        }
    }

    /// Finishes a renewal that a stop of the machine cut short. Before the listener reads the files. `now_ms`: since the
    /// Unix epoch.
    pub fn finish(&self, now_ms: i64) -> Result<(), RenewalError> {
        // The stop may have come before the chain was looked at.
        if self.look(now_ms).is_ok() || self.only_the_ready_one_fits() {
            return self.install();
        }
        Ok(remove(&self.ready.cert)?)
    }

    /// A signing request with a fresh key, in PEM. An earlier one is void.
    pub fn request(&self, now_ms: i64) -> Result<String, RenewalError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.finish(now_ms)?; // a renewal that failed half-way must not be forgotten
        let key = KeyPair::generate()?;
        let request = CertificateParams::new(vec![self.host.clone()])?.serialize_request(&key)?;
        let pem = request.pem()?;
        replace(&self.ready.key, Zeroizing::new(key.serialize_pem()).as_bytes())?;
        Ok(pem)
    }

    /// Puts a chain for the last signing request, and its key, in the place of what is there. `now_ms`: since the Unix
    /// epoch. Whoever called has the listener read the files again.
    pub fn take(&self, chain: &str, now_ms: i64) -> Result<(), RenewalError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.ready.key.exists() {
            return Err(RenewalError::NothingOpen);
        }
        if chain.len() > LONGEST_CHAIN {
            return Err(self.unfitting());
        }
        replace(&self.ready.cert, chain.as_bytes())?;
        let installed = self.look(now_ms).and_then(|()| self.install());
        if installed.is_err() && self.ready.key.exists() && !self.key_is_installed() {
            remove(&self.ready.cert)?;
        }
        installed
    }

    fn look(&self, now_ms: i64) -> Result<(), RenewalError> {
        Tls::new(self.ready.clone())?;
        let fits = |leaf: &Certificate| leaf.is_for(&self.host) && leaf.days_left(now_ms) >= 0;
        match Certificate::read(&self.ready.cert) {
            Some(leaf) if fits(&leaf) => Ok(()),
            _ => Err(self.unfitting()),
        }
    }

    fn install(&self) -> Result<(), RenewalError> {
        let (chain, key) = (files::read(&self.ready.cert)?, files::read(&self.ready.key)?);
        replace(&self.files.key, key.as_bytes())?;
        replace(&self.files.cert, chain.as_bytes())?;
        remove(&self.ready.cert)?;
        Ok(remove(&self.ready.key)?)
    }

    /// From then on only the new certificate fits the key in its place.
    fn key_is_installed(&self) -> bool {
        matches!((files::read(&self.files.key), files::read(&self.ready.key)), (Ok(a), Ok(b)) if a == b)
    }

    /// A chain that has ended since is better than none.
    fn only_the_ready_one_fits(&self) -> bool {
        self.key_is_installed() && Tls::new(self.ready.clone()).is_ok()
    }

    fn unfitting(&self) -> RenewalError {
        RenewalError::Unfitting {
            host: self.host.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{BasicConstraints, CertificateSigningRequestParams, CertifiedIssuer, IsCa};
    use tempfile::TempDir;

    use super::*;

    const HOST: &str = "secret.corp.example";

    struct Case {
        folder: TempDir,
        issuer: CertifiedIssuer<'static, KeyPair>,
        certificate: PublicCertificate,
    }

    impl Case {
        fn new() -> Self {
            server::tls::install_crypto();
            let folder = tempfile::tempdir().unwrap();
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            let (cert, key) = (folder.path().join("public.pem"), folder.path().join("public.key"));
            let first = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
            fs::write(&cert, params.self_signed(&first).unwrap().pem()).unwrap();
            fs::write(&key, first.serialize_pem()).unwrap();
            let certificate = PublicCertificate::new(cert, key, folder.path(), HOST);
            Self {
                folder,
                issuer,
                certificate,
            }
        }

        fn sign(&self, request: &str) -> String {
            let request = CertificateSigningRequestParams::from_pem(request).unwrap();
            request.signed_by(&self.issuer).unwrap().pem()
        }

        fn files(&self) -> (String, String) {
            let read = |path: &Path| fs::read_to_string(path).unwrap();
            (
                read(&self.certificate.files.cert),
                read(&self.certificate.files.key),
            )
        }
    }

    #[test]
    fn a_chain_for_the_last_request_takes_the_place_of_both_files() {
        let case = Case::new();
        let before = case.files();
        let void = case.certificate.request(0).unwrap();
        let request = case.certificate.request(0).unwrap();
        for wrong in [case.sign(&void), "no certificate".to_owned()] {
            let refused = case.certificate.take(&wrong, 0);
            assert!(matches!(refused, Err(RenewalError::Unusable(_))), "{refused:?}");
            assert_eq!(case.files(), before);
        }
        let chain = case.sign(&request);
        case.certificate.take(&chain, 0).unwrap();
        assert_eq!(case.files().0, chain);
        assert!(Tls::new(case.certificate.files.clone()).is_ok());
        assert!(matches!(
            case.certificate.take(&chain, 0),
            Err(RenewalError::NothingOpen)
        ));
        assert_eq!(
            fs::read_dir(case.folder.path()).unwrap().count(),
            2,
            "nothing lies about"
        );
    }

    #[test]
    fn a_chain_for_another_host_is_refused() {
        let case = Case::new();
        case.certificate.request(0).unwrap();
        let key = KeyPair::from_pem(&fs::read_to_string(&case.certificate.ready.key).unwrap()).unwrap();
        let params = CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
        let other = params.self_signed(&key).unwrap().pem();
        let refused = case.certificate.take(&other, 0);
        assert!(
            matches!(refused, Err(RenewalError::Unfitting { .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn a_chain_that_nobody_looked_at_before_the_stop_is_looked_at_at_the_start() {
        let case = Case::new();
        let before = case.files();
        let request = case.certificate.request(0).unwrap();
        let key = KeyPair::from_pem(&fs::read_to_string(&case.certificate.ready.key).unwrap()).unwrap();
        let params = CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
        let other = params.self_signed(&key).unwrap().pem();
        fs::write(&case.certificate.ready.cert, other).unwrap();
        case.certificate.finish(0).unwrap();
        assert_eq!(case.files(), before);
        let chain = case.sign(&request);
        case.certificate
            .take(&chain, 0)
            .expect("the request is still open");
        assert_eq!(case.files().0, chain);
    }

    #[test]
    fn what_was_cut_short_between_the_two_files_is_finished_at_the_start() {
        let case = Case::new();
        let before = case.files();
        let chain = case.sign(&case.certificate.request(0).unwrap());
        // A request is open, and nothing came in: nothing is to be finished.
        case.certificate.finish(0).unwrap();
        assert_eq!(case.files(), before);
        // The key is in its place, the certificate is not.
        fs::write(&case.certificate.ready.cert, &chain).unwrap();
        fs::copy(&case.certificate.ready.key, &case.certificate.files.key).unwrap();
        case.certificate.finish(0).unwrap();
        assert_eq!(case.files().0, chain);
        assert!(Tls::new(case.certificate.files.clone()).is_ok());
    }
}
