//! Tries of proofs, for budgets over all recoveries of an account.

use std::time::Duration;

use domain::{AccountId, Method, Timestamp};
use sqlite::Connection;

use super::{StoreError, call};

/// The name under which wrong *passwords* are counted, which are no method of proof.
pub const PASSWORD: &str = "password";

/// Writes down one try.
pub fn add(
    c: &Connection,
    account: AccountId,
    method: Method,
    correct: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    add_named(c, account, method.name(), correct, now)
}

/// Counts a try of a password as wrong, before it is made; gives the row, to be excused.
pub fn count_password(c: &Connection, account: AccountId, now: Timestamp) -> Result<i64, StoreError> {
    add_named(c, account, PASSWORD, false, now)?;
    Ok(c.last_insert_rowid())
}

/// The counted try was right, or was never made.
pub fn excuse(c: &Connection, row: i64) -> Result<(), StoreError> {
    call!("attempt.excuse");
    c.prepare_cached("UPDATE attempt SET correct = 1 WHERE rowid = ?1")?
        .execute([row])?;
    Ok(())
}

fn add_named(
    c: &Connection,
    account: AccountId,
    name: &str,
    correct: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    call!("attempt.add");
    c.prepare_cached("INSERT INTO attempt (account, method, at, correct) VALUES (?1, ?2, ?3, ?4)")?
        .execute((account.0, name, now.0, correct))?;
    Ok(())
}

/// Wrong tries of a method within the last `span`.
pub fn wrong(
    c: &Connection,
    account: AccountId,
    method: Method,
    span: Duration,
    now: Timestamp,
) -> Result<u32, StoreError> {
    wrong_named(c, account, method.name(), span, now)
}

/// Wrong passwords within the last `span`.
pub fn wrong_passwords(
    c: &Connection,
    account: AccountId,
    span: Duration,
    now: Timestamp,
) -> Result<u32, StoreError> {
    wrong_named(c, account, PASSWORD, span, now)
}

fn wrong_named(
    c: &Connection,
    account: AccountId,
    name: &str,
    span: Duration,
    now: Timestamp,
) -> Result<u32, StoreError> {
    call!("attempt.wrong");
    Ok(c.prepare_cached(
        "SELECT count(*) FROM attempt WHERE account = ?1 AND method = ?2 AND at > ?3 AND correct = 0",
    )?
    .query_row((account.0, name, now.minus(span).0), |row| row.get(0))?)
}
