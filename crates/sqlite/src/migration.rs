//! The schema's history, and how a file is brought up to date.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::connection::{Guarded, flags};
use crate::error::OpenError;

/// One step of the schema. Its place in the list, counted from 1, is the version that it makes, so a released
/// list is only ever added to.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// For the log and for errors, such as `"recoveries"`.
    pub name: &'static str,
    /// The statements, without BEGIN or COMMIT: they run in one transaction together with the version number.
    pub sql: &'static str,
}

/// What a file says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// No table yet: just created, or a first start that was cut short.
    Fresh,
    /// One of ours, of this version.
    Ours(i64),
}

/// Looks at the file without changing it, and refuses what is not ours to change.
pub(crate) fn probe(path: &Path, application_id: i32, known: i64) -> Result<Found, OpenError> {
    let (id, version, tables) = read_marks(path).map_err(|source| OpenError::Database {
        path: path.to_owned(),
        source,
    })?;
    if id == 0 && version == 0 && tables == 0 {
        return Ok(Found::Fresh);
    }
    if id != application_id {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
            found: id,
            expected: application_id,
        });
    }
    if version > known {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found: version,
            known,
        });
    }
    Ok(Found::Ours(version))
}

fn read_marks(path: &Path) -> rusqlite::Result<(i32, i64, i64)> {
    let conn = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY))?;
    let id = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok((id, version, tables))
}

/// Runs the migrations that the file lacks, each in one transaction with the number that it makes.
pub(crate) fn migrate(
    conn: &Guarded,
    from: i64,
    application_id: i32,
    migrations: &[Migration],
) -> Result<(), OpenError> {
    for (version, migration) in (1_i64..).zip(migrations).filter(|(version, _)| *version > from) {
        run(conn, version, application_id, migration).map_err(|source| OpenError::Migration {
            version,
            name: migration.name,
            source,
        })?;
        tracing::info!(version, name = migration.name, "migrated the database");
    }
    Ok(())
}

fn run(conn: &Guarded, version: i64, application_id: i32, migration: &Migration) -> rusqlite::Result<()> {
    conn.control("BEGIN IMMEDIATE")?;
    let done = conn
        .lend()
        .execute_batch(migration.sql)
        .and_then(|()| conn.control(&format!("PRAGMA application_id = {application_id}")))
        .and_then(|()| conn.control(&format!("PRAGMA user_version = {version}")))
        .and_then(|()| conn.control("COMMIT"));
    if done.is_err() && !conn.lend().is_autocommit() {
        conn.control("ROLLBACK")?;
    }
    done
}

/// A deferred constraint fails at the commit, and with it every neighbour in the group.
pub(crate) fn refuse_deferred_constraints(conn: &Guarded, path: &Path) -> Result<(), OpenError> {
    use rusqlite::OptionalExtension;
    let table: Option<String> = conn
        .lend()
        .query_row(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%INITIALLY%DEFERRED%'",
            [],
            |row| row.get(0),
        )
        .optional()
        .map_err(|source| OpenError::Database {
            path: path.to_owned(),
            source,
        })?;
    table.map_or(Ok(()), |table| Err(OpenError::Deferred { table }))
}
