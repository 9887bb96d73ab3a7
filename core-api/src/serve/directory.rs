//! Opening the directory as configured.

use std::path::Path;
use std::sync::Arc;

use directory::{ActiveDirectory, Directory, DirectoryError, Embedded, EmbeddedSettings};
use domain::{Clock, Randomness};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::config::DirectorySettings;

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
        DirectorySettings::ActiveDirectory { settings, .. } => {
            let directory = ActiveDirectory::new(*settings, Handle::current(), clock)?;
            Ok(Opened::Real(Arc::new(directory)))
        }
        DirectorySettings::Embedded { policy_groups } => {
            let path = data_dir.join("directory.db");
            let settings = EmbeddedSettings::demo(policy_groups);
            let opening = spawn_blocking(move || Embedded::open(path, settings, clock, randomness));
            let opened = opening
                .await
                .map_err(|error| DirectoryError::Misconfigured(error.to_string()))?;
            let directory = opened.map_err(|error| DirectoryError::Misconfigured(error.to_string()))?;
            Ok(Opened::Embedded(Arc::new(directory)))
        }
    }
}
