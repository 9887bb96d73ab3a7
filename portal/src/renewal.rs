//! This portal's own certificate towards the core: read again when its files were written, renewed in time.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use client::core::{CoreApi as _, CoreClient};
use client::{ClientError, SetupError};
use contract::recovery::Renew;
use rcgen::{CertificateParams, KeyPair};
use server::Stop;
use server::certificate::Certificate;
use zeroize::Zeroizing;

use crate::config::CoreLink;
use crate::link::transport;
use crate::office::Clock;

/// Between two looks at the certificate.
const LOOK_EVERY: Duration = Duration::from_mins(1);

/// This portal's certificate: read again when its files were written, renewed after two thirds of its time.
pub(crate) struct OwnCertificate {
    client: Arc<CoreClient>,
    link: CoreLink,
    clock: Clock,
    written: Mutex<[Option<SystemTime>; 3]>,
}

/// Why the certificate was not renewed.
#[derive(Debug, thiserror::Error)]
enum RenewalError {
    #[error("{0}")]
    Core(#[from] ClientError),
    #[error("the new certificate cannot be used: {0}")]
    Unusable(#[from] SetupError),
    #[error("the new certificate is no newer than the old one")]
    NoNewer,
    #[error("the signing request cannot be made: {0}")]
    Request(#[from] rcgen::Error),
    #[error("{}: {wrong}", path.display())]
    File { path: PathBuf, wrong: io::Error },
}

impl OwnCertificate {
    pub(crate) fn new(client: Arc<CoreClient>, link: CoreLink, clock: Clock) -> Self {
        let written = Mutex::new(written(&link));
        Self {
            client,
            link,
            clock,
            written,
        }
    }

    /// Looks after the certificate until the end.
    pub(crate) async fn keep(self: Arc<Self>, stop: Stop) {
        loop {
            self.reload_if_written();
            tokio::select! {
                outcome = self.renew_if_due() => match outcome {
                    Ok(false) => {}
                    Ok(true) => tracing::info!("own certificate renewed"),
                    Err(error) => tracing::error!(%error, "own certificate not renewed"),
                },
                () = stop.ordered() => return,
            }
            if !stop.pause(LOOK_EVERY).await {
                return;
            }
        }
    }

    /// Reads the files again. One that is wrong is logged, and everything stays as it was.
    pub(crate) fn reload(&self) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = written(&self.link);
        match self.client.reload() {
            Ok(()) => tracing::info!("own certificate read again"),
            Err(error) => tracing::error!(%error, "own certificate kept, the new one cannot be used"),
        }
    }

    fn reload_if_written(&self) {
        let known = *self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if known != written(&self.link) {
            self.reload();
        }
    }

    /// Answers whether it was due and is renewed now. The key stays, so that one file is replaced at once and
    /// certificate and key never differ, whenever this process ends.
    async fn renew_if_due(&self) -> Result<bool, RenewalError> {
        let path = &self.link.cert_file;
        let Some(present) = Certificate::read(path).filter(|present| present.is_due((self.clock)())) else {
            return Ok(false);
        };
        let request = Renew {
            csr: request(&self.link.key_file)?,
        };
        let renewed = self.client.renew(&request).await?;
        self.take(&renewed.chain, &present)?;
        self.reload();
        Ok(true)
    }

    /// Puts a renewed chain into the place of the present certificate, or leaves everything as it is.
    fn take(&self, chain: &str, present: &Certificate) -> Result<(), RenewalError> {
        let fresh = self.link.cert_file.with_extension("renewed");
        let taken = write(&fresh, chain.as_bytes()).and_then(|()| self.accept(&fresh, present));
        if taken.is_err() {
            drop(fs::remove_file(&fresh)); // it may not even have been written
        }
        taken
    }

    /// Takes the fresh file if it fits the key and lasts longer than the present certificate.
    fn accept(&self, fresh: &Path, present: &Certificate) -> Result<(), RenewalError> {
        let settings = transport(&CoreLink {
            cert_file: fresh.to_owned(),
            ..self.link.clone()
        });
        CoreClient::new(settings)?;
        if !Certificate::read(fresh).is_some_and(|fresh| fresh.lasts_longer_than(present)) {
            return Err(RenewalError::NoNewer);
        }
        fs::rename(fresh, &self.link.cert_file).map_err(|wrong| RenewalError::File {
            path: self.link.cert_file.clone(),
            wrong,
        })
    }
}

/// A signing request for the key that we have. The core takes the names from the certificate that we show, so the
/// request names nobody.
fn request(key_file: &Path) -> Result<String, RenewalError> {
    let pem = fs::read_to_string(key_file).map_err(|wrong| RenewalError::File {
        path: key_file.to_owned(),
        wrong,
    })?;
    let key = KeyPair::from_pem(&Zeroizing::new(pem))?;
    Ok(CertificateParams::default().serialize_request(&key)?.pem()?)
}

/// Writes a file so that it is on the disk before it gets its name.
fn write(path: &Path, bytes: &[u8]) -> Result<(), RenewalError> {
    File::create(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|wrong| RenewalError::File {
            path: path.to_owned(),
            wrong,
        })
}

fn written(link: &CoreLink) -> [Option<SystemTime>; 3] {
    [&link.cert_file, &link.key_file, &link.ca_file]
        .map(|path| fs::metadata(path).and_then(|data| data.modified()).ok())
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateSigningRequestParams, CertifiedIssuer, IsCa, date_time_ymd};
    use seal::{SigningKey, os_random};
    use tempfile::TempDir;

    use super::*;

    struct Pki {
        folder: TempDir,
        issuer: CertifiedIssuer<'static, KeyPair>,
        own: OwnCertificate,
    }

    impl Pki {
        /// With a certificate of our own that ends in 2030.
        fn new() -> Self {
            server::tls::install_crypto();
            let folder = tempfile::tempdir().unwrap();
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            let file = |name: &str| folder.path().join(name);
            let key = KeyPair::generate().unwrap();
            fs::write(file("ca.pem"), issuer.pem()).unwrap();
            fs::write(file("own.key"), key.serialize_pem()).unwrap();
            let own = until(2030, CertificateParams::default());
            fs::write(file("own.pem"), own.signed_by(&key, &issuer).unwrap().pem()).unwrap();
            let link = CoreLink {
                url: "https://core.invalid".parse().unwrap(),
                cert_file: file("own.pem"),
                key_file: file("own.key"),
                ca_file: file("ca.pem"),
                signing_key: SigningKey::generate(&mut os_random).pinned(),
            };
            let client = Arc::new(CoreClient::new(transport(&link)).unwrap());
            let own = OwnCertificate::new(client, link, Arc::new(|| 0));
            Self { folder, issuer, own }
        }

        fn sign(&self, request: &str, year: i32) -> String {
            let mut request = CertificateSigningRequestParams::from_pem(request).unwrap();
            request.params = until(year, request.params);
            request.signed_by(&self.issuer).unwrap().pem()
        }
    }

    fn until(year: i32, mut params: CertificateParams) -> CertificateParams {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        params
    }

    #[test]
    fn a_renewed_certificate_takes_the_old_ones_place_only_if_it_is_better_and_ours() {
        let pki = Pki::new();
        let (cert, key) = (&pki.own.link.cert_file, &pki.own.link.key_file);
        let present = Certificate::read(cert).unwrap();
        let before = fs::read(cert).unwrap();
        let request_of_ours = request(key).unwrap();

        let stranger = pki.folder.path().join("stranger.key");
        fs::write(&stranger, KeyPair::generate().unwrap().serialize_pem()).unwrap();
        let foreign = pki.sign(&request(&stranger).unwrap(), 2040);
        let refused = pki.own.take(&foreign, &present);
        assert!(matches!(refused, Err(RenewalError::Unusable(_))), "{refused:?}");
        let refused = pki.own.take(&pki.sign(&request_of_ours, 2030), &present);
        assert!(matches!(refused, Err(RenewalError::NoNewer)), "{refused:?}");
        assert!(pki.own.take("no certificate", &present).is_err());
        assert_eq!(fs::read(cert).unwrap(), before);
        assert_eq!(
            fs::read_dir(pki.folder.path()).unwrap().count(),
            4,
            "nothing is left lying about"
        );

        pki.own.take(&pki.sign(&request_of_ours, 2040), &present).unwrap();
        assert!(Certificate::read(cert).unwrap().lasts_longer_than(&present));
        pki.own.client.reload().unwrap();
    }
}
