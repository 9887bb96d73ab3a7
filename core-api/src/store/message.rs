//! One-time messages, without what is in them.

use domain::Timestamp;
use domain::message::Message as State;
use sqlite::{Connection, OptionalExtension, Row};

use super::{Id, StoreError, call};
use crate::keys::Locked;

/// A message that begins.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// As in its link.
    pub id: Id,
    /// The site that shall hold it.
    pub site: String,
    /// Who sends it: a user of this host, or a peer by its name.
    pub sender: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Its state.
    pub state: State,
    /// For whom, why and whom to tell; sealed for its id.
    pub details: Locked,
    /// The link that is to be mailed; sealed for its id.
    pub secret: Option<Locked>,
}

/// A message as it is kept.
#[derive(Debug, Clone)]
pub struct Message {
    /// As in its link.
    pub id: Id,
    /// The site that holds it.
    pub site: String,
    /// In which epoch the site took it, or may have taken what is not pushed any more; `None` until then.
    pub epoch: Option<u64>,
    /// Who sent it.
    pub sender: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When its receipt came.
    pub stored_at: Option<Timestamp>,
    /// When it ended, by our clock.
    pub ended_at: Option<Timestamp>,
    /// Its state.
    pub state: State,
    /// For whom, why and whom to tell.
    pub details: Locked,
    /// The link that is to be mailed, until the letter is queued.
    pub secret: Option<Locked>,
}

const COLUMNS: &str = "id, site, epoch, sender, made_at, expires_at, stored_at, ended_at, state, key_id, details, \
                       secret_key_id, secret";

/// Keeps a message. Its body goes to [`push`](super::push) in the same transaction.
pub fn insert(c: &Connection, new: &NewMessage) -> Result<(), StoreError> {
    call!("message.insert");
    c.prepare_cached(
        "INSERT INTO message (id, site, sender, made_at, expires_at, stage, state, key_id, details, secret_key_id, secret)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute((
        new.id,
        &new.site,
        &new.sender,
        new.made_at.0,
        new.expires_at.0,
        new.state.stage(),
        serde_json::to_string(&new.state)?,
        &new.details.key_id,
        &new.details.bytes,
        new.secret.as_ref().map(|secret| &secret.key_id),
        new.secret.as_ref().map(|secret| &secret.bytes),
    ))?;
    Ok(())
}

