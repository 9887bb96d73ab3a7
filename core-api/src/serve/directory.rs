//! Opening the directory as configured.

use std::path::Path;
use std::sync::Arc;

use directory::{ActiveDirectory, Directory, DirectoryError, Embedded, EmbeddedSettings};
use domain::{Clock, Randomness};
use secrecy::SecretString;
use tokio::runtime::Handle;

use crate::config::{DirectorySettings, EmbeddedDirectorySettings};

/// An open directory, and what must be closed at the end.
pub enum Opened {
    /// A domain; its connections end with it.
    Real(Arc<ActiveDirectory>),
    /// The embedded one, which has a file.
    Embedded(Arc<Embedded>),
}

impl Opened {
    /// The directory.
    pub fn directory(&self) -> Arc<dyn Directory> {
        match self {
            Self::Real(directory) => Arc::clone(directory) as _,
            Self::Embedded(directory) => Arc::clone(directory) as _,
        }
    }

    /// Lets what is under way finish.
    pub async fn close(&self) {
        match self {
            Self::Real(_) => {}
            Self::Embedded(directory) => directory.close().await,
        }
    }
}

/// Opens the directory. A domain is not dialled yet, so a core starts while its domain is away.
pub async fn open_directory(
    data_dir: &Path,
    settings: DirectorySettings,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
) -> Result<Opened, DirectoryError> {
    match settings {
        DirectorySettings::ActiveDirectory(settings) => {
            let directory = ActiveDirectory::new(*settings, Handle::current(), clock)?;
            Ok(Opened::Real(Arc::new(directory)))
        }
        DirectorySettings::Embedded(settings) => {
            let directory = embedded(data_dir, settings, clock, randomness).await?;
            Ok(Opened::Embedded(Arc::new(directory)))
        }
    }
}

async fn embedded(
    data_dir: &Path,
    settings: EmbeddedDirectorySettings,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
) -> Result<Embedded, DirectoryError> {
    let path = data_dir.join("directory.db");
    let demo = EmbeddedSettings::demo(settings.policy_groups);
    let directory = Embedded::open(path, demo, clock, randomness)
        .map_err(|error| DirectoryError::Misconfigured(error.to_string()))?;
    if !settings.passwords.is_empty() {
        // A person without a password of his own in the file gets one that is refused, and the start fails.
        let none = SecretString::default();
        let password = |name: &str| settings.passwords.get(name).unwrap_or(&none).clone();
        directory.seed_demo(password).await?;
    }
    Ok(directory)
}
