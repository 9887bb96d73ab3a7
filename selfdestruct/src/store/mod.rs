//! Everything that a site remembers: `site.db`, and the data keys in `keys.db`. SQL stands in this folder and nowhere
//! else, one file per aggregate. Functions take the connection of the transaction that they are part of.

pub(crate) mod chain;
pub(crate) mod claim;
pub(crate) mod command;
pub(crate) mod held;
pub(crate) mod keys;
pub(crate) mod message;
pub(crate) mod piece;
pub(crate) mod request;
pub(crate) mod spare;
pub(crate) mod standing;
pub(crate) mod witness;

use std::path::{Path, PathBuf};

use sqlite::{Connection, Database, Migration, OpenError, Options, ReadError, WriteError, rusqlite};

use crate::site::{Limits, SiteError};

const SITE_FILE: &str = "site.db";
const KEYS_FILE: &str = "keys.db";

/// Marks our files: "S", "P", "s", "d" and "S", "P", "s", "k".
const SITE_ID: i32 = 0x5350_7364;
const KEYS_ID: i32 = 0x5350_736b;

const SITE: &[Migration] = &[
    Migration {
        name: "site",
        sql: include_str!("schema/site-0001.sql"),
    },
    Migration {
        name: "unknown commands",
        sql: include_str!("schema/site-0002.sql"),
    },
];
const KEYS: &[Migration] = &[Migration {
    name: "keys",
    sql: include_str!("schema/keys-0001.sql"),
}];

/// Jobs that share one commit: as many as there may be readers at once in a busy minute.
const GROUP: usize = 256;

/// Every file of the two databases, the data keys first: without them the rest says nothing.
pub(crate) fn databases(data_dir: &Path, keys_dir: &Path) -> impl Iterator<Item = PathBuf> {
    [keys_dir.join(KEYS_FILE), data_dir.join(SITE_FILE)]
        .into_iter()
        .flat_map(|file| {
            ["", "-wal", "-shm"].map(|end| {
                let mut path = file.clone().into_os_string();
                path.push(end);
                PathBuf::from(path)
            })
        })
}

/// One of the two databases.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
}

/// A row that cannot be what we wrote.
#[derive(Debug, thiserror::Error)]
#[error("a stored value cannot be read")]
pub(crate) struct Garbled;

impl Store {
    /// `site.db`. Blocks.
    pub(crate) fn site(folder: &Path, limits: &Limits) -> Result<Self, OpenError> {
        Self::open(&folder.join(SITE_FILE), SITE, options(SITE_ID, limits))
    }

    /// `keys.db`. Blocks.
    pub(crate) fn keys(folder: &Path, limits: &Limits) -> Result<Self, OpenError> {
        Self::open(&folder.join(KEYS_FILE), KEYS, options(KEYS_ID, limits))
    }

    fn open(path: &Path, migrations: &'static [Migration], options: Options) -> Result<Self, OpenError> {
        let database = Database::open(path, migrations, options)?;
        Ok(Self { database })
    }

    /// Runs a job as one transaction and answers when it is on the disk.
    pub(crate) async fn write<R: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<R, SiteError> + Send + 'static,
    ) -> Result<R, SiteError> {
        self.database.write(job).await.map_err(of_write)
    }

    /// Runs a job here and, once it is on the disk, one in another store; answers when both are. In the one order in which a
    /// site does so: `keys.db` first.
    pub(crate) async fn write_in_turn<R: Send + 'static>(
        &self,
        other: &Self,
        first: impl FnOnce(&Connection) -> Result<(), SiteError> + Send + 'static,
        second: impl FnOnce(&Connection) -> Result<R, SiteError> + Send + 'static,
    ) -> Result<R, SiteError> {
        let written = self.database.write_in_turn(&other.database, first, second);
        written.await.map_err(of_write)
    }

    /// Runs a job here, behind everything that was queued before in a store whose jobs go on to here, whatever becomes of that.
    pub(crate) async fn write_behind<R: Send + 'static>(
        &self,
        first: &Self,
        job: impl FnOnce(&Connection) -> Result<R, SiteError> + Send + 'static,
    ) -> Result<R, SiteError> {
        let written = self.database.write_behind(&first.database, job);
        written.await.map_err(of_write)
    }

    /// Runs a job on one snapshot.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<R, SiteError> + Send + 'static,
    ) -> Result<R, SiteError> {
        self.database.read(job).await.map_err(of_read)
    }

    /// Runs a job on a snapshot, and then one on a snapshot of another store with what the first found. In the one order
    /// in which a site does so: `site.db` first.
    pub(crate) async fn read_in_turn<A, R: Send + 'static>(
        &self,
        other: &Self,
        first: impl FnOnce(&Connection) -> Result<A, SiteError> + Send + 'static,
        second: impl FnOnce(&Connection, A) -> Result<R, SiteError> + Send + 'static,
    ) -> Result<R, SiteError> {
        let read = self.database.read_in_turn(&other.database, first, second);
        read.await.map_err(of_read)
    }

    /// The database itself, for checkpoints, figures and closing.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}

fn of_write(error: WriteError<SiteError>) -> SiteError {
    match error {
        WriteError::Job(error) => error,
        WriteError::Database(error) if is_full(&error) => SiteError::Full,
        other => SiteError::Failed(other.to_string()),
    }
}

fn of_read(error: ReadError<SiteError>) -> SiteError {
    match error {
        ReadError::Job(error) => error,
        other => SiteError::Failed(other.to_string()),
    }
}

fn options(application_id: i32, limits: &Limits) -> Options {
    Options {
        queue: limits.public_queue + limits.push_queue + limits.sync_queue,
        group: GROUP,
        ..Options::new(application_id)
    }
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

impl From<rusqlite::Error> for SiteError {
    fn from(error: rusqlite::Error) -> Self {
        if is_full(&error) {
            Self::Full
        } else {
            Self::Failed(error.to_string())
        }
    }
}

impl From<Garbled> for SiteError {
    fn from(error: Garbled) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<serde_json::Error> for SiteError {
    fn from(_: serde_json::Error) -> Self {
        Garbled.into()
    }
}
