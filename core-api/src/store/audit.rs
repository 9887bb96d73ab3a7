//! The audit: what was meant, what came of it, in a hash chain. Names and addresses stand aside, each in a row of its
//! own, because addresses are erased sooner.

mod event;
mod side;

use domain::{AccountId, OperationId, Timestamp};
use journal::{Chain, Hash, Link};
use serde::{Deserialize, Serialize};
use sqlite::{Connection, OptionalExtension};

use super::{StoreError, call};

pub use self::event::{Across, Event, FactorChange, Found, Reading, Record, Sending, WhyNotBegun, WhyWrong};
pub use self::side::{Kind, Side, erase, insert_redaction, redactions};

/// Names this chain, so that its records fit into no other.
const ORIGIN: &[u8] = b"core";

/// The personal fields of a record. They stand beside the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// The account, by its objectGUID.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<String>,
    /// The account's name, or what was typed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The visitor's address, which has a side row of its own.
    #[serde(skip)]
    pub source: Option<String>,
    /// Who did it, where it was not the owner himself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operator: Option<String>,
    /// Why, in his own words, which may name somebody.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

impl Personal {
    /// An account and what is known about the visitor.
    pub fn of(account: Option<AccountId>, name: &str, source: &str) -> Self {
        Self {
            account: account.map(|id| id.to_string()),
            name: Some(name.to_owned()),
            source: Some(source.to_owned()),
            ..Self::default()
        }
    }
}

/// An entry that is to be appended.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// The reference of the request.
    pub reference: String,
    /// Through what.
    pub through: String,
    /// Whom it concerns.
    pub personal: Personal,
    /// Fresh randomness, from which each side row has its salt.
    pub salt: [u8; 32],
}

/// An operation's id as it stands in records.
pub fn operation_text(id: OperationId) -> String {
    data_encoding::HEXLOWER.encode(&id.0)
}

/// Appends an entry to the chain.
pub fn append(c: &Connection, entry: &Entry, now: Timestamp) -> Result<u64, StoreError> {
    call!("audit.append");
    let names = Side::new(Kind::Names, &entry.salt, serde_json::to_vec(&entry.personal)?);
    let source = entry
        .personal
        .source
        .as_ref()
        .map(serde_json::to_vec)
        .transpose()?;
    let source = source.map(|source| Side::new(Kind::Addresses, &entry.salt, source));
    let record = Record {
        at: now.0,
        event: entry.event.clone(),
        reference: entry.reference.clone(),
        through: entry.through.clone(),
        personal: names.commitment(),
        source: source.as_ref().map(Side::commitment),
    };
    let bytes = serde_json::to_vec(&record)?;
    let link = Chain::resume(end(c)?).append(&bytes);
    c.prepare_cached("INSERT INTO audit (seq, at, record, hash) VALUES (?1, ?2, ?3, ?4)")?
        .execute((link.seq, now.0, bytes, link.hash.as_bytes()))?;
    names.insert(c, Kind::Names, link.seq)?;
    if let Some(source) = source {
        source.insert(c, Kind::Addresses, link.seq)?;
    }
    Ok(link.seq)
}

/// Where the chain ends.
pub fn end(c: &Connection) -> Result<Link, StoreError> {
    let last = c
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get::<_, [u8; 32]>(1)?)))
        .optional()?;
    Ok(last.map_or_else(
        || start().end(),
        |(seq, hash)| Link {
            seq,
            hash: Hash::from(hash),
        },
    ))
}

/// Where the chain begins.
pub fn start() -> Chain {
    Chain::begin(ORIGIN)
}

/// A record as it stands in the table, with its side rows if they were not redacted.
#[derive(Debug, Clone)]
pub struct Row {
    /// The chained part.
    pub record: journal::Record,
    /// Who.
    pub names: Option<Side>,
    /// From where.
    pub source: Option<Side>,
}

/// Up to `most` rows after `after`, in order.
pub fn after(c: &Connection, after: u64, most: u32) -> Result<Vec<Row>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT audit.seq, record, hash, names.salt, names.fields, source.salt, source.fields FROM audit
         LEFT JOIN audit_personal AS names USING (seq) LEFT JOIN audit_source AS source USING (seq)
         WHERE audit.seq > ?1 ORDER BY audit.seq LIMIT ?2",
    )?;
    let rows = statement.query_map((after, most), |row| {
        Ok(Row {
            record: journal::Record {
                seq: row.get(0)?,
                event: row.get(1)?,
                hash: Hash::from(row.get::<_, [u8; 32]>(2)?),
            },
            names: Side::read(row, 3)?,
            source: Side::read(row, 5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The chained bytes of a record.
pub fn record(c: &Connection, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(c.prepare_cached("SELECT record FROM audit WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))
        .optional()?)
}

/// Keeps a signed checkpoint of the chain's end.
pub fn insert_checkpoint(c: &Connection, seq: u64, line: &str) -> Result<(), StoreError> {
    c.prepare_cached("INSERT INTO checkpoint (seq, line) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((seq, line))?;
    Ok(())
}

/// Whether this record is there, with this very hash.
pub fn has(c: &Connection, link: Link) -> Result<bool, StoreError> {
    if link.seq == 0 {
        return Ok(link == start().end());
    }
    let hash = c
        .prepare_cached("SELECT hash FROM audit WHERE seq = ?1")?
        .query_row([link.seq], |row| row.get::<_, [u8; 32]>(0))
        .optional()?;
    Ok(hash.map(Hash::from) == Some(link.hash))
}

/// The latest checkpoint.
pub fn latest_checkpoint(c: &Connection) -> Result<Option<String>, StoreError> {
    Ok(
        c.prepare_cached("SELECT line FROM checkpoint ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?,
    )
}

/// All checkpoints, oldest first.
pub fn checkpoints(c: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = c.prepare_cached("SELECT line FROM checkpoint ORDER BY seq")?;
    Ok(statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}

/// The number that the last checkpoint stands for.
pub fn last_checkpoint(c: &Connection) -> Result<u64, StoreError> {
    Ok(
        c.query_row("SELECT coalesce(max(seq), 0) FROM checkpoint", [], |row| {
            row.get(0)
        })?,
    )
}
