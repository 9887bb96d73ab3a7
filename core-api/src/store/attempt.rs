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

/// Writes down one try of a password.
pub fn add_password(
    c: &Connection,
    account: AccountId,
    correct: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    add_named(c, account, PASSWORD, correct, now)
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
