//! Bodies on their way to a site, kept until its receipt is here.

use domain::Timestamp;
use sqlite::{Connection, OptionalExtension};

use super::site::Site;
use super::{Id, StoreError, call};

/// A body that waits.
#[derive(Clone)]
pub struct Push {
    /// The message.
    pub message: Id,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// What is pushed, as it stands.
    pub body: Vec<u8>,
}

/// Keeps the body of a message that was just inserted.
pub fn insert(
    c: &Connection,
    message: &Id,
    site: &str,
    digest: &[u8; 32],
    body: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    call!("push.insert");
    let length = i64::try_from(body.len()).unwrap_or(i64::MAX);
    c.prepare_cached(
        "INSERT INTO push (message, site, made_at, size, digest, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((message, site, now.0, length, digest, body))?;
    Ok(())
}

/// Takes the oldest bodies for a site, up to `most` of them and `bytes` together (but one always), only such that are
/// smaller than `below`, and notes that they were tried: from now on the site may have them.
pub fn take(
    c: &Connection,
    site: &Site,
    most: u32,
    bytes: u64,
    below: Option<u64>,
) -> Result<Vec<Push>, StoreError> {
    let mut chosen = c.prepare_cached(
        "SELECT message, size FROM push WHERE site = ?1 AND (?3 IS NULL OR size < ?3) ORDER BY made_at LIMIT ?2",
    )?;
    let mut rows = chosen.query((&site.name, most, below))?;
    let (mut ids, mut total) = (Vec::new(), 0_u64);
    while let Some(row) = rows.next()? {
        let (id, length): (Id, u64) = (row.get(0)?, row.get(1)?);
        total = total.saturating_add(length);
        if !ids.is_empty() && total > bytes {
            break;
        }
        ids.push(id);
    }
    let mut tried = c.prepare_cached(
        "UPDATE push SET tried_in = coalesce(tried_in, ?2) WHERE message = ?1 RETURNING message, digest, body",
    )?;
    ids.iter()
        .map(|id| {
            let push = tried.query_row((id, site.epoch), |row| {
                Ok(Push {
                    message: row.get(0)?,
                    digest: row.get(1)?,
                    body: row.get(2)?,
                })
            })?;
            Ok(push)
        })
        .collect()
}

/// Whether a body waits, and if so whether it was ever tried.
pub fn was_tried(c: &Connection, message: &Id) -> Result<Option<bool>, StoreError> {
    Ok(
        c.prepare_cached("SELECT tried_in IS NOT NULL FROM push WHERE message = ?1")?
            .query_row([message], |row| row.get(0))
            .optional()?,
    )
}

/// Erases a body: it has arrived, or never shall.
pub fn erase(c: &Connection, message: &Id) -> Result<(), StoreError> {
    c.prepare_cached("DELETE FROM push WHERE message = ?1")?
        .execute([message])?;
    Ok(())
}

/// What waits, in bytes: of one sender, and of all.
pub fn bytes(c: &Connection, sender: &str) -> Result<(u64, u64), StoreError> {
    Ok(c.prepare_cached(
        "SELECT coalesce(sum(push.size) FILTER (WHERE message.sender = ?1), 0), coalesce(sum(push.size), 0)
         FROM push JOIN message ON message.id = push.message",
    )?
    .query_row([sender], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// How many bodies wait for a site.
pub fn waiting(c: &Connection, site: &str) -> Result<u64, StoreError> {
    Ok(c.prepare_cached("SELECT count(*) FROM push WHERE site = ?1")?
        .query_row([site], |row| row.get(0))?)
}

/// Up to `most` messages for a site that were never tried and whose time was over before `now`: they will never be
/// sent, and were certainly not.
pub fn too_late(c: &Connection, site: &str, now: Timestamp, most: u32) -> Result<Vec<Id>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT push.message FROM push JOIN message ON message.id = push.message
         WHERE push.site = ?1 AND push.tried_in IS NULL AND message.expires_at <= ?2 LIMIT ?3",
    )?;
    let rows = statement.query_map((site, now.0, most), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
