//! A connection with every setting made by us, whose transactions only this crate can steer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, OpenFlags};

use crate::database::Options;
use crate::error::OpenError;

/// Statements kept prepared per connection; more than any store has.
const STATEMENTS: usize = 128;

/// Pragmas that only look, and that a schema test or a health check wants.
const LOOKING: [&str; 9] = [
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "integrity_check",
    "quick_check",
];

/// Lends its connection to jobs and keeps BEGIN, COMMIT and the like to itself.
///
/// Rust's types cannot forbid `execute_batch("COMMIT")`, so `SQLite`'s authorizer does. It is asked whenever a
/// statement is prepared, and taking it away needs `&mut Connection`, which no job gets.
pub(crate) struct Guarded {
    conn: Connection,
    /// True while this crate itself prepares a statement.
    ours: Arc<AtomicBool>,
}

/// What stands around jobs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Frame {
    BeginWrite,
    BeginRead,
    Commit,
    Rollback,
    Savepoint,
    Release,
}

impl Frame {
    /// Each has a remark, so that it is another text than a job would write: what is kept prepared is found by its text,
    /// and the authorizer is not asked again.
    const fn sql(self) -> &'static str {
        match self {
            Self::BeginWrite => "BEGIN IMMEDIATE -- around jobs",
            Self::BeginRead => "BEGIN DEFERRED -- around jobs",
            Self::Commit => "COMMIT -- around jobs",
            Self::Rollback => "ROLLBACK -- around jobs",
            Self::Savepoint => "SAVEPOINT job -- around jobs",
            Self::Release => "RELEASE job -- around jobs",
        }
    }
}

impl Guarded {
    pub(crate) fn new(mut conn: Connection) -> rusqlite::Result<Self> {
        let ours = Arc::new(AtomicBool::new(false));
        let exempt = Arc::clone(&ours);
        conn.authorizer(Some(move |asked: AuthContext<'_>| {
            if exempt.load(Ordering::Relaxed) || is_open_to_jobs(&asked.action) {
                Authorization::Allow
            } else {
                Authorization::Deny
            }
        }))?;
        Ok(Self { conn, ours })
    }

    /// Runs one of the statements that frame every job. They are kept prepared: preparing one takes longer than running it.
    pub(crate) fn frame(&self, frame: Frame) -> rusqlite::Result<()> {
        self.exempt(|conn| conn.prepare_cached(frame.sql())?.execute([]).map(drop))
    }

    /// Runs a statement that jobs may not run.
    pub(crate) fn control(&self, sql: &str) -> rusqlite::Result<()> {
        self.exempt(|conn| conn.execute_batch(sql))
    }

    /// Lets this crate's own code do what jobs may not.
    pub(crate) fn exempt<R>(
        &self,
        own: impl FnOnce(&Connection) -> rusqlite::Result<R>,
    ) -> rusqlite::Result<R> {
        self.ours.store(true, Ordering::Relaxed);
        let result = own(&self.conn);
        self.ours.store(false, Ordering::Relaxed);
        result
    }

    /// What a job gets to see.
    pub(crate) fn lend(&self) -> &Connection {
        &self.conn
    }
}

fn is_open_to_jobs(action: &AuthAction<'_>) -> bool {
    match action {
        AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Attach { .. }
        | AuthAction::Detach { .. } => false,
        AuthAction::Pragma {
            pragma_name,
            pragma_value,
        } => pragma_value.is_none() || LOOKING.iter().any(|name| name.eq_ignore_ascii_case(pragma_name)),
        _ => true,
    }
}

/// Opens the one connection that writes. `fresh` is a file without any table, whose layout can still be chosen.
pub(crate) fn open_writer(path: &Path, options: &Options, fresh: bool) -> Result<Guarded, OpenError> {
    let failed = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    let conn = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE)).map_err(failed)?;
    conn.busy_timeout(options.busy_timeout).map_err(failed)?;
    if fresh {
        // Must come before the first page is written, so before the journal mode too.
        conn.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")
            .map_err(failed)?;
    }
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        .map_err(failed)?;
    set_common(&conn).map_err(failed)?;
    assert_settings(
        &conn,
        &[
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("auto_vacuum", "2"),
        ],
        path,
    )?;
    assert_settings(&conn, &COMMON, path)?;
    Guarded::new(conn).map_err(failed)
}

/// Opens one of the connections that read.
pub(crate) fn open_reader(path: &Path, options: &Options) -> Result<Guarded, OpenError> {
    let failed = |source| OpenError::Database {
        path: path.to_owned(),
        source,
    };
    let conn = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY)).map_err(failed)?;
    conn.busy_timeout(options.busy_timeout).map_err(failed)?;
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA synchronous = FULL")
        .map_err(failed)?;
    set_common(&conn).map_err(failed)?;
    assert_settings(&conn, &[("query_only", "1"), ("synchronous", "2")], path)?;
    assert_settings(&conn, &COMMON, path)?;
    Guarded::new(conn).map_err(failed)
}

/// No URI file names: a path is a path, whatever characters are in it.
pub(crate) fn flags(access: OpenFlags) -> OpenFlags {
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW
}

const COMMON: [(&str, &str); 5] = [
    // KiB of pages (negative by SQLite's convention). The system caches the file, too, and each reader has its own.
    ("cache_size", "-256"),
    ("foreign_keys", "1"),
    ("secure_delete", "1"),
    ("trusted_schema", "0"),
    ("temp_store", "2"),
];

fn set_common(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch(
        "PRAGMA cache_size = -256;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA temp_store = MEMORY;",
    )?;
    // A damaged or malicious file must not reach further than its tables, and "text" in double quotes is a
    // mistyped column, never a string.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // Plans that depend on what is bound are made anew with each binding, which takes longer than most of our statements.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// `SQLite` ignores a pragma that it does not know or cannot follow, so each is read back.
fn assert_settings(
    conn: &Connection,
    wanted: &[(&'static str, &'static str)],
    path: &Path,
) -> Result<(), OpenError> {
    for &(pragma, expected) in wanted {
        let found = conn
            .pragma_query_value(None, pragma, |row| row.get::<_, rusqlite::types::Value>(0))
            .map_err(|source| OpenError::Database {
                path: path.to_owned(),
                source,
            })?;
        let found = match found {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{:?}", other.data_type()),
        };
        if found != expected {
            return Err(OpenError::Setting {
                pragma,
                expected,
                found,
            });
        }
    }
    Ok(())
}
