//! Readings that were taken, until their leases are over.

use sqlite::{Connection, OptionalExtension};

use crate::site::SiteError;

/// Until when the reader with this claim may ask again.
pub(crate) fn until(c: &Connection, message: i64, claim: &[u8; 32]) -> Result<Option<i64>, SiteError> {
    let until = c
        .prepare_cached("SELECT until FROM claim WHERE message = ?1 AND claim = ?2")?
        .query_row((message, claim), |row| row.get(0))
        .optional()?;
    Ok(until)
}

/// The last moment at which any reader of a message may ask again.
pub(crate) fn last_until(c: &Connection, message: i64) -> Result<Option<i64>, SiteError> {
    let last = c
        .prepare_cached("SELECT max(until) FROM claim WHERE message = ?1")?
        .query_row([message], |row| row.get(0))?;
    Ok(last)
}

/// A reading is taken.
pub(crate) fn insert(c: &Connection, message: i64, claim: &[u8; 32], until: i64) -> Result<(), SiteError> {
    c.prepare_cached("INSERT OR REPLACE INTO claim (message, claim, until) VALUES (?1, ?2, ?3)")?
        .execute((message, claim, until))?;
    Ok(())
}

/// A reading is over; whether there was one.
pub(crate) fn remove(c: &Connection, message: i64, claim: &[u8; 32]) -> Result<bool, SiteError> {
    let removed = c
        .prepare_cached("DELETE FROM claim WHERE message = ?1 AND claim = ?2")?
        .execute((message, claim))?;
    Ok(removed == 1)
}

/// The leases of a message that are over need not be remembered.
pub(crate) fn remove_until(c: &Connection, message: i64, now: i64) -> Result<(), SiteError> {
    c.prepare_cached("DELETE FROM claim WHERE message = ?1 AND until <= ?2")?
        .execute((message, now))?;
    Ok(())
}

/// A message has ended.
pub(crate) fn remove_all(c: &Connection, message: i64) -> Result<(), SiteError> {
    c.prepare_cached("DELETE FROM claim WHERE message = ?1")?
        .execute([message])?;
    Ok(())
}