/// The message with this id.
pub fn by_id(c: &Connection, id: &Id) -> Result<Option<Message>, StoreError> {
    c.prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE id = ?1"))?
        .query_row([id], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// The youngest `most` messages of a sender, or of everybody; of those that were made before `before`, if it is named.
pub fn list(
    c: &Connection,
    sender: Option<&str>,
    before: Option<&Id>,
    most: u32,
) -> Result<Vec<Message>, StoreError> {
    let of = if sender.is_some() {
        "sender = ?1"
    } else {
        "?1 IS NULL"
    };
    // Several are made at once, so that the time alone would tear them apart.
    let older = if before.is_some() {
        "(made_at, rowid) < (SELECT made_at, rowid FROM message WHERE id = ?2)"
    } else {
        "?2 IS NULL"
    };
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message WHERE {of} AND {older} ORDER BY made_at DESC, rowid DESC LIMIT ?3"
    ))?;
    statement
        .query_map((sender, before, most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Keeps a new state; `ended_at` is set with the first that is an end.
pub fn set_state(c: &Connection, id: &Id, state: &State, now: Timestamp) -> Result<(), StoreError> {
    c.prepare_cached(
        "UPDATE message SET state = ?2, stage = ?3,
                ended_at = CASE WHEN ?4 THEN coalesce(ended_at, ?5) ELSE ended_at END
         WHERE id = ?1",
    )?
    .execute((
        id,
        serde_json::to_string(state)?,
        state.stage(),
        state.ended().is_some(),
        now.0,
    ))?;
    Ok(())
}

/// Keeps that the site took it, in which epoch.
pub fn set_stored(c: &Connection, id: &Id, epoch: u64, now: Timestamp) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE message SET epoch = ?2, stored_at = coalesce(stored_at, ?3) WHERE id = ?1")?
        .execute((id, epoch, now.0))?;
    Ok(())
}

/// Keeps the epoch in which its body was first tried: it may be there, though the body is not kept any more.
pub fn set_tried(c: &Connection, id: &Id) -> Result<(), StoreError> {
    c.prepare_cached(
        "UPDATE message SET epoch = coalesce(epoch, (SELECT tried_in FROM push WHERE push.message = message.id))
         WHERE id = ?1",
    )?
    .execute([id])?;
    Ok(())
}

/// Keeps another end.
pub fn set_expiry(c: &Connection, id: &Id, expires_at: Timestamp) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE message SET expires_at = ?2 WHERE id = ?1")?
        .execute((id, expires_at.0))?;
    Ok(())
}

/// Erases the link that was to be mailed: its letter is queued, or there will be none.
pub fn erase_secret(c: &Connection, id: &Id) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE message SET secret = NULL, secret_key_id = NULL WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Up to `most` messages of a site that have not ended though their time was over before `before`.
pub fn overdue(c: &Connection, site: &str, before: Timestamp, most: u32) -> Result<Vec<Message>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE site = ?1 AND ended_at IS NULL AND expires_at < ?2 ORDER BY expires_at LIMIT ?3"
    ))?;
    statement
        .query_map((site, before.0, most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Up to `most` messages that a site may have had in an epoch before its present one, and that have not ended.
pub fn of_former_epoch(c: &Connection, site: &str, most: u32) -> Result<Vec<Message>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT message.* FROM message JOIN site ON site.name = message.site LEFT JOIN push ON push.message = message.id
         WHERE message.site = ?1 AND message.ended_at IS NULL
           AND (message.epoch < site.epoch OR (message.epoch IS NULL AND push.tried_in < site.epoch))
         LIMIT ?2",
    )?;
    statement
        .query_map((site, most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Up to `most` messages of a site that have not ended.
pub fn not_ended(c: &Connection, site: &str, most: u32) -> Result<Vec<Message>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message WHERE site = ?1 AND ended_at IS NULL LIMIT ?2"
    ))?;
    statement
        .query_map((site, most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Those that may be on the site and have not ended, in the order of ids after `after`: of each, when its receipt
/// came. What was never tried to be pushed is not among them.
pub fn perhaps_on_site(
    c: &Connection,
    site: &str,
    after: &Id,
    most: u32,
) -> Result<Vec<(Id, Option<Timestamp>)>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT id, stored_at FROM message WHERE site = ?1 AND ended_at IS NULL AND id > ?2
         AND NOT EXISTS (SELECT 1 FROM push WHERE push.message = message.id AND tried_in IS NULL)
         ORDER BY id LIMIT ?3",
    )?;
    let rows = statement.query_map((site, after, most), |row| {
        Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(Timestamp)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Up to `most` messages whose details or link are under another key than this one.
pub fn under_other_key(c: &Connection, key_id: &str, most: u32) -> Result<Vec<Message>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message WHERE key_id != ?1 OR secret_key_id != ?1 LIMIT ?2"
    ))?;
    statement
        .query_map((key_id, most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Keeps the same secrets under another key.
pub fn rewrap(c: &Connection, id: &Id, details: &Locked, secret: Option<&Locked>) -> Result<(), StoreError> {
    c.prepare_cached(
        "UPDATE message SET key_id = ?2, details = ?3, secret_key_id = ?4, secret = ?5 WHERE id = ?1",
    )?
    .execute((
        id,
        &details.key_id,
        &details.bytes,
        secret.map(|secret| &secret.key_id),
        secret.map(|secret| &secret.bytes),
    ))?;
    Ok(())
}

/// How many messages of a site have not ended.
pub fn living(c: &Connection, site: &str) -> Result<u64, StoreError> {
    Ok(
        c.prepare_cached("SELECT count(*) FROM message WHERE site = ?1 AND ended_at IS NULL")?
            .query_row([site], |row| row.get(0))?,
    )
}

fn read(row: &Row<'_>) -> Result<Message, StoreError> {
    let moment = |at: &str| row.get::<_, Option<i64>>(at).map(|ms| ms.map(Timestamp));
    let secret: Option<Vec<u8>> = row.get("secret")?;
    Ok(Message {
        id: row.get("id")?,
        site: row.get("site")?,
        epoch: row.get("epoch")?,
        sender: row.get("sender")?,
        made_at: Timestamp(row.get("made_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
        stored_at: moment("stored_at")?,
        ended_at: moment("ended_at")?,
        state: serde_json::from_str(&row.get::<_, String>("state")?)?,
        details: Locked {
            key_id: row.get("key_id")?,
            bytes: row.get("details")?,
        },
        secret: row
            .get::<_, Option<String>>("secret_key_id")?
            .zip(secret)
            .map(|(key_id, bytes)| Locked { key_id, bytes }),
    })
}
