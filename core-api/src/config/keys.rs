//! The core's lasting keys.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use seal::SigningKey;
use secrecy::{ExposeSecret as _, SecretString};
use server::config::Section;
use zeroize::Zeroizing;

use super::{Folder, list};
use crate::keys::AtRest;

/// Keys that were given. What is absent is made in the data directory at the first start.
pub struct KeySettings {
    /// Seals secrets at rest: 64 hexadecimal digits.
    pub at_rest: Option<SecretString>,
    /// Former ones, which only open.
    pub at_rest_previous: Vec<SecretString>,
    /// Signs documents and checkpoints: Ed25519, PKCS #8 PEM.
    pub signing: Option<SecretString>,
}

impl KeySettings {
    pub(super) fn read(section: &Section<'_>, folder: &Folder) -> Self {
        let at_rest = section.find_secret_file("at_rest_file");
        if let Some(key) = &at_rest
            && AtRest::from_hex(key.expose_secret(), &[]).is_err()
        {
            section.mistake("at_rest_file", "the file must hold 64 hexadecimal digits");
        }
        let signing = section.find_secret_file("signing_key_file");
        if let Some(key) = &signing
            && SigningKey::from_pem(key.expose_secret()).is_err()
        {
            section.mistake(
                "signing_key_file",
                "the file must hold an Ed25519 key (PKCS #8, PEM)",
            );
        }
        Self {
            at_rest,
            at_rest_previous: previous(section, folder),
            signing,
        }
    }
}

fn previous(section: &Section<'_>, folder: &Folder) -> Vec<SecretString> {
    let key = "at_rest_previous_files";
    list(section, key)
        .into_iter()
        .filter_map(|path| match private_text(&folder.join(&PathBuf::from(&path))) {
            Ok(text) if AtRest::from_hex(&text, &[]).is_ok() => Some(SecretString::from(text.trim())),
            Ok(_) => {
                section.mistake(key, &format!("\"{path}\" must hold 64 hexadecimal digits"));
                None
            }
            Err(wrong) => {
                section.mistake(key, &format!("\"{path}\": {wrong}"));
                None
            }
        })
        .collect()
}

fn private_text(path: &std::path::Path) -> Result<Zeroizing<String>, String> {
    let mode = std::fs::metadata(path)
        .map_err(|error| error.to_string())?
        .permissions()
        .mode();
    if mode & 0o007 != 0 {
        return Err("everybody on this host may use the file; chmod it to 0600".to_owned());
    }
    std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| error.to_string())
}
