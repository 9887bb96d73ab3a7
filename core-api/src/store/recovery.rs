//! Recoveries.

use domain::recovery::Recovery;
use domain::{AccountId, Timestamp};
use sqlite::{Connection, OptionalExtension, Row, named_params};

use super::{Id, StoreError, call};

/// A recovery as stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its own id, which never leaves the core.
    pub id: Id,
    /// SHA-256 of its handle.
    pub handle_hash: [u8; 32],
    /// SHA-256 of the handle before the last passed step.
    pub former_hash: Option<[u8; 32]>,
    /// SHA-256 of the box that passed, and when.
    pub passed: Option<([u8; 32], Timestamp)>,
    /// The portal that began it, by its certificate's name.
    pub portal: String,
    /// The public origin that it belongs to.
    pub origin: String,
    /// What was typed.
    pub identifier: String,
    /// Stands in for the account in every count while there is none.
    pub phantom: AccountId,
    /// The visitor's address.
    pub source: String,
    /// The language for mails.
    pub language: String,
    /// The step that the next box spends.
    pub step: u64,
    /// How many methods were picked so far.
    pub picks: u32,
    /// The challenge of the method that was picked.
    pub challenge: Option<Id>,
    /// The last proof of this step was wrong.
    pub wrong: bool,
    /// Where it stands.
    pub recovery: Recovery,
    /// When it began.
    pub begun_at: Timestamp,
}

const COLUMNS: &str = "id, handle_hash, former_hash, passed_box, passed_at, portal, origin, identifier, phantom, \
                       source, language, step, picks, challenge, wrong, state, begun_at";

/// Stores a new one.
pub fn insert(c: &Connection, stored: &Stored) -> Result<(), StoreError> {
    call!("recovery.insert");
    c.prepare_cached(
        "INSERT INTO recovery (id, handle_hash, portal, origin, identifier, phantom, source, language, step, wrong,
                               resolved, state, begun_at)
         VALUES (:id, :handle, :portal, :origin, :identifier, :phantom, :source, :language, :step, 0, 0, :state, :at)",
    )?
    .execute(named_params! {
        ":id": stored.id, ":handle": stored.handle_hash, ":portal": stored.portal, ":origin": stored.origin,
        ":identifier": stored.identifier, ":phantom": stored.phantom.0, ":source": stored.source,
        ":language": stored.language, ":step": stored.step, ":state": serde_json::to_string(&stored.recovery)?,
        ":at": stored.begun_at.0,
    })?;
    Ok(())
}

/// The one with this handle.
pub fn by_handle(c: &Connection, hash: &[u8; 32]) -> Result<Option<Stored>, StoreError> {
    call!("recovery.by_handle");
    one(c, "handle_hash = ?1", hash)
}

/// The one that had this handle before its last passed step.
pub fn by_former_handle(c: &Connection, hash: &[u8; 32]) -> Result<Option<Stored>, StoreError> {
    call!("recovery.by_former_handle");
    one(c, "former_hash = ?1", hash)
}

/// The one with this id.
pub fn by_id(c: &Connection, id: &Id) -> Result<Option<Stored>, StoreError> {
    call!("recovery.by_id");
    one(c, "id = ?1", id)
}

/// The first `most` of those whose identifier the directory was not asked about yet.
pub fn unresolved(c: &Connection, most: u32) -> Result<Vec<Id>, StoreError> {
    let mut statement =
        c.prepare_cached("SELECT id FROM recovery WHERE resolved = 0 ORDER BY begun_at LIMIT ?1")?;
    Ok(statement
        .query_map([most], |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}

/// Those whose person may still go on: neither over nor up to the directory.
pub fn open(c: &Connection) -> Result<Vec<Stored>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM recovery WHERE state ->> 'stage' IN ('proving', 'proved') ORDER BY begun_at"
    ))?;
    let rows = statement.query_map([], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Stores a new state of one. The caller has loaded it in the same transaction.
pub fn save(c: &Connection, stored: &Stored) -> Result<(), StoreError> {
    call!("recovery.save");
    let resolved = match &stored.recovery {
        Recovery::Proving(proving) => proving.is_resolved(),
        Recovery::Proved(_) | Recovery::Acting(_) | Recovery::Ended(_) => true,
    };
    c.prepare_cached(
        "UPDATE recovery SET handle_hash = :handle, former_hash = :former, passed_box = :box, passed_at = :passed,
                             step = :step, picks = :picks, challenge = :challenge, wrong = :wrong, resolved = :resolved, state = :state
         WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": stored.id, ":handle": stored.handle_hash, ":former": stored.former_hash,
        ":box": stored.passed.map(|(hash, _)| hash), ":passed": stored.passed.map(|(_, at)| at.0),
        ":step": stored.step, ":picks": stored.picks, ":challenge": stored.challenge, ":wrong": stored.wrong, ":resolved": resolved,
        ":state": serde_json::to_string(&stored.recovery)?,
    })?;
    Ok(())
}

fn one(c: &Connection, condition: &str, key: &[u8]) -> Result<Option<Stored>, StoreError> {
    c.prepare_cached(&format!("SELECT {COLUMNS} FROM recovery WHERE {condition}"))?
        .query_row([key], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

fn read(row: &Row<'_>) -> Result<Stored, StoreError> {
    let passed_box: Option<[u8; 32]> = row.get("passed_box")?;
    let passed_at: Option<i64> = row.get("passed_at")?;
    Ok(Stored {
        id: row.get("id")?,
        handle_hash: row.get("handle_hash")?,
        former_hash: row.get("former_hash")?,
        passed: passed_box.zip(passed_at.map(Timestamp)),
        portal: row.get("portal")?,
        origin: row.get("origin")?,
        identifier: row.get("identifier")?,
        phantom: AccountId(row.get("phantom")?),
        source: row.get("source")?,
        language: row.get("language")?,
        step: row.get("step")?,
        picks: row.get("picks")?,
        challenge: row.get("challenge")?,
        wrong: row.get("wrong")?,
        recovery: serde_json::from_str(&row.get::<_, String>("state")?)?,
        begun_at: Timestamp(row.get("begun_at")?),
    })
}
