//! What stands beside the chain: names, and addresses. Both can be erased, salts and all, without breaking it.

use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use journal::{Commitment, SideRow};
use sha2::Sha256;
use sqlite::Connection;
use sqlite::rusqlite::{self, Row};

use super::StoreError;

/// What a side row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whom a record concerns, and who did it.
    Names,
    /// From where.
    Addresses,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Names, Self::Addresses];

    fn table(self) -> &'static str {
        match self {
            Self::Names => "audit_personal",
            Self::Addresses => "audit_source",
        }
    }

    /// The name by which a signed redaction speaks of these rows of the core's chain.
    pub fn name(self) -> &'static str {
        match self {
            Self::Names => "core/names",
            Self::Addresses => "core/addresses",
        }
    }
}

/// A side row.
#[derive(Debug, Clone)]
pub struct Side {
    salt: [u8; 32],
    fields: Vec<u8>,
}

impl Side {
    /// A row under a salt of its own: whoever erases one row of a record erases nothing that the other needs, and who
    /// keeps one learns nothing about the other.
    pub(super) fn new(kind: Kind, randomness: &[u8; 32], fields: Vec<u8>) -> Self {
        let salt = Hmac::<Sha256>::new_from_slice(randomness)
            .expect("HMAC takes keys of any length")
            .chain_update(kind.name())
            .finalize();
        Self {
            salt: salt.into_bytes().into(),
            fields,
        }
    }

    /// What stands in the chain for it.
    pub(super) fn commitment(&self) -> Commitment {
        Commitment::to(&self.salt, &self.fields)
    }

    pub(super) fn insert(&self, c: &Connection, kind: Kind, seq: u64) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO {} (seq, salt, fields) VALUES (?1, ?2, ?3)",
            kind.table()
        );
        c.prepare_cached(&sql)?.execute((seq, self.salt, &self.fields))?;
        Ok(())
    }

    /// From the column of the salt and the one behind it, of a row that may be missing.
    pub(super) fn read(row: &Row<'_>, salt: usize) -> rusqlite::Result<Option<Self>> {
        let (salt, fields): (Option<[u8; 32]>, Option<Vec<u8>>) = (row.get(salt)?, row.get(salt + 1)?);
        Ok(salt.zip(fields).map(|(salt, fields)| Self { salt, fields }))
    }

    /// The fields, as JSON.
    pub fn fields(&self) -> &[u8] {
        &self.fields
    }

    /// As the journal takes it, to be held against the chain.
    pub fn row(&self) -> SideRow<'_> {
        SideRow {
            salt: &self.salt,
            fields: &self.fields,
        }
    }
}

/// Erases the oldest side rows of a kind, up to `most`, of records from before `before`; gives the records' numbers.
pub fn erase(c: &Connection, kind: Kind, before: Timestamp, most: u32) -> Result<Vec<u64>, StoreError> {
    let table = kind.table();
    let mut statement = c.prepare_cached(&format!(
        "SELECT seq, at FROM {table} JOIN audit USING (seq) ORDER BY seq LIMIT ?1"
    ))?;
    let rows = statement.query_map([most], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, i64>(1)?)))?;
    // Records stand in the order of time, so nothing behind the first young one is old.
    let old: Vec<(u64, i64)> = rows.collect::<Result<_, _>>()?;
    let old: Vec<u64> = old
        .into_iter()
        .take_while(|(_, at)| *at < before.0)
        .map(|(seq, _)| seq)
        .collect();
    if let Some(last) = old.last() {
        c.prepare_cached(&format!("DELETE FROM {table} WHERE seq <= ?1"))?
            .execute([last])?;
    }
    Ok(old)
}

/// Keeps which record is a redaction, so that they are found without reading the whole chain.
pub fn insert_redaction(c: &Connection, seq: u64) -> Result<(), StoreError> {
    c.prepare_cached("INSERT INTO redaction (seq) VALUES (?1)")?
        .execute([seq])?;
    Ok(())
}

/// Which records are redactions, in order.
pub fn redactions(c: &Connection) -> Result<Vec<u64>, StoreError> {
    let mut statement = c.prepare_cached("SELECT seq FROM redaction ORDER BY seq")?;
    Ok(statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}
