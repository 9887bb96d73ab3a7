//! One `SQLite` file, written by one thread and read by a few.
//!
//! [`Database`] is a handle to both. A write is a job for the writer thread, which takes what waits, runs one job
//! after the other inside one transaction, each undone by itself if it fails, commits once and only then answers
//! anybody: an answer means that the change is on the disk, and many changes share one sync. A read runs on a
//! read-only connection in one transaction, so it sees one moment of the database whatever is written meanwhile.
//!
//! [`Database::write_in_turn`] and [`Database::read_in_turn`] go on to a second database; they say what order that wants.
//!
//! Jobs and reads get a plain [`Connection`] that refuses to begin, commit or roll back, to attach a file and to
//! change a setting; what belongs together is therefore one job.
//!
//! Habits of the stores that are built on this:
//!
//! - tables are `STRICT`, and no constraint is `INITIALLY DEFERRED`: a deferred one fails at the commit, which the
//!   whole group shares, so [`Database::open`] refuses it;
//! - what may happen once is one statement with its condition in it (`UPDATE … WHERE spent_at IS NULL`) and a look
//!   at the number of rows;
//! - never `OR ROLLBACK`: it ends the transaction of the whole group;
//! - values are bound, never pasted into SQL, and no value is ever logged.
//!
//! The file stands on a local disk and belongs to one process; `<path>.lock` sees to it.

mod connection;
mod database;
mod error;
mod file;
mod job;
mod migration;
mod numbers;
mod reader;
mod writer;

pub use database::{Database, Options};
pub use error::{CheckpointError, OpenError, ReadError, WriteError};
pub use migration::Migration;
pub use numbers::Numbers;

pub use rusqlite;
pub use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params, types};
