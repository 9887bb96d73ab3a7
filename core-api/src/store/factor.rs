//! Enrolled factors and recovery codes.

use domain::{AccountId, Method, Timestamp};
use sqlite::{Connection, OptionalExtension, Row};

use super::{Id, StoreError, attempt, call};
use crate::keys::Locked;

/// A factor as stored.
#[derive(Debug, Clone)]
pub struct Factor {
    /// Its id, bound into its secret.
    pub id: Id,
    /// Whose it is.
    pub account: AccountId,
    /// What it serves.
    pub method: Method,
    /// What its owner recognises it by, masked.
    pub label: String,
    /// Its secret under the at-rest key.
    pub secret: Locked,
    /// When it was set up.
    pub since: Timestamp,
    /// When it begins to count; `None` while its confirmation is awaited.
    pub counts_from: Option<Timestamp>,
    /// The last authenticator step that was accepted.
    pub last_step: u64,
}

const COLUMNS: &str = "id, account, method, label, key_id, secret, since, counts_from, last_step";

/// Stores a factor.
pub fn insert(c: &Connection, factor: &Factor) -> Result<(), StoreError> {
    call!("factor.insert");
    c.prepare_cached(
        "INSERT INTO factor (id, account, method, label, key_id, secret, since, counts_from, last_step)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute((
        factor.id,
        factor.account.0,
        factor.method.name(),
        &factor.label,
        &factor.secret.key_id,
        &factor.secret.bytes,
        factor.since.0,
        factor.counts_from.map(|at| at.0),
        factor.last_step,
    ))?;
    Ok(())
}

/// Every factor of an account, those that await confirmation included, oldest first.
pub fn of_account(c: &Connection, account: AccountId) -> Result<Vec<Factor>, StoreError> {
    call!("factor.of_account");
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM factor WHERE account = ?1 ORDER BY since, id"
    ))?;
    let rows = statement.query_map([account.0], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// The factors of an account that serve a method and count now.
pub fn counting(
    c: &Connection,
    account: AccountId,
    method: Method,
    now: Timestamp,
) -> Result<Vec<Factor>, StoreError> {
    call!("factor.counting");
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM factor WHERE account = ?1 AND method = ?2 AND counts_from <= ?3 ORDER BY since, id"
    ))?;
    let rows = statement.query_map((account.0, method.name(), now.0), |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Accepts an authenticator step; false when this or a later one was accepted before.
pub fn accept_step(c: &Connection, id: &Id, step: u64) -> Result<bool, StoreError> {
    call!("factor.accept_step");
    let rows = c
        .prepare_cached("UPDATE factor SET last_step = ?2 WHERE id = ?1 AND last_step < ?2")?
        .execute((id, step))?;
    Ok(rows == 1)
}

/// Confirms a factor: it counts from then on, and what was guessed at an earlier one counts no more. False when there is none that awaits it.
pub fn confirm(c: &Connection, id: &Id, counts_from: Timestamp) -> Result<bool, StoreError> {
    call!("factor.confirm");
    let confirmed: Option<(AccountId, String)> = c
        .prepare_cached(
            "UPDATE factor SET counts_from = ?2 WHERE id = ?1 AND counts_from IS NULL RETURNING account, method",
        )?
        .query_row((id, counts_from.0), |row| Ok((AccountId(row.get(0)?), row.get(1)?)))
        .optional()?;
    if let Some((account, method)) = &confirmed {
        attempt::end_row(c, *account, method)?;
    }
    Ok(confirmed.is_some())
}

/// Removes a factor of an account; false when it has none with this id.
pub fn remove(c: &Connection, account: AccountId, id: &Id) -> Result<bool, StoreError> {
    call!("factor.remove");
    Ok(
        c.prepare_cached("DELETE FROM factor WHERE id = ?1 AND account = ?2")?
            .execute((id, account.0))?
            == 1,
    )
}

/// Removes the factors of a method that still await their confirmation.
pub fn remove_pending(c: &Connection, account: AccountId, method: Method) -> Result<(), StoreError> {
    call!("factor.remove_pending");
    c.prepare_cached("DELETE FROM factor WHERE account = ?1 AND method = ?2 AND counts_from IS NULL")?
        .execute((account.0, method.name()))?;
    Ok(())
}

/// Factors whose secret is under another key than this one, for re-wrapping.
pub fn under_other_key(c: &Connection, key_id: &str, most: u32) -> Result<Vec<Factor>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM factor WHERE key_id <> ?1 LIMIT ?2"
    ))?;
    let rows = statement.query_map((key_id, most), |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Replaces a secret by the same under another key.
pub fn rewrap(c: &Connection, id: &Id, secret: &Locked) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE factor SET key_id = ?2, secret = ?3 WHERE id = ?1")?
        .execute((id, &secret.key_id, &secret.bytes))?;
    Ok(())
}

