//! Tries of proofs, for budgets over all recoveries of an account.

use std::time::Duration;

use domain::{AccountId, Method, Timestamp};
use sqlite::{Connection, OptionalExtension};

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
    if correct {
        end_row(c, account, method.name())?;
    } else if method.is_guessable() {
        lengthen_row(c, account, method, now)?;
    }
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

/// Wrong tries of a guessable method since it was last right, or set up anew.
pub fn wrong_in_a_row(c: &Connection, account: AccountId, method: Method) -> Result<u32, StoreError> {
    call!("attempt.wrong_in_a_row");
    let mut tries = c.prepare_cached("SELECT tries FROM wrong_row WHERE account = ?1 AND method = ?2")?;
    let tries = tries
        .query_row((account.0, method.name()), |row| row.get(0))
        .optional()?;
    Ok(tries.unwrap_or(0))
}

/// Ends the row of wrong tries of a method.
pub(super) fn end_row(c: &Connection, account: AccountId, method: &str) -> Result<(), StoreError> {
    c.prepare_cached("DELETE FROM wrong_row WHERE account = ?1 AND method = ?2")?
        .execute((account.0, method))?;
    Ok(())
}

fn lengthen_row(
    c: &Connection,
    account: AccountId,
    method: Method,
    now: Timestamp,
) -> Result<(), StoreError> {
    c.prepare_cached(
        "INSERT INTO wrong_row (account, method, tries, last_at) VALUES (?1, ?2, 1, ?3)
         ON CONFLICT (account, method) DO UPDATE SET tries = tries + 1, last_at = excluded.last_at",
    )?
    .execute((account.0, method.name(), now.0))?;
    Ok(())
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
