//! Writes to the directory: intents and their outcomes.

use domain::policy::Action;
use domain::{AccountId, OperationId, Timestamp};
use serde::{Deserialize, Serialize};
use sqlite::{Connection, OptionalExtension, Row};

use super::{Id, StoreError, call, pause};

/// What was asked of the directory, or was refused before it was asked.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its id, also in the permit and the audit.
    pub id: OperationId,
    /// The recovery that it belongs to.
    pub recovery: Id,
    /// The page's idempotency key.
    pub idempotency: String,
    /// The account.
    pub account: AccountId,
    /// What was asked for.
    pub action: Action,
    /// Whether the lock goes along with a reset.
    pub unlock_too: bool,
    /// The reference of the request that asked.
    pub reference: String,
    /// The portal that it came through.
    pub portal: String,
    /// What the directory showed before: JSON of `directory::Evidence`.
    pub evidence: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// How it went; `None` while nobody knows.
    pub outcome: Option<Outcome>,
}

/// How an operation went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused, by us before asking or by the directory; what the page shows.
    Refused {
        /// The reason.
        refused: contract::recovery::Refused,
    },
    /// It was found not to have been done after an answer was lost.
    NotDone,
    /// It could not be found out within the time in which it can be.
    NeverKnown,
}

const COLUMNS: &str =
    "id, recovery, idempotency, account, action, unlock_too, reference, portal, evidence, asked_at, outcome";

/// Stores an operation; it must not exist yet.
pub fn insert(c: &Connection, operation: &Operation) -> Result<(), StoreError> {
    call!("operation.insert");
    let outcome = operation
        .outcome
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    c.prepare_cached(
        "INSERT INTO operation (id, recovery, idempotency, account, action, unlock_too, reference, portal, evidence,
                                asked_at, outcome, answered_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, iif(?11 IS NULL, NULL, ?10))",
    )?
    .execute((
        operation.id.0,
        operation.recovery,
        &operation.idempotency,
        operation.account.0,
        operation.action.name(),
        operation.unlock_too,
        &operation.reference,
        &operation.portal,
        &operation.evidence,
        operation.asked_at.0,
        outcome,
    ))?;
    Ok(())
}

/// The operation that a recovery's page asked for under this key.
pub fn by_key(c: &Connection, recovery: &Id, idempotency: &str) -> Result<Option<Operation>, StoreError> {
    call!("operation.by_key");
    c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE recovery = ?1 AND idempotency = ?2"
    ))?
    .query_row((recovery, idempotency), |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// The operation with this id.
pub fn by_id(c: &Connection, id: OperationId) -> Result<Option<Operation>, StoreError> {
    call!("operation.by_id");
    c.prepare_cached(&format!("SELECT {COLUMNS} FROM operation WHERE id = ?1"))?
        .query_row([id.0], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// The last operation of a recovery.
pub fn last_of(c: &Connection, recovery: &Id) -> Result<Option<Operation>, StoreError> {
    call!("operation.last_of");
    c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE recovery = ?1 ORDER BY asked_at DESC, rowid DESC LIMIT 1"
    ))?
    .query_row([recovery], |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// Operations without an outcome that were asked before `before`.
pub fn open_since(c: &Connection, before: Timestamp) -> Result<Vec<Operation>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE outcome IS NULL AND asked_at <= ?1 ORDER BY asked_at"
    ))?;
    let rows = statement.query_map([before.0], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Operations of an account that nobody knows the outcome of.
pub fn in_flight(c: &Connection, account: AccountId) -> Result<u32, StoreError> {
    call!("operation.in_flight");
    Ok(
        c.prepare_cached("SELECT count(*) FROM operation WHERE account = ?1 AND outcome IS NULL")?
            .query_row([account.0], |row| row.get(0))?,
    )
}

/// How often an action was done to an account, or may have been, since a moment.
pub fn done_since(
    c: &Connection,
    account: AccountId,
    action: Action,
    since: Timestamp,
) -> Result<u32, StoreError> {
    call!("operation.done_since");
    Ok(c.prepare_cached(
        "SELECT count(*) FROM operation WHERE account = ?1 AND action = ?2 AND asked_at > ?3
         AND (outcome IS NULL OR outcome ->> 'result' IN ('done', 'never-known'))",
    )?
    .query_row((account.0, action.name(), since.0), |row| row.get(0))?)
}

/// How much was done, or may have been, through a portal since a moment and since it was last resumed, whatever it
/// was: who resumes a portal has seen what it did.
pub fn done_through(c: &Connection, portal: &str, since: Timestamp) -> Result<u32, StoreError> {
    call!("operation.done_through");
    let since = since.max(pause::resumed_at(c, portal)?);
    Ok(c.prepare_cached(
        "SELECT count(*) FROM operation WHERE portal = ?1 AND asked_at > ?2
         AND (outcome IS NULL OR outcome ->> 'result' IN ('done', 'never-known'))",
    )?
    .query_row((portal, since.0), |row| row.get(0))?)
}

/// Settles an operation; false when somebody else did.
pub fn settle(
    c: &Connection,
    id: OperationId,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<bool, StoreError> {
    call!("operation.settle");
    let rows = c
        .prepare_cached(
            "UPDATE operation SET outcome = ?2, answered_at = ?3 WHERE id = ?1 AND outcome IS NULL",
        )?
        .execute((id.0, serde_json::to_string(outcome)?, now.0))?;
    Ok(rows == 1)
}

fn read(row: &Row<'_>) -> Result<Operation, StoreError> {
    let action: String = row.get("action")?;
    let outcome: Option<String> = row.get("outcome")?;
    Ok(Operation {
        id: OperationId(row.get("id")?),
        recovery: row.get("recovery")?,
        idempotency: row.get("idempotency")?,
        account: AccountId(row.get("account")?),
        action: serde_json::from_value(serde_json::Value::from(action))?,
        unlock_too: row.get("unlock_too")?,
        reference: row.get("reference")?,
        portal: row.get("portal")?,
        evidence: row.get("evidence")?,
        asked_at: Timestamp(row.get("asked_at")?),
        outcome: outcome.map(|text| serde_json::from_str(&text)).transpose()?,
    })
}
