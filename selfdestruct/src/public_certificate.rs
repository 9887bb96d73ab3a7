//! The renewal of the public certificate from inside: a signing request goes out, a chain comes in.
//!
//! Certificate and key are two files, and a machine can stop between them. So both lie ready in the data folder, whole
//! and found to fit, before either is put in its place; a start finishes what was begun.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use contract::sync::{CertificateInUse, CertificateRefusal, LONGEST_CHAIN};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use server::certificate::Certificate;
use server::tls::{Clients, Tls, TlsError, TlsFiles};
use zeroize::Zeroizing;

use crate::files::{self, FileError, Fresh, remove, replace};

/// Longest common name, in bytes (RFC 5280, `ub-common-name`). A host whose name is longer stands in the alternative
/// names alone, which are what counts.
const LONGEST_COMMON_NAME: usize = 64;

/// The files of the public certificate, and what will take their place.
pub struct PublicCertificate {
    files: TlsFiles,
    ready: TlsFiles,
    host: String,
    /// One renewal at a time.
    turn: Mutex<()>,
}

/// Why a certificate was not renewed, or cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum RenewalError {
    /// No signing request is open.
    #[error("no signing request is open")]
    NothingOpen,
    /// The chain is longer than [`LONGEST_CHAIN`].
    #[error("the chain is too long")]
    TooLong,
    /// There is no certificate in the chain that can be used.
    #[error("there is no usable certificate in the chain")]
    NoCertificate,
    /// The chain is for another key than that of the last signing request.
    #[error("the chain is for another key")]
    OtherKey,
    /// The chain is for another host.
    #[error("the chain is not for {host}")]
    OtherNames {
        /// The host of the public address.
        host: String,
    },
    /// Its time is over.
    #[error("the time of the chain is over")]
    Ended,
    /// Its time has not come.
    #[error("the time of the chain has not come")]
    NotYet,
    /// The files in use do not hold a certificate and its key.
    #[error("the certificate in use cannot be told: {0}")]
    Unusable(#[from] TlsError),
    /// The key or the signing request cannot be made.
    #[error("the signing request cannot be made: {0}")]
    Request(#[from] rcgen::Error),
    /// Certificate and key would overwrite each other.
    #[error("{} and {} are one file: give the key a file of its own", cert.display(), key.display())]
    OneFile {
        /// Where the certificate is looked for.
        cert: PathBuf,
        /// Where its key is.
        key: PathBuf,
    },
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl RenewalError {
    /// What the core is told; `None` for what only the log can explain.
    pub fn refusal(&self) -> Option<CertificateRefusal> {
        Some(match self {
            Self::NothingOpen => CertificateRefusal::NothingOpen,
            Self::TooLong => CertificateRefusal::TooLong,
            Self::NoCertificate => CertificateRefusal::NoCertificate,
            Self::OtherKey => CertificateRefusal::OtherKey,
            Self::OtherNames { .. } => CertificateRefusal::OtherNames,
            Self::Ended => CertificateRefusal::Ended,
            Self::NotYet => CertificateRefusal::NotYet,
            Self::OneFile { .. } => CertificateRefusal::OneFile,
            Self::Unusable(_) => CertificateRefusal::Unusable,
            Self::File(_) => CertificateRefusal::Unwritable,
            Self::Request(_) => return None,
        })
    }
}

/// What a site asks an authority for, in each of its signing requests. The core holds a request against it, byte by byte.
///
/// # Errors
/// When the host is neither a name nor an address.
pub fn asked_for(host: &str) -> Result<CertificateParams, rcgen::Error> {
    let host = host.trim_matches(['[', ']']); // an address of IPv6 in a URL
    let mut params = CertificateParams::new(vec![host.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    if host.len() <= LONGEST_COMMON_NAME {
        params.distinguished_name.push(DnType::CommonName, host);
    }
    Ok(params)
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

    /// What the files hold that the listener reads.
    pub fn in_use(&self) -> Result<CertificateInUse, RenewalError> {
        // In the midst of a renewal they do not fit each other.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        Tls::new(self.files.clone())?;
        let leaf = Certificate::read(&self.files.cert).ok_or(RenewalError::NoCertificate)?;
        Ok(leaf.into())
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
        // Better said now than when somebody has paid for the chain.
        self.two_files()?;
        files::can_replace(&self.files.key)?;
        files::can_replace(&self.files.cert)?;
        self.finish(now_ms)?; // a renewal that failed half-way must not be forgotten
        let key = KeyPair::generate()?;
        let pem = asked_for(&self.host)?.serialize_request(&key)?.pem()?;
        replace(&self.ready.key, Zeroizing::new(key.serialize_pem()).as_bytes())?;
        Ok(pem)
    }

    /// Puts a chain for the last signing request, and its key, in the place of what is there. Repeated it does nothing
    /// more. `now_ms`: since the Unix epoch. Whoever called has the listener read the files again.
    pub fn take(&self, chain: &str, now_ms: i64) -> Result<(), RenewalError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_in_use(chain) {
            return Ok(());
        }
        self.two_files()?;
        if !self.ready.key.exists() {
            return Err(RenewalError::NothingOpen);
        }
        if chain.len() > LONGEST_CHAIN {
            return Err(RenewalError::TooLong);
        }
        replace(&self.ready.cert, chain.as_bytes())?;
        let installed = self.look(now_ms).and_then(|()| self.install());
        if installed.is_err() && self.ready.key.exists() && !self.key_is_installed() {
            remove(&self.ready.cert)?;
        }
        installed
    }

    fn look(&self, now_ms: i64) -> Result<(), RenewalError> {
        let leaf = Certificate::read(&self.ready.cert).ok_or(RenewalError::NoCertificate)?;
        match Tls::new(self.ready.clone()) {
            Err(wrong) if wrong.is_about_the_key() => Err(RenewalError::OtherKey),
            Err(_) => Err(RenewalError::NoCertificate),
            Ok(_) if !leaf.is_for(&self.host) => Err(RenewalError::OtherNames {
                host: self.host.clone(),
            }),
            Ok(_) if leaf.days_left(now_ms) < 0 => Err(RenewalError::Ended),
            Ok(_) if leaf.is_early(now_ms) => Err(RenewalError::NotYet),
            Ok(_) => Ok(()),
        }
    }

    /// Both are on the disk before either is put in its place: what is full then has nothing more to say.
    fn install(&self) -> Result<(), RenewalError> {
        self.two_files()?;
        let (chain, key) = (files::read(&self.ready.cert)?, files::read(&self.ready.key)?);
        let key = Fresh::write(&self.files.key, key.as_bytes())?;
        let chain = Fresh::write(&self.files.cert, chain.as_bytes())?;
        key.put()?;
        chain.put()?;
        remove(&self.ready.cert)?;
        Ok(remove(&self.ready.key)?)
    }

    /// The key would be gone with the first chain.
    fn two_files(&self) -> Result<(), RenewalError> {
        let TlsFiles { cert, key, .. } = &self.files;
        if are_one(cert, key) {
            return Err(RenewalError::OneFile {
                cert: cert.clone(),
                key: key.clone(),
            });
        }
        Ok(())
    }

    /// The answer to an earlier taking may have been lost.
    fn is_in_use(&self, chain: &str) -> bool {
        files::read(&self.files.cert).is_ok_and(|current| current.as_str() == chain)
            && Tls::new(self.files.clone()).is_ok()
    }

    /// From then on only the new certificate fits the key in its place.
    fn key_is_installed(&self) -> bool {
        matches!((files::read(&self.files.key), files::read(&self.ready.key)), (Ok(a), Ok(b)) if a == b)
    }

    /// A chain that has ended since is better than none.
    fn only_the_ready_one_fits(&self) -> bool {
        self.key_is_installed() && Tls::new(self.ready.clone()).is_ok()
    }
}

/// Whether certificate and key are one file, which may be reached by a link.
pub(crate) fn are_one(cert: &Path, key: &Path) -> bool {
    let on_disk = |path| fs::metadata(path).map(|data| (data.dev(), data.ino()));
    cert == key || matches!((on_disk(cert), on_disk(key)), (Ok(cert), Ok(key)) if cert == key)
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateSigningRequestParams, CertifiedIssuer, IsCa, SanType, date_time_ymd,
    };
    use tempfile::TempDir;

    use super::*;

    const HOST: &str = "secret.corp.example";
    /// 25 November 2026.
    const NOW: i64 = 1_795_600_000_000;

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
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, "An authority");
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

        /// A folder where a fresh file would be: also root cannot write that.
        fn block(&self, name: &str) {
            fs::create_dir(self.folder.path().join(name)).unwrap();
        }

        /// It is not taken, and what is in use stays.
        fn refuses(&self, chain: &str, why: CertificateRefusal) {
            let before = self.files();
            let refused = self.certificate.take(chain, NOW).unwrap_err();
            assert_eq!(refused.refusal(), Some(why), "{refused}");
            assert_eq!(self.files(), before);
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
        let void = case.certificate.request(NOW).unwrap();
        let request = case.certificate.request(NOW).unwrap();
        case.refuses(&case.sign(&void), CertificateRefusal::OtherKey);
        let chain = case.sign(&request);
        case.certificate.take(&chain, NOW).unwrap();
        assert_eq!(case.files().0, chain);
        assert!(Tls::new(case.certificate.files.clone()).is_ok());
        // The answer may have been lost, and the command be given again.
        case.certificate.take(&chain, NOW).unwrap();
        case.refuses(&case.sign(&request), CertificateRefusal::NothingOpen);
        assert_eq!(
            fs::read_dir(case.folder.path()).unwrap().count(),
            2,
            "nothing lies about"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused_by_what_is_wrong_with_it() {
        let case = Case::new();
        let request = case.certificate.request(NOW).unwrap();
        let chain = case.sign(&request);
        let with = |change: fn(&mut CertificateParams)| {
            let mut request = CertificateSigningRequestParams::from_pem(&request).unwrap();
            change(&mut request.params);
            request.signed_by(&case.issuer).unwrap().pem()
        };
        let wrong = [
            ("no certificate".to_owned(), CertificateRefusal::NoCertificate),
            (
                format!("{chain}-----BEGIN CERTIFICATE-----\n?"),
                CertificateRefusal::NoCertificate,
            ),
            (
                chain.repeat(LONGEST_CHAIN / chain.len() + 1),
                CertificateRefusal::TooLong,
            ),
            (
                format!("{}{chain}", case.issuer.pem()),
                CertificateRefusal::OtherKey,
            ),
            (
                with(|params| {
                    params.subject_alt_names = vec![SanType::DnsName("other.example".try_into().unwrap())];
                }),
                CertificateRefusal::OtherNames,
            ),
            (
                with(|params| params.not_after = date_time_ymd(2026, 1, 1)),
                CertificateRefusal::Ended,
            ),
            (
                with(|params| params.not_before = date_time_ymd(2027, 1, 1)),
                CertificateRefusal::NotYet,
            ),
        ];
        for (chain, why) in wrong {
            case.refuses(&chain, why);
        }
        case.certificate
            .take(&chain, NOW)
            .expect("the request is still open");
    }

    #[test]
    fn a_request_is_for_the_host_alone() {
        let case = Case::new();
        let asked = |certificate: &PublicCertificate| {
            let request = certificate.request(NOW).unwrap();
            CertificateSigningRequestParams::from_pem(&request)
                .unwrap()
                .params
        };
        let params = asked(&case.certificate);
        assert_eq!(
            params.subject_alt_names,
            [SanType::DnsName(HOST.try_into().unwrap())]
        );
        let named: Vec<_> = params.distinguished_name.iter().collect();
        assert_eq!(named, [(&DnType::CommonName, &HOST.into())]);

        let long = format!("{}.{HOST}", "x".repeat(60));
        let TlsFiles { cert, key, .. } = case.certificate.files.clone();
        let params = asked(&PublicCertificate::new(cert, key, case.folder.path(), &long));
        assert_eq!(
            params.subject_alt_names,
            [SanType::DnsName(long.try_into().unwrap())]
        );
        assert_eq!(params.distinguished_name, DistinguishedName::new());
    }

    #[test]
    fn nothing_is_asked_for_that_could_not_be_put_in_its_place() {
        let case = Case::new();
        case.block("public.key.new");
        let refused = case.certificate.request(NOW).unwrap_err();
        assert_eq!(refused.refusal(), Some(CertificateRefusal::Unwritable));
        assert!(!case.certificate.ready.key.exists());
    }

    #[test]
    fn a_certificate_that_cannot_be_written_leaves_the_old_key() {
        let case = Case::new();
        let chain = case.sign(&case.certificate.request(NOW).unwrap());
        case.block("public.pem.new");
        case.refuses(&chain, CertificateRefusal::Unwritable);
        assert!(!case.folder.path().join("public.key.new").exists());
        fs::remove_dir(case.folder.path().join("public.pem.new")).unwrap();
        case.certificate.take(&chain, NOW).expect("there is room again");
        assert_eq!(case.files().0, chain);
    }

    #[test]
    fn a_certificate_in_the_file_of_its_key_is_not_renewed() {
        let case = Case::new();
        let chain = case.sign(&case.certificate.request(NOW).unwrap());
        let TlsFiles { cert, key, .. } = case.certificate.files.clone();
        let both = [fs::read(&cert).unwrap(), fs::read(&key).unwrap()].concat();
        fs::write(&key, &both).unwrap();
        fs::remove_file(&cert).unwrap();
        std::os::unix::fs::symlink("public.key", &cert).unwrap();
        let linked = PublicCertificate::new(cert, key.clone(), case.folder.path(), HOST);
        let same = PublicCertificate::new(key.clone(), key.clone(), case.folder.path(), HOST);
        for certificate in [linked, same] {
            assert!(certificate.in_use().is_ok(), "it is served");
            let refused = [
                certificate.request(NOW).map(drop).unwrap_err(),
                certificate.take(&chain, NOW).unwrap_err(),
            ];
            for refused in refused {
                assert_eq!(refused.refusal(), Some(CertificateRefusal::OneFile), "{refused}");
            }
            assert_eq!(fs::read(&key).unwrap(), both);
        }
    }

    #[test]
    fn what_is_in_use_is_told_and_files_that_do_not_fit_are_not() {
        let case = Case::new();
        assert_eq!(case.certificate.in_use().unwrap().names, [HOST]);
        let chain = case.sign(&case.certificate.request(NOW).unwrap());
        case.certificate.take(&chain, NOW).unwrap();
        let told = case.certificate.in_use().unwrap();
        assert_eq!(told.issuer, "CN=An authority");
        fs::write(
            &case.certificate.files.key,
            KeyPair::generate().unwrap().serialize_pem(),
        )
        .unwrap();
        let refused = case.certificate.in_use().unwrap_err();
        assert_eq!(refused.refusal(), Some(CertificateRefusal::Unusable));
    }

    #[test]
    fn a_chain_that_nobody_looked_at_before_the_stop_is_looked_at_at_the_start() {
        let case = Case::new();
        let before = case.files();
        let request = case.certificate.request(NOW).unwrap();
        let key = KeyPair::from_pem(&fs::read_to_string(&case.certificate.ready.key).unwrap()).unwrap();
        let params = CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
        let other = params.self_signed(&key).unwrap().pem();
        fs::write(&case.certificate.ready.cert, other).unwrap();
        case.certificate.finish(NOW).unwrap();
        assert_eq!(case.files(), before);
        let chain = case.sign(&request);
        case.certificate
            .take(&chain, NOW)
            .expect("the request is still open");
        assert_eq!(case.files().0, chain);
    }

    #[test]
    fn what_was_cut_short_between_the_two_files_is_finished_at_the_start() {
        let case = Case::new();
        let before = case.files();
        let chain = case.sign(&case.certificate.request(NOW).unwrap());
        // A request is open, and nothing came in: nothing is to be finished.
        case.certificate.finish(NOW).unwrap();
        assert_eq!(case.files(), before);
        // The key is in its place, the certificate is not.
        fs::write(&case.certificate.ready.cert, &chain).unwrap();
        fs::copy(&case.certificate.ready.key, &case.certificate.files.key).unwrap();
        case.certificate.finish(NOW).unwrap();
        assert_eq!(case.files().0, chain);
        assert!(Tls::new(case.certificate.files.clone()).is_ok());
    }
}
