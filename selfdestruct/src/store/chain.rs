//! The journal of a site: events, the end of their chain, and the ratcheting key.

use contract::sync::{Digest, Event, Stored, What};
use journal::{Chain, Hash, Link, Ratchet};
use sqlite::{Connection, OptionalExtension};

use crate::site::SiteError;

/// Whose chain it is. Every tag speaks of it.
pub(crate) struct Owner {
    /// The site.
    pub(crate) name: String,
    /// The epoch.
    pub(crate) epoch: u64,
}

/// Where the chain stands.
pub(crate) fn end(c: &Connection) -> Result<Link, SiteError> {
    let link = c
        .prepare_cached("SELECT seq, hash FROM chain")?
        .query_row([], |row| Ok(link(row.get(0)?, row.get(1)?)))?;
    Ok(link)
}

fn link(seq: u64, hash: [u8; 32]) -> Link {
    let hash = Hash::from(hash);
    Link { seq, hash }
}

/// Begins a chain in place of the one that was there.
pub(crate) fn begin(c: &Connection, origin: Hash, ratchet: &[u8; 32]) -> Result<(), SiteError> {
    c.execute("DELETE FROM event", [])?;
    c.execute(
        "INSERT INTO chain (one, seq, hash, ratchet) VALUES (1, 0, ?1, ?2)
         ON CONFLICT DO UPDATE SET seq = 0, hash = ?1, ratchet = ?2",
        (origin.as_bytes(), ratchet),
    )?;
    Ok(())
}

/// Appends an event, vouches for it and moves the key on; says which number it got.
pub(crate) fn append(c: &Connection, owner: &Owner, at: i64, what: What) -> Result<u64, SiteError> {
    let event = serde_json::to_string(&Event { at, what })?;
    let (former, ratchet) = c
        .prepare_cached("SELECT seq, hash, ratchet FROM chain")?
        .query_row([], |row| Ok((link(row.get(0)?, row.get(1)?), row.get(2)?)))?;
    let end = Chain::resume(former).append(event.as_bytes());
    let (tag, next) = Ratchet::from_bytes(ratchet).tag(&owner.name, owner.epoch, end);
    c.prepare_cached("INSERT INTO event (seq, at, event, hash, tag) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((end.seq, at, event, end.hash.as_bytes(), tag.as_bytes()))?;
    c.prepare_cached("UPDATE chain SET seq = ?1, hash = ?2, ratchet = ?3")?
        .execute((end.seq, end.hash.as_bytes(), next.as_bytes()))?;
    Ok(end.seq)
}

/// The hash of this event, if it is still here.
pub(crate) fn hash_at(c: &Connection, seq: u64) -> Result<Option<[u8; 32]>, SiteError> {
    let hash = c
        .prepare_cached("SELECT hash FROM event WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))
        .optional()?;
    Ok(hash)
}

/// When the last event was; 0 without one.
pub(crate) fn last_at(c: &Connection) -> Result<i64, SiteError> {
    let at = c
        .query_row("SELECT at FROM event ORDER BY seq DESC LIMIT 1", [], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(at.unwrap_or(0))
}

/// Up to `most` events after this one, and not more than `bytes` of them but for the first.
pub(crate) fn after(c: &Connection, seq: u64, most: u32, bytes: usize) -> Result<Vec<Stored>, SiteError> {
    let mut statement =
        c.prepare_cached("SELECT seq, event, hash, tag FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = statement.query((seq, most))?;
    let mut found = Vec::new();
    let mut left = bytes;
    while let Some(row) = rows.next()? {
        let stored = Stored {
            seq: row.get(0)?,
            event: row.get(1)?,
            hash: Digest::from(row.get::<_, [u8; 32]>(2)?),
            tag: Digest::from(row.get::<_, [u8; 32]>(3)?),
        };
        let size = stored.event.len() + OVERHEAD;
        if size > left && !found.is_empty() {
            break;
        }
        left = left.saturating_sub(size);
        found.push(stored);
    }
    Ok(found)
}

/// What an event costs in an answer beyond its own text, with quotes escaped: generously.
const OVERHEAD: usize = 256;

/// When the first event after this one happened.
pub(crate) fn at_after(c: &Connection, seq: u64) -> Result<Option<i64>, SiteError> {
    Ok(
        c.prepare_cached("SELECT at FROM event WHERE seq > ?1 ORDER BY seq LIMIT 1")?
            .query_row([seq], |row| row.get(0))
            .optional()?,
    )
}

/// The last of the oldest `most` events that are not beyond `acked` and older than `before`, with its hash.
pub(crate) fn prunable(
    c: &Connection,
    acked: u64,
    before: i64,
    most: u32,
) -> Result<Option<(u64, [u8; 32])>, SiteError> {
    let mut statement =
        c.prepare_cached("SELECT seq, at, hash FROM event WHERE seq <= ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = statement.query((acked, most))?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= before {
            break;
        }
        last = Some((row.get(0)?, row.get(2)?));
    }
    Ok(last)
}

/// Removes the events up to this one. Its hash has been kept.
pub(crate) fn prune(c: &Connection, seq: u64) -> Result<(), SiteError> {
    c.prepare_cached("DELETE FROM event WHERE seq <= ?1")?
        .execute([seq])?;
    Ok(())
}
