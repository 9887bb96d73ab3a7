//! Accounts whose self-service is stopped, and the tokens of the links that stop it.

use domain::{AccountId, Timestamp};
use sqlite::{Connection, OptionalExtension};

use super::{StoreError, call};

/// Whether self-service of an account is stopped.
pub fn is_frozen(c: &Connection, account: AccountId) -> Result<bool, StoreError> {
    call!("freeze.is_frozen");
    Ok(c.prepare_cached("SELECT 1 FROM freeze WHERE account = ?1")?
        .exists([account.0])?)
}

/// Stops self-service of an account; the first reason stays. Its other links have no use any more.
pub fn set(c: &Connection, account: AccountId, why: &str, now: Timestamp) -> Result<(), StoreError> {
    c.prepare_cached("INSERT INTO freeze (account, at, why) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute((account.0, now.0, why))?;
    void_tokens(c, account)
}

fn void_tokens(c: &Connection, account: AccountId) -> Result<(), StoreError> {
    c.prepare_cached("DELETE FROM not_me WHERE account = ?1")?
        .execute([account.0])?;
    Ok(())
}

/// Lifts it; false when there was none. Links from before must not set it again.
pub fn lift(c: &Connection, account: AccountId) -> Result<bool, StoreError> {
    void_tokens(c, account)?;
    Ok(c.prepare_cached("DELETE FROM freeze WHERE account = ?1")?
        .execute([account.0])?
        == 1)
}

/// Stores the hash of a link's token.
pub fn insert_token(
    c: &Connection,
    hash: &[u8; 32],
    account: AccountId,
    until: Timestamp,
) -> Result<(), StoreError> {
    c.prepare_cached("INSERT INTO not_me (hash, account, until) VALUES (?1, ?2, ?3)")?
        .execute((hash, account.0, until.0))?;
    Ok(())
}

/// The account of a link's token, which is used up.
pub fn take_token(c: &Connection, hash: &[u8; 32], now: Timestamp) -> Result<Option<AccountId>, StoreError> {
    Ok(
        c.prepare_cached("DELETE FROM not_me WHERE hash = ?1 AND until > ?2 RETURNING account")?
            .query_row((hash, now.0), |row| Ok(AccountId(row.get(0)?)))
            .optional()?,
    )
}

/// The account of a link's token, which stays good.
pub fn account_of_token(
    c: &Connection,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<AccountId>, StoreError> {
    Ok(
        c.prepare_cached("SELECT account FROM not_me WHERE hash = ?1 AND until > ?2")?
            .query_row((hash, now.0), |row| Ok(AccountId(row.get(0)?)))
            .optional()?,
    )
}
