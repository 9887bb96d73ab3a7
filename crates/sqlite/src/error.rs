//! What can go wrong, and what the operator does about it.

use std::path::PathBuf;
use std::sync::Arc;

/// Why a database was not opened. Its contents are as they were, except for the migrations before one that failed;
/// `SQLite` may leave an index and an empty log beside a file that was only looked at.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file, its folder or its lock file cannot be made or read.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file that was tried.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Another process (or another handle of this one) holds the lock.
    #[error(
        "{path} is in use by {holder}: stop that one first, or let it do the work",
        path = .path.display(),
        holder = .holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")),
    )]
    InUse {
        /// The database.
        path: PathBuf,
        /// The process that holds it, where its lock file says so.
        holder: Option<u32>,
    },
    /// A database of something else.
    #[error(
        "{path} belongs to another application (application id {found:#x}, not {expected:#x}): \
         give the path of the right file",
        path = .path.display()
    )]
    Foreign {
        /// The database.
        path: PathBuf,
        /// Its application id.
        found: i32,
        /// Ours.
        expected: i32,
    },
    /// Written by a later release.
    #[error(
        "{path} has version {found} and this release knows versions up to {known}: start the newer release",
        path = .path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The number of migrations that we know.
        known: i64,
    },
    /// A migration failed; the database has the version before it.
    #[error("migration {version} ({name}) failed and was undone: {source}")]
    Migration {
        /// The version that it would have made.
        version: i64,
        /// Its name.
        name: &'static str,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
    /// A table with a constraint that would fail at the commit.
    #[error("table {table} has a deferred constraint, which would fail its neighbours' commit")]
    Deferred {
        /// The table.
        table: String,
    },
    /// `SQLite` did not take a setting that we depend on.
    #[error("SQLite answers {found} for {pragma}, where {expected} is needed")]
    Setting {
        /// The pragma.
        pragma: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// Anything else that `SQLite` says, such as "file is not a database".
    #[error("{path}: {source}", path = .path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What `SQLite` said.
        source: rusqlite::Error,
    },
}

/// Why a write did not happen; of [two](crate::Database::write_in_turn), perhaps the second only. `E` is the store's own
/// error.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// The job itself refused; what it had written is undone.
    #[error("{0}")]
    Job(E),
    /// The job panicked; what it had written is undone.
    #[error("the write failed unexpectedly and was undone")]
    Panicked,
    /// The transaction that the job was part of could not be begun or committed: nothing of it is stored.
    #[error("the database did not take the write: {0}")]
    Database(#[source] Arc<rusqlite::Error>),
    /// The database is closed, or closes.
    #[error("the database is closed")]
    Stopped,
}

/// Why a read gave nothing. `E` is the store's own error.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    /// The job itself refused.
    #[error("{0}")]
    Job(E),
    /// The job panicked.
    #[error("the read failed unexpectedly")]
    Panicked,
    /// No snapshot could be taken.
    #[error("the database could not be read: {0}")]
    Database(#[source] rusqlite::Error),
    /// The database is closed, or closes.
    #[error("the database is closed")]
    Stopped,
}

/// Why a checkpoint was not completed. Nothing is lost; what was deleted may still stand in a file.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A reader kept an old snapshot for longer than [`Options::checkpoint_wait`](crate::Options::checkpoint_wait).
    #[error("a reader holds an old snapshot: the checkpoint must be tried again")]
    Busy,
    /// `SQLite` said no.
    #[error("the checkpoint failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// The database is closed, or closes.
    #[error("the database is closed")]
    Stopped,
}
