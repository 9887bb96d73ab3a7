//! Codes that were sent.

use domain::{AccountId, Method, Timestamp};
use sqlite::{Connection, OptionalExtension};

use super::{Id, StoreError, call};

/// A code that was sent and may still be used.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its id.
    pub id: Id,
    /// The account that it is for.
    pub account: AccountId,
    /// HMAC of the code.
    pub mac: [u8; 32],
    /// Wrong tries so far.
    pub tries: u32,
}

/// Stores a code and voids every older one of the same recovery.
#[expect(clippy::too_many_arguments, reason = "a row has as many columns")]
pub fn replace(
    c: &Connection,
    id: &Id,
    recovery: &Id,
    challenge: &Id,
    account: AccountId,
    method: Method,
    mac: &[u8; 32],
    now: Timestamp,
    until: Timestamp,
) -> Result<(), StoreError> {
    call!("code.replace");
    c.prepare_cached("UPDATE code SET spent_at = ?2 WHERE recovery = ?1 AND spent_at IS NULL")?
        .execute((recovery, now.0))?;
    c.prepare_cached(
        "INSERT INTO code (id, recovery, challenge, account, method, mac, sent_at, until, tries)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0)",
    )?
    .execute((
        id,
        recovery,
        challenge,
        account.0,
        method.name(),
        mac,
        now.0,
        until.0,
    ))?;
    Ok(())
}

/// The code that answers this challenge of this recovery, if it is still good.
pub fn current(
    c: &Connection,
    recovery: &Id,
    challenge: &Id,
    method: Method,
    most_tries: u32,
    now: Timestamp,
) -> Result<Option<Sent>, StoreError> {
    call!("code.current");
    Ok(c.prepare_cached(
        "SELECT id, account, mac, tries FROM code
         WHERE recovery = ?1 AND challenge = ?2 AND method = ?3 AND spent_at IS NULL AND until > ?4 AND tries < ?5",
    )?
    .query_row((recovery, challenge, method.name(), now.0, most_tries), |row| {
        Ok(Sent { id: row.get(0)?, account: AccountId(row.get(1)?), mac: row.get(2)?, tries: row.get(3)? })
    })
    .optional()?)
}

/// Counts a wrong try against whichever code answers this challenge.
pub fn count_wrong(c: &Connection, recovery: &Id, challenge: &Id) -> Result<(), StoreError> {
    call!("code.count_wrong");
    c.prepare_cached(
        "UPDATE code SET tries = tries + 1 WHERE recovery = ?1 AND challenge = ?2 AND spent_at IS NULL",
    )?
    .execute((recovery, challenge))?;
    Ok(())
}

/// Spends a code; false when somebody else did.
pub fn spend(c: &Connection, id: &Id, now: Timestamp) -> Result<bool, StoreError> {
    call!("code.spend");
    let rows = c
        .prepare_cached("UPDATE code SET spent_at = ?2 WHERE id = ?1 AND spent_at IS NULL")?
        .execute((id, now.0))?;
    Ok(rows == 1)
}
