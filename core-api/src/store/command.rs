//! What is to be done to messages on a site, until the site answered.

use contract::sync::{Commanded, Order};
use domain::Timestamp;
use sqlite::{Connection, OptionalExtension, Row};

use super::message::Message;
use super::{Id, StoreError, call};

/// A command as it is kept.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its own id: repeated under it, it is done once.
    pub id: Id,
    /// The message.
    pub message: Id,
    /// What.
    pub order: Order,
    /// What the site said; `None` while it waits.
    pub answer: Option<Commanded>,
}

/// A message on one site. One that should not be there may well live on another: what is ordered for it here is not
/// meant there.
#[derive(Debug, Clone, Copy)]
pub struct On<'a> {
    /// The message.
    pub message: &'a Id,
    /// The site's name.
    pub site: &'a str,
}

impl<'a> On<'a> {
    /// The message where it belongs.
    pub fn its_site(message: &'a Message) -> Self {
        Self {
            message: &message.id,
            site: &message.site,
        }
    }
}

/// Queues one. Wake the sites once the transaction is committed.
pub fn insert(
    c: &Connection,
    id: &Id,
    message: &Id,
    site: &str,
    order: Order,
    now: Timestamp,
) -> Result<(), StoreError> {
    call!("command.insert");
    c.prepare_cached("INSERT INTO command (id, message, site, made_at, wanted) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((id, message, site, now.0, serde_json::to_string(&order)?))?;
    Ok(())
}

/// The command with this id, for whoever waits for its answer.
pub fn by_id(c: &Connection, id: &Id) -> Result<Option<Command>, StoreError> {
    c.prepare_cached("SELECT id, message, wanted, answer FROM command WHERE id = ?1")?
        .query_row([id], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// The oldest `most` commands for a site that wait, but for messages that are still on their way there.
pub fn waiting(c: &Connection, site: &str, most: u32) -> Result<Vec<Command>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT id, message, wanted, answer FROM command
         WHERE site = ?1 AND answered_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM push WHERE push.message = command.message AND push.site = ?1)
         ORDER BY made_at, rowid LIMIT ?2",
    )?;
    statement
        .query_map((site, most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Whether the same is on its way already.
pub fn waits(c: &Connection, on: On<'_>, order: Order) -> Result<bool, StoreError> {
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM command
                        WHERE message = ?1 AND site = ?2 AND wanted = ?3 AND answered_at IS NULL)",
    )?
    .query_row((on.message, on.site, serde_json::to_string(&order)?), |row| {
        row.get(0)
    })?)
}

/// What waits for a message, the youngest first.
pub fn waiting_for(c: &Connection, on: On<'_>) -> Result<Vec<Command>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT id, message, wanted, answer FROM command
         WHERE message = ?1 AND site = ?2 AND answered_at IS NULL
         ORDER BY made_at DESC, rowid DESC",
    )?;
    statement
        .query_map((on.message, on.site), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Whether exactly this was ever ordered, as long as it is remembered.
pub fn was_ordered(c: &Connection, on: On<'_>, order: Order) -> Result<bool, StoreError> {
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM command WHERE message = ?1 AND site = ?2 AND wanted = ?3)",
    )?
    .query_row((on.message, on.site, serde_json::to_string(&order)?), |row| {
        row.get(0)
    })?)
}

/// Keeps the answer; `false` if there is one already.
pub fn answer(c: &Connection, id: &Id, answer: Commanded, now: Timestamp) -> Result<bool, StoreError> {
    let kept = c
        .prepare_cached(
            "UPDATE command SET answer = ?2, answered_at = ?3 WHERE id = ?1 AND answered_at IS NULL",
        )?
        .execute((id, serde_json::to_string(&answer)?, now.0))?;
    Ok(kept == 1)
}

fn read(row: &Row<'_>) -> Result<Command, StoreError> {
    let answer: Option<String> = row.get("answer")?;
    Ok(Command {
        id: row.get("id")?,
        message: row.get("message")?,
        order: serde_json::from_str(&row.get::<_, String>("wanted")?)?,
        answer: answer.map(|answer| serde_json::from_str(&answer)).transpose()?,
    })
}
