//! The embedded directory's tables.

use std::path::Path;

use domain::{AccountId, AccountKind, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlite::rusqlite::{self, types::Type};
use sqlite::{
    Connection, Database, Migration, OpenError, OptionalExtension, Options, ReadError, Row, WriteError,
    params,
};

use crate::embedded::hashing::{Hash, Salt};
use crate::embedded::record::Record;
use crate::error::DirectoryError;

/// `SPdi` in the file's header.
const APPLICATION_ID: i32 = 0x5350_6469;

static MIGRATIONS: [Migration; 1] = [Migration {
    name: "accounts",
    sql: "
        CREATE TABLE account (
            id           BLOB PRIMARY KEY,
            name         TEXT NOT NULL,
            name_key     TEXT NOT NULL UNIQUE,
            upn          TEXT,
            display_name TEXT,
            mail         TEXT NOT NULL,
            groups       TEXT NOT NULL,
            kind         TEXT NOT NULL,
            marks        TEXT NOT NULL,
            expires      INTEGER,
            policy       TEXT,
            salt         BLOB NOT NULL,
            hash         BLOB NOT NULL,
            password_set INTEGER NOT NULL,
            lockout      INTEGER NOT NULL,
            bad_count    INTEGER NOT NULL,
            bad_time     INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE address (
            address TEXT NOT NULL,
            account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            PRIMARY KEY (address, account)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE history (
            number  INTEGER PRIMARY KEY,
            account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            hash    BLOB NOT NULL
        ) STRICT;
        CREATE INDEX history_of ON history (account, number);
    ",
}];

/// By what an account is searched for, folded to lower case.
pub(super) enum Key {
    Name(String),
    /// A UPN or a mail address.
    Address(String),
}

pub(super) fn open(path: &Path) -> Result<Database, OpenError> {
    Database::open(path, &MIGRATIONS, Options::new(APPLICATION_ID))
}

pub(super) async fn read<R: Send + 'static>(
    database: &Database,
    job: impl FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
) -> Result<R, DirectoryError> {
    database
        .read(job)
        .await
        .map_err(|error: ReadError<_>| DirectoryError::Unavailable(error.to_string()))
}

pub(super) async fn write<R: Send + 'static>(
    database: &Database,
    job: impl FnOnce(&Connection) -> rusqlite::Result<R> + Send + 'static,
) -> Result<R, DirectoryError> {
    database
        .write(job)
        .await
        .map_err(|error: WriteError<_>| DirectoryError::Unavailable(error.to_string()))
}

pub(super) fn count(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT count(*) FROM account", [], |row| row.get(0))
}

pub(super) fn load(conn: &Connection, id: AccountId) -> rusqlite::Result<Option<Record>> {
    conn.prepare_cached("SELECT * FROM account WHERE id = ?1")?
        .query_row([id.0], record)
        .optional()
}

pub(super) fn salt(conn: &Connection, id: AccountId) -> rusqlite::Result<Option<Salt>> {
    conn.query_row("SELECT salt FROM account WHERE id = ?1", [id.0], |row| row.get(0))
        .optional()
}

pub(super) fn find(conn: &Connection, key: &Key) -> rusqlite::Result<Vec<Record>> {
    let (sql, key) = match key {
        Key::Name(name) => ("SELECT * FROM account WHERE name_key = ?1", name),
        Key::Address(address) => (
            "SELECT * FROM account WHERE id IN (SELECT account FROM address WHERE address = ?1)",
            address,
        ),
    };
    conn.prepare_cached(sql)?.query_map([key], record)?.collect()
}

/// False when the name is taken.
pub(super) fn insert(conn: &Connection, new: &Record) -> rusqlite::Result<bool> {
    let rows = conn.execute(
        "INSERT INTO account (id, name, name_key, upn, display_name, mail, groups, kind, marks, expires, policy,
                              salt, hash, password_set, lockout, bad_count, bad_time)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
         ON CONFLICT (name_key) DO NOTHING",
        params![
            new.id.0,
            new.name,
            new.name.to_lowercase(),
            new.upn,
            new.display_name,
            json(&new.mail),
            json(&new.groups),
            json(&new.kind),
            json(&new.marks),
            new.expires.map(|at| at.0),
            new.policy.as_ref().map(json),
            new.salt,
            new.hash.0,
            new.password_set,
            new.lockout,
            new.bad_count,
            new.bad_time.map(|at| at.0),
        ],
    )?;
    if rows == 0 {
        return Ok(false);
    }
    for address in new.upn.iter().chain(&new.mail) {
        conn.execute(
            "INSERT OR IGNORE INTO address (address, account) VALUES (?1, ?2)",
            params![address.to_lowercase(), new.id.0],
        )?;
    }
    remember(conn, new)?;
    Ok(true)
}

/// Writes what signing in, unlocking and setting a password move.
pub(super) fn save(conn: &Connection, record: &Record) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "UPDATE account SET hash = ?2, password_set = ?3, lockout = ?4, bad_count = ?5, bad_time = ?6 WHERE id = ?1",
    )?
    .execute(params![
        record.id.0,
        record.hash.0,
        record.password_set,
        record.lockout,
        record.bad_count,
        record.bad_time.map(|at| at.0)
    ])
    .map(drop)
}

/// Adds the current password to the history.
pub(super) fn remember(conn: &Connection, record: &Record) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT INTO history (account, hash) VALUES (?1, ?2)",
        params![record.id.0, record.hash.0],
    )
    .map(drop)
}

/// Whether the password is among the last `depth`, the current one included.
pub(super) fn was_used(conn: &Connection, id: AccountId, hash: &Hash, depth: u32) -> rusqlite::Result<bool> {
    let mut newest =
        conn.prepare_cached("SELECT hash FROM history WHERE account = ?1 ORDER BY number DESC LIMIT ?2")?;
    let hashes = newest.query_map(params![id.0, depth], |row| row.get(0).map(Hash))?;
    for former in hashes {
        if former?.is(hash) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let policy: Option<String> = row.get("policy")?;
    Ok(Record {
        id: AccountId(row.get("id")?),
        name: row.get("name")?,
        upn: row.get("upn")?,
        display_name: row.get("display_name")?,
        mail: from_json(&row.get::<_, String>("mail")?)?,
        groups: from_json(&row.get::<_, String>("groups")?)?,
        kind: from_json::<AccountKind>(&row.get::<_, String>("kind")?)?,
        marks: from_json(&row.get::<_, String>("marks")?)?,
        expires: row.get::<_, Option<i64>>("expires")?.map(Timestamp),
        policy: policy.as_deref().map(from_json).transpose()?,
        salt: row.get("salt")?,
        hash: Hash(row.get("hash")?),
        password_set: row.get("password_set")?,
        lockout: row.get("lockout")?,
        bad_count: row.get("bad_count")?,
        bad_time: row.get::<_, Option<i64>>("bad_time")?.map(Timestamp),
    })
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("these values have string keys only")
}

fn from_json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
