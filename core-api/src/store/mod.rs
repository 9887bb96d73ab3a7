//! Everything that the core remembers. SQL stands in this folder and nowhere else, one file per aggregate.
//!
//! Functions take the connection of the transaction they are part of; only use cases open transactions, through
//! [`Store::write`] and [`Store::read`]. Each function leaves a trace event under the target `store`, so that
//! a test can compare what requests about different people do, call by call.

pub mod alarm;
pub mod attempt;
pub mod audit;
pub mod code;
pub mod command;
pub mod drop_box;
pub mod fact;
pub mod factor;
pub mod freeze;
pub mod invitation;
pub mod message;
pub mod operation;
pub mod outbox;
pub mod pause;
pub mod push;
pub mod reap;
pub mod recovery;
pub mod sending;
pub mod site;
pub mod site_event;
pub mod spray;
pub mod tally;

use std::path::Path;

use sqlite::{Connection, Database, Migration, OpenError, Options, ReadError, WriteError, rusqlite};

/// Marks our files: "S", "P", "c", "r".
const APPLICATION_ID: i32 = 0x5350_6372;

const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "recovery",
        sql: include_str!("schema/0001.sql"),
    },
    Migration {
        name: "retention",
        sql: include_str!("schema/0002_retention.sql"),
    },
    Migration {
        name: "messages",
        sql: include_str!("schema/0003_messages.sql"),
    },
    Migration {
        name: "sending",
        sql: include_str!("schema/0004_sending.sql"),
    },
];

/// A 16-byte random id.
pub type Id = [u8; 16];

/// The core's database.
#[derive(Clone)]
pub struct Store {
    database: Database,
}

/// Why the store gave nothing. None of it is told to anybody outside.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `SQLite` said no.
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row holds what this build cannot read.
    #[error("a stored value cannot be read: {0}")]
    Value(#[from] serde_json::Error),
    /// A secret at rest cannot be opened.
    #[error(transparent)]
    AtRest(#[from] crate::keys::AtRestError),
    /// The database is closed or a job panicked.
    #[error("the database is not there: {0}")]
    Gone(String),
}

impl Store {
    /// Opens the database in the data directory, making or migrating it as needed. Blocks.
    pub fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let database = Database::open(data_dir.join("core.db"), MIGRATIONS, Options::new(APPLICATION_ID))?;
        Ok(Self { database })
    }

    /// Runs a job as one transaction and answers when it is on the disk.
    pub async fn write<R: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.database.write(job).await.map_err(|error| match error {
            WriteError::Job(error) => error,
            other => StoreError::Gone(other.to_string()),
        })
    }

    /// Runs a job on one snapshot.
    pub async fn read<R: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        self.database.read(job).await.map_err(|error| match error {
            ReadError::Job(error) => error,
            other => StoreError::Gone(other.to_string()),
        })
    }

    /// The database itself, for checkpoints, figures and closing.
    pub fn database(&self) -> &Database {
        &self.database
    }
}

/// Leaves the trace by which tests compare requests.
macro_rules! call {
    ($name:literal) => {
        tracing::trace!(target: "store", call = $name)
    };
}
pub(crate) use call;
