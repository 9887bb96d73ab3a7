//! At how many accounts somebody failed within an hour, by network, by portal and over all.
//!
//! Each account is counted once an hour and scope, when it first fails; so a count is kept and never computed, however
//! many failures there are.

use std::time::Duration;

use domain::{AccountId, Timestamp};
use sqlite::{Connection, OptionalExtension};

use super::{StoreError, call};

const HOUR: Duration = Duration::from_hours(1);

/// Counts a failure at an account. Gives the number of accounts if this one is new within the hour, so that whoever
/// waits for a number sees it once.
pub fn count(
    c: &Connection,
    scope: &[u8],
    account: AccountId,
    now: Timestamp,
) -> Result<Option<u32>, StoreError> {
    call!("spray.count");
    let hour = hour(now);
    let is_new = c
        .prepare_cached(
            "INSERT INTO sprayed (scope, hour, account) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute((scope, hour, account.0))?
        == 1;
    if !is_new {
        return Ok(None);
    }
    Ok(c.prepare_cached(
        "INSERT INTO spray (scope, hour, accounts) VALUES (?1, ?2, 1)
         ON CONFLICT (scope, hour) DO UPDATE SET accounts = accounts + 1 RETURNING accounts",
    )?
    .query_row((scope, hour), |row| row.get(0))
    .optional()?)
}

/// Begins a scope's count of this hour anew.
pub fn forget(c: &Connection, scope: &[u8], now: Timestamp) -> Result<(), StoreError> {
    for table in ["sprayed", "spray"] {
        c.prepare_cached(&format!("DELETE FROM {table} WHERE scope = ?1 AND hour = ?2"))?
            .execute((scope, hour(now)))?;
    }
    Ok(())
}

/// The beginning of the hour.
fn hour(now: Timestamp) -> i64 {
    let hour = i64::try_from(HOUR.as_millis()).expect("an hour is short");
    now.0.div_euclid(hour) * hour
}
