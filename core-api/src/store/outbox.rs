//! What is to be sent: queued in the transaction that wants it, sealed under the at-rest key until it is gone.

use std::time::Duration;

use domain::Timestamp;
use sqlite::{Connection, OptionalExtension};

use super::{Id, StoreError, call};
use crate::keys::Locked;

/// An item that is due.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its id, bound into its payload.
    pub id: Id,
    /// What it is; the worker knows.
    pub kind: String,
    /// What to send, under the at-rest key.
    pub payload: Locked,
    /// When it is of no use any more.
    pub until: Timestamp,
    /// How often it was tried.
    pub tries: u32,
}

/// Queues an item. One for a recovery replaces what still waits for the same.
pub fn insert(
    c: &Connection,
    id: &Id,
    kind: &str,
    recovery: Option<&Id>,
    payload: &Locked,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), StoreError> {
    call!("outbox.insert");
    if let Some(recovery) = recovery {
        c.prepare_cached("DELETE FROM outbox WHERE recovery = ?1")?
            .execute([recovery])?;
    }
    c.prepare_cached(
        "INSERT INTO outbox (id, kind, recovery, key_id, payload, made_at, not_before, until, tries)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, 0)
         ON CONFLICT DO NOTHING", // it waits already
    )?
    .execute((
        id,
        kind,
        recovery,
        &payload.key_id,
        &payload.bytes,
        now.0,
        until.0,
    ))?;
    Ok(())
}

/// Takes the item of this kind that is due first and lends it until `lease`: if nobody says by then what became of
/// it, because the process ended, it is due again.
pub fn claim(
    c: &Connection,
    kind: &str,
    now: Timestamp,
    lease: Timestamp,
) -> Result<Option<Item>, StoreError> {
    Ok(c.prepare_cached(
        "UPDATE outbox SET not_before = ?3
         WHERE id = (SELECT id FROM outbox WHERE kind = ?1 AND not_before <= ?2 ORDER BY not_before, made_at LIMIT 1)
         RETURNING id, kind, key_id, payload, until, tries",
    )?
    .query_row((kind, now.0, lease.0), |row| {
        Ok(Item {
            id: row.get(0)?,
            kind: row.get(1)?,
            payload: Locked { key_id: row.get(2)?, bytes: row.get(3)? },
            until: Timestamp(row.get(4)?),
            tries: row.get(5)?,
        })
    })
    .optional()?)
}

/// When the next item of this kind is due; `None` when none waits.
pub fn next_due(c: &Connection, kind: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(
        c.prepare_cached("SELECT min(not_before) FROM outbox WHERE kind = ?1")?
            .query_row([kind], |row| row.get::<_, Option<i64>>(0))?
            .map(Timestamp),
    )
}

/// Puts an item off after a failed try.
pub fn retry_at(c: &Connection, id: &Id, at: Timestamp) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE outbox SET not_before = ?2, tries = tries + 1 WHERE id = ?1")?
        .execute((id, at.0))?;
    Ok(())
}

/// Lets an item that waits be of use until another time, but no longer than `longest` after it was queued.
pub fn set_until(c: &Connection, id: &Id, until: Timestamp, longest: Duration) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE outbox SET until = min(?2, made_at + ?3) WHERE id = ?1")?
        .execute((id, until.0, Timestamp(0).plus(longest).0))?;
    Ok(())
}

/// Erases an item that was sent, was given up or is void.
pub fn remove(c: &Connection, id: &Id) -> Result<(), StoreError> {
    c.prepare_cached("DELETE FROM outbox WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// How many items wait.
pub fn depth(c: &Connection) -> Result<u64, StoreError> {
    Ok(c.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?)
}
