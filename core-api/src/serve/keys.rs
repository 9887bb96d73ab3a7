//! The core's lasting keys: as configured, or made at the first start.

use std::fs::{DirBuilder, OpenOptions, read_to_string};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use domain::Randomness;
use seal::SigningKey;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::config::KeySettings;
use crate::keys::AtRest;

const AT_REST: &str = "at-rest.key";
const SIGNING: &str = "signing.pem";

/// Both keys, ready for use.
pub struct Keys {
    /// Seals secrets at rest.
    pub at_rest: AtRest,
    /// Signs documents and checkpoints.
    pub signing: SigningKey,
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file cannot be read or made.
    #[error("{}: {wrong}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        wrong: std::io::Error,
    },
    /// Its file does not hold a key.
    #[error("{} holds no key of the right kind; put the file back from where it is kept safe", .0.display())]
    Wrong(PathBuf),
}

/// Takes the configured keys; those that are not configured stand in `keys/` of the data directory, made there if
/// they are not there yet.
pub fn open_keys(
    data_dir: &Path,
    settings: &KeySettings,
    randomness: &dyn Randomness,
) -> Result<Keys, KeyError> {
    let former: Vec<&str> = settings
        .at_rest_previous
        .iter()
        .map(ExposeSecret::expose_secret)
        .collect();
    let (path, text) = match &settings.at_rest {
        Some(key) => (
            PathBuf::from("keys.at_rest_file"),
            Zeroizing::new(key.expose_secret().to_owned()),
        ),
        None => kept(data_dir, AT_REST, || AtRest::generate(randomness))?,
    };
    let at_rest = AtRest::from_hex(&text, &former).map_err(|_| KeyError::Wrong(path))?;
    let (path, text) = match &settings.signing {
        Some(key) => (
            PathBuf::from("keys.signing_key_file"),
            Zeroizing::new(key.expose_secret().to_owned()),
        ),
        None => kept(data_dir, SIGNING, || {
            SigningKey::generate(&mut |bytes| randomness.fill(bytes)).to_pem()
        })?,
    };
    let signing = SigningKey::from_pem(&text).map_err(|_| KeyError::Wrong(path))?;
    Ok(Keys { at_rest, signing })
}

/// The signing key, for commands: as configured, or as the core made it. It is not made here, where a command's user
/// might become its owner.
pub fn signing_key(data_dir: &Path, settings: &KeySettings) -> Result<SigningKey, KeyError> {
    let path = data_dir.join("keys").join(SIGNING);
    let text = match &settings.signing {
        Some(key) => Zeroizing::new(key.expose_secret().to_owned()),
        None => read_to_string(&path)
            .map(Zeroizing::new)
            .map_err(|wrong| KeyError::File {
                path: path.clone(),
                wrong,
            })?,
    };
    SigningKey::from_pem(&text).map_err(|_| KeyError::Wrong(path))
}

/// The text of a key that the core keeps itself.
fn kept(
    data_dir: &Path,
    name: &str,
    make: impl FnOnce() -> Zeroizing<String>,
) -> Result<(PathBuf, Zeroizing<String>), KeyError> {
    let folder = data_dir.join("keys");
    let path = folder.join(name);
    let failed = |wrong| KeyError::File {
        path: path.clone(),
        wrong,
    };
    match read_to_string(&path) {
        Ok(text) => return Ok((path, Zeroizing::new(text))),
        Err(wrong) if wrong.kind() == ErrorKind::NotFound => {}
        Err(wrong) => return Err(failed(wrong)),
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(failed)?;
    let text = make();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    std::fs::File::open(&folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)?;
    tracing::info!(
        key = name,
        "a key was made at the first start; keep a copy of it in a safe place"
    );
    Ok((path, text))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::keys::OsRandomness;

    const NONE: KeySettings = KeySettings {
        at_rest: None,
        at_rest_previous: Vec::new(),
        signing: None,
    };

    #[test]
    fn keys_are_made_once_with_mode_0600_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let first = open_keys(folder.path(), &NONE, &OsRandomness).unwrap();
        let again = open_keys(folder.path(), &NONE, &OsRandomness).unwrap();
        assert_eq!(first.at_rest.current_id(), again.at_rest.current_id());
        assert_eq!(first.signing.pinned(), again.signing.pinned());
        for name in ["at-rest.key", "signing.pem"] {
            let path = folder.path().join("keys").join(name);
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        std::fs::write(folder.path().join("keys/at-rest.key"), "damaged").unwrap();
        assert!(matches!(
            open_keys(folder.path(), &NONE, &OsRandomness),
            Err(KeyError::Wrong(_))
        ));
    }
}