/// Stores the hash of one recovery code.
pub fn insert_code(c: &Connection, factor: &Id, selector: &str, hash: &str) -> Result<(), StoreError> {
    call!("factor.insert_code");
    c.prepare_cached("INSERT INTO recovery_code (factor, selector, hash) VALUES (?1, ?2, ?3)")?
        .execute((factor, selector, hash))?;
    Ok(())
}

/// A sheet of recovery codes is void as soon as a newer one of the account counts.
const SUPERSEDED: &str = "EXISTS (SELECT 1 FROM factor AS newer
    WHERE newer.account = factor.account AND newer.method = factor.method AND newer.counts_from <= ?1
          AND (newer.since, newer.id) > (factor.since, factor.id))";

/// The unused recovery code of an account with this selector, of the sheet that counts: the sheet and the hash.
pub fn code_hash(
    c: &Connection,
    account: AccountId,
    selector: &str,
    now: Timestamp,
) -> Result<Option<(Id, String)>, StoreError> {
    call!("factor.code_hash");
    Ok(c.prepare_cached(&format!(
        "SELECT factor.id, recovery_code.hash FROM recovery_code JOIN factor ON factor.id = recovery_code.factor
         WHERE factor.account = ?2 AND recovery_code.selector = ?3 AND recovery_code.used_at IS NULL
               AND factor.counts_from <= ?1 AND NOT {SUPERSEDED}",
    ))?
    .query_row((now.0, account.0, selector), |row| Ok((row.get(0)?, row.get(1)?)))
    .optional()?)
}

/// Up to `most` sheets of recovery codes that a newer one has made void.
pub fn void_sheets(c: &Connection, now: Timestamp, most: u32) -> Result<Vec<Factor>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM factor WHERE method = ?2 AND counts_from IS NOT NULL AND {SUPERSEDED} LIMIT ?3"
    ))?;
    let rows = statement.query_map((now.0, Method::RecoveryCode.name(), most), |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Spends a recovery code; false when it was spent before.
pub fn spend_code(c: &Connection, factor: &Id, selector: &str, now: Timestamp) -> Result<bool, StoreError> {
    call!("factor.spend_code");
    let rows = c
        .prepare_cached(
            "UPDATE recovery_code SET used_at = ?3 WHERE factor = ?1 AND selector = ?2 AND used_at IS NULL",
        )?
        .execute((factor, selector, now.0))?;
    Ok(rows == 1)
}

/// How many recovery codes of a sheet are unused.
pub fn codes_left(c: &Connection, factor: &Id) -> Result<u32, StoreError> {
    call!("factor.codes_left");
    Ok(
        c.prepare_cached("SELECT count(*) FROM recovery_code WHERE factor = ?1 AND used_at IS NULL")?
            .query_row([factor], |row| row.get(0))?,
    )
}

fn read(row: &Row<'_>) -> Result<Factor, StoreError> {
    let method: String = row.get("method")?;
    Ok(Factor {
        id: row.get("id")?,
        account: AccountId(row.get("account")?),
        method: serde_json::from_value(serde_json::Value::from(method))?,
        label: row.get("label")?,
        secret: Locked {
            key_id: row.get("key_id")?,
            bytes: row.get("secret")?,
        },
        since: Timestamp(row.get("since")?),
        counts_from: row.get::<_, Option<i64>>("counts_from")?.map(Timestamp),
        last_step: row.get("last_step")?,
    })
}
