//! Invitations.

use domain::{AccountId, Timestamp};
use sqlite::{Connection, OptionalExtension};

use super::{StoreError, call};

/// Stores an invitation.
pub fn insert(
    c: &Connection,
    selector: &str,
    hash: &[u8; 32],
    account: AccountId,
    made_by: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), StoreError> {
    call!("invitation.insert");
    c.prepare_cached(
        "INSERT INTO invitation (selector, hash, account, made_by, made_at, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((selector, hash, account.0, made_by, now.0, until.0))?;
    Ok(())
}

/// Whether an invitation, used or not, has this selector.
pub fn is_taken(c: &Connection, selector: &str) -> Result<bool, StoreError> {
    Ok(c.prepare_cached("SELECT 1 FROM invitation WHERE selector = ?1")?
        .exists([selector])?)
}

/// The hash of the unused invitation with this selector for this account.
pub fn hash(
    c: &Connection,
    selector: &str,
    account: AccountId,
    now: Timestamp,
) -> Result<Option<[u8; 32]>, StoreError> {
    call!("invitation.hash");
    Ok(c.prepare_cached(
        "SELECT hash FROM invitation WHERE selector = ?1 AND account = ?2 AND used_at IS NULL AND until > ?3",
    )?
    .query_row((selector, account.0, now.0), |row| row.get(0))
    .optional()?)
}

/// Spends an invitation; false when it was spent before.
pub fn spend(c: &Connection, selector: &str, now: Timestamp) -> Result<bool, StoreError> {
    call!("invitation.spend");
    let rows = c
        .prepare_cached("UPDATE invitation SET used_at = ?2 WHERE selector = ?1 AND used_at IS NULL")?
        .execute((selector, now.0))?;
    Ok(rows == 1)
}
