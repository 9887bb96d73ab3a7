//! Commands that were carried out, so that a repetition does nothing more.

use contract::sync::{Commanded, Token};
use sqlite::{Connection, OptionalExtension};

use crate::site::SiteError;

/// What was answered to this command.
pub(crate) fn answer(c: &Connection, id: Token) -> Result<Option<Commanded>, SiteError> {
    let answer: Option<String> = c
        .prepare_cached("SELECT answer FROM command WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?;
    answer
        .map(|answer| Ok(serde_json::from_str(&answer)?))
        .transpose()
}

/// Keeps the answer. Commands are [forgotten](forget) in the order of their `at`.
pub(crate) fn insert(c: &Connection, id: Token, answer: Commanded, at: i64) -> Result<(), SiteError> {
    c.prepare_cached("INSERT INTO command (id, at, answer) VALUES (?1, ?2, ?3)")?
        .execute((id.as_bytes(), at, serde_json::to_string(&answer)?))?;
    Ok(())
}

/// Forgets commands from before this moment, at most so many.
pub(crate) fn forget(c: &Connection, before: i64, most: u32) -> Result<usize, SiteError> {
    let forgotten = c
        .prepare_cached("DELETE FROM command WHERE id IN (SELECT id FROM command WHERE at < ?1 LIMIT ?2)")?
        .execute((before, most))?;
    Ok(forgotten)
}

/// Whether there are more commands than so many that found no message.
pub(crate) fn are_more_unknown_than(c: &Connection, count: u32) -> Result<bool, SiteError> {
    let are = c
        .prepare_cached(
            r#"SELECT EXISTS (SELECT 1 FROM command WHERE answer = '"unknown"' LIMIT 1 OFFSET ?1)"#,
        )?
        .query_row([count], |row| row.get(0))?;
    Ok(are)
}

/// Whether there is a command from before this moment.
pub(crate) fn any_before(c: &Connection, before: i64) -> Result<bool, SiteError> {
    let any = c
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM command WHERE at < ?1)")?
        .query_row([before], |row| row.get(0))?;
    Ok(any)
}
