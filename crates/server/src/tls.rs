//! TLS of a listener: rustls with aws-lc-rs, from PEM files that can be exchanged while connections go on.

mod pinned;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use contract::sync::Digest;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::server::{NoServerSessionStorage, ServerConfig, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use self::pinned::PinnedClients;
pub use self::pinned::pin;

/// Makes aws-lc-rs the TLS provider of the process. The first line of `main`; calling it again does no harm.
pub fn install_crypto() {
    // The error says that a provider is installed already, and ours is the only one in the build.
    drop(aws_lc_rs::default_provider().install_default());
}

/// The files that a listener's TLS is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and its intermediates, PEM, the leaf first.
    pub cert: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
    /// Who may connect.
    pub clients: Clients,
}

/// Who may connect to a listener. Unless it is anybody, the listener is an inner one: TLS 1.3 only, and nobody else gets
/// as far as HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clients {
    /// Everybody; no certificate is asked for.
    Anybody,
    /// Holders of a certificate of this authority, PEM.
    Of(PathBuf),
    /// Holders of one of these keys, by the SHA-256 of its `SubjectPublicKeyInfo`.
    Pinned(Vec<Digest>),
}

impl Clients {
    /// Whether they show who they are.
    pub fn are_proven(&self) -> bool {
        *self != Self::Anybody
    }
}

/// Why TLS cannot be set up from the files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or is not what it should be.
    #[error("{}: {wrong}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        wrong: rustls_pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or are of a kind that is not supported.
    #[error("{}: {wrong}", path.display())]
    Certificate {
        /// The certificate's file.
        path: PathBuf,
        /// What is wrong with it.
        wrong: rustls::Error,
    },
    /// The authority's file holds no usable certificate.
    #[error("{}: {wrong}", path.display())]
    ClientCa {
        /// The authority's file.
        path: PathBuf,
        /// What is wrong with it.
        wrong: rustls::server::VerifierBuilderError,
    },
}

impl TlsError {
    /// Whether the certificate is good but another key's.
    pub fn is_about_the_key(&self) -> bool {
        let Self::Certificate { wrong, .. } = self else {
            return false;
        };
        matches!(wrong, rustls::Error::InconsistentKeys(_))
    }
}

/// The TLS settings of a listener. A reload gives new connections the new certificate; old ones go on.
pub struct Tls {
    files: TlsFiles,
    current: RwLock<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    written: Vec<Option<SystemTime>>,
}

impl Tls {
    /// Reads the files for the first time.
    pub fn new(files: TlsFiles) -> Result<Self, TlsError> {
        let written = files.written();
        let config = Arc::new(server_config(&files)?);
        Ok(Self {
            files,
            current: RwLock::new(Current { config, written }),
        })
    }

    /// The settings for the next connection.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).config)
    }

    /// Reads the files again. On an error everything stays as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        let written = self.files.written();
        let config = Arc::new(server_config(&self.files)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Current { config, written };
        Ok(())
    }

    /// Reads the files again if one of them was written since the last time; answers whether it did.
    pub fn reload_if_changed(&self) -> Result<bool, TlsError> {
        let changed = self
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .written
            != self.files.written();
        if changed {
            self.reload()?;
        }
        Ok(changed)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl TlsFiles {
    fn written(&self) -> Vec<Option<SystemTime>> {
        let authority = match &self.clients {
            Clients::Of(path) => Some(path),
            Clients::Anybody | Clients::Pinned(_) => None,
        };
        [&self.cert, &self.key]
            .into_iter()
            .chain(authority)
            .map(|path| std::fs::metadata(path).and_then(|data| data.modified()).ok())
            .collect()
    }
}

fn server_config(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let chain = certificates(&files.cert)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|wrong| TlsError::File {
        path: files.key.clone(),
        wrong,
    })?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions: &[_] = if files.clients.are_proven() {
        &[&TLS13]
    } else {
        &[&TLS13, &TLS12]
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .expect("the provider supports both versions");
    let builder = match &files.clients {
        Clients::Anybody => builder.with_no_client_auth(),
        Clients::Pinned(pins) => {
            builder.with_client_cert_verifier(Arc::new(PinnedClients::new(pins.clone(), &provider)))
        }
        Clients::Of(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(path)?), provider)
                .build()
                .map_err(|wrong| TlsError::ClientCa {
                    path: path.clone(),
                    wrong,
                })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|wrong| TlsError::Certificate {
            path: files.cert.clone(),
            wrong,
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if files.clients.are_proven() {
        // A resumed session keeps the identity that it began with; without resumption, a certificate that has
        // expired or is no longer accepted is noticed at the very next connection.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|wrong| TlsError::Certificate {
            path: path.to_owned(),
            wrong,
        })?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|wrong| TlsError::File {
            path: path.to_owned(),
            wrong,
        })
}
