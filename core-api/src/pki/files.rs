//! Certificates and keys as files.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::KeyPair;
use zeroize::Zeroizing;

use super::PkiError;

/// A certificate with those above it up to the root's, which is left out, and its key.
pub struct Certified {
    /// PEM, the leaf first.
    pub chain: String,
    /// PKCS #8, PEM.
    pub key: Zeroizing<String>,
}

impl Certified {
    /// Writes `PREFIX.pem` and, with mode 0600, `PREFIX.key`; gives both paths. Neither may be there.
    pub fn write(&self, prefix: &Path) -> Result<(PathBuf, PathBuf), PkiError> {
        let (certificate, key) = (with_ending(prefix, "pem"), with_ending(prefix, "key"));
        for path in [&certificate, &key] {
            if path.exists() {
                return Err(PkiError::Exists(path.clone()));
            }
        }
        write_new(&key, self.key.as_bytes(), 0o600)?;
        write_new(&certificate, self.chain.as_bytes(), 0o644)?;
        Ok((certificate, key))
    }
}

/// `PREFIX.ending`, also where the prefix has a dot of its own.
pub(super) fn with_ending(prefix: &Path, ending: &str) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Writes a file that must not be there yet.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PkiError> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|wrong| match wrong.kind() {
        ErrorKind::AlreadyExists => PkiError::Exists(path.to_owned()),
        _ => PkiError::File {
            path: path.to_owned(),
            wrong,
        },
    })
}

/// Puts new content in the place of a file at once: whoever reads sees the old one or the new one.
pub(super) fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PkiError> {
    let fresh = with_ending(path, "new");
    match std::fs::remove_file(&fresh) {
        Ok(()) => {} // left behind by a run that was cut short
        Err(wrong) if wrong.kind() == ErrorKind::NotFound => {}
        Err(wrong) => return Err(PkiError::File { path: fresh, wrong }),
    }
    write_new(&fresh, bytes, mode)?;
    std::fs::rename(&fresh, path).map_err(|wrong| PkiError::File {
        path: path.to_owned(),
        wrong,
    })
}

/// Reads a file's text.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, PkiError> {
    std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|wrong| PkiError::File {
            path: path.to_owned(),
            wrong,
        })
}

/// Reads a private key.
pub(super) fn read_key(path: &Path) -> Result<KeyPair, PkiError> {
    KeyPair::from_pem(&read(path)?).map_err(|_| PkiError::Unusable {
        path: path.to_owned(),
        what: "private key",
    })
}
