//! The keys by which sites know our end of the link, each with a certificate that says nothing else.
//!
//! Two of them from the beginning, the one in use and the next: sites are told both, so that a change needs no new
//! pairing. Whoever changes moves `sync-next.*` over `sync.*` and starts the core again, which makes a next one.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use contract::sync::Digest;
use domain::{Randomness, Timestamp};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use server::tls::pin;

use crate::pki::{PkiError, self_signed};

/// What the certificates call us. Nobody reads it: the key alone counts.
const NAME: &str = "core.sallyport.internal";

/// Each worker of each site looks for the keys when it begins: were two to make one at once, the certificate of the first
/// would come to stand beside the key of the second.
static MAKING: Mutex<()> = Mutex::new(());

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum OwnKeysError {
    /// Their folder cannot be made.
    #[error("{}: {wrong}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        wrong: io::Error,
    },
    /// One cannot be made or written.
    #[error(transparent)]
    Made(#[from] PkiError),
    /// One cannot be read.
    #[error("{} holds no usable certificate", .0.display())]
    Unusable(PathBuf),
}

/// A certificate and its key, as files.
pub(super) struct OwnKey {
    pub(super) cert_file: PathBuf,
    pub(super) key_file: PathBuf,
}

impl OwnKey {
    fn at(folder: &Path, name: &str) -> Self {
        Self {
            cert_file: folder.join(format!("{name}.pem")),
            key_file: folder.join(format!("{name}.key")),
        }
    }

    fn pin(&self) -> Result<Digest, OwnKeysError> {
        let unusable = || OwnKeysError::Unusable(self.cert_file.clone());
        let certificate = CertificateDer::from_pem_file(&self.cert_file).map_err(|_| unusable())?;
        pin(&certificate).map_err(|_| unusable())
    }
}

/// The key in use; it and the next are made at first use.
pub(super) fn current(
    data_dir: &Path,
    now: Timestamp,
    randomness: &dyn Randomness,
) -> Result<OwnKey, OwnKeysError> {
    both(data_dir, now, randomness).map(|[current, _]| current)
}

/// What sites shall know of both.
pub(super) fn pins(
    data_dir: &Path,
    now: Timestamp,
    randomness: &dyn Randomness,
) -> Result<Vec<Digest>, OwnKeysError> {
    both(data_dir, now, randomness)?.iter().map(OwnKey::pin).collect()
}

fn both(data_dir: &Path, now: Timestamp, randomness: &dyn Randomness) -> Result<[OwnKey; 2], OwnKeysError> {
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = data_dir.join("keys");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|wrong| OwnKeysError::Folder {
            path: folder.clone(),
            wrong,
        })?;
    for name in ["sync", "sync-next"] {
        let key = OwnKey::at(&folder, name);
        if !key.cert_file.exists() {
            // The certificate is written last: a key alone is left from a start that was cut short.
            drop(std::fs::remove_file(&key.key_file));
            self_signed(NAME, now, randomness)?.write(&folder.join(name))?;
            tracing::info!(key = name, "a key for the links to sites was made at first use");
        }
    }
    Ok(["sync", "sync-next"].map(|name| OwnKey::at(&folder, name)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Barrier;

    use rcgen::{KeyPair, PublicKeyData as _};
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::keys::OsRandomness;

    #[test]
    fn two_keys_are_made_once_and_closed_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let first = pins(folder.path(), Timestamp(1_795_000_000_000), &OsRandomness).unwrap();
        let again = pins(folder.path(), Timestamp(1_795_000_000_001), &OsRandomness).unwrap();
        assert_eq!(first, again);
        assert_ne!(first[0], first[1]);
        let key = current(folder.path(), Timestamp(1_795_000_000_000), &OsRandomness).unwrap();
        let mode = std::fs::metadata(&key.key_file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn whoever_looks_at_the_same_time_finds_the_same_keys_each_beside_its_own_certificate() {
        const WORKERS: usize = 8;
        let folder = tempfile::tempdir().unwrap();
        let together = Barrier::new(WORKERS);
        let found: Vec<Vec<Digest>> = std::thread::scope(|scope| {
            let look = || {
                together.wait();
                pins(folder.path(), Timestamp(1_795_000_000_000), &OsRandomness).unwrap()
            };
            let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(look)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        let now = pins(folder.path(), Timestamp(1_795_000_000_000), &OsRandomness).unwrap();
        assert!(found.iter().all(|pins| *pins == now), "{found:?}");
        for (name, pin) in ["sync", "sync-next"].iter().zip(now) {
            let key = OwnKey::at(&folder.path().join("keys"), name).key_file;
            let key = KeyPair::from_pem(&std::fs::read_to_string(key).unwrap()).unwrap();
            let of_key = <[u8; 32]>::from(Sha256::digest(key.subject_public_key_info()));
            assert_eq!(pin, Digest::from(of_key), "{name}");
        }
    }
}
