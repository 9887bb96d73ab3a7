//! Ids that wait for their message, and what repeats of a request find.

use domain::Timestamp;
use sqlite::{Connection, OptionalExtension};

use super::{Id, StoreError, call};

/// Keeps an id for the message that its sender will hand in.
pub fn reserve(c: &Connection, id: &Id, sender: &str, now: Timestamp) -> Result<(), StoreError> {
    call!("sending.reserve");
    c.prepare_cached("INSERT INTO message_id (id, sender, made_at) VALUES (?1, ?2, ?3)")?
        .execute((id, sender, now.0))?;
    Ok(())
}

/// Gives up an id that was kept for this sender; `false` if it was not, or was used.
pub fn redeem(c: &Connection, id: &Id, sender: &str) -> Result<bool, StoreError> {
    call!("sending.redeem");
    let redeemed = c
        .prepare_cached("DELETE FROM message_id WHERE id = ?1 AND sender = ?2")?
        .execute((id, sender))?;
    Ok(redeemed == 1)
}

/// How many ids are kept for a sender.
pub fn reserved(c: &Connection, sender: &str) -> Result<u64, StoreError> {
    Ok(
        c.prepare_cached("SELECT count(*) FROM message_id WHERE sender = ?1")?
            .query_row([sender], |row| row.get(0))?,
    )
}

/// Keeps which messages a sender's key stands for.
pub fn remember(
    c: &Connection,
    sender: &str,
    idempotency: &str,
    messages: &[Id],
    now: Timestamp,
) -> Result<(), StoreError> {
    c.prepare_cached("INSERT INTO sending (sender, idempotency, messages, made_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute((sender, idempotency, serde_json::to_string(messages)?, now.0))?;
    Ok(())
}

/// The messages that a sender's key stands for.
pub fn remembered(c: &Connection, sender: &str, idempotency: &str) -> Result<Option<Vec<Id>>, StoreError> {
    let messages: Option<String> = c
        .prepare_cached("SELECT messages FROM sending WHERE sender = ?1 AND idempotency = ?2")?
        .query_row((sender, idempotency), |row| row.get(0))
        .optional()?;
    Ok(messages.map(|ids| serde_json::from_str(&ids)).transpose()?)
}
