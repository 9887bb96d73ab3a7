//! Sites that are paired, and epochs that are offered to them.

use contract::sync::Digest;
use domain::Timestamp;
use journal::{Hash, Link};
use sqlite::{Connection, OptionalExtension, Row};

use super::{StoreError, call};
use crate::keys::Locked;

/// A paired site, as it is kept.
#[derive(Debug, Clone)]
pub struct Site {
    /// What we call it.
    pub name: String,
    /// Since when nobody dials it any more.
    pub retired_at: Option<Timestamp>,
    /// When it was paired.
    pub paired_at: Timestamp,
    /// The keys that its end of the link may have.
    pub pins: Vec<Digest>,
    /// Its Ed25519 key.
    pub key: [u8; 32],
    /// Its epoch.
    pub epoch: u64,
    /// The last event that is kept here; with number 0 the epoch's origin.
    pub last: Link,
    /// The ratchet's key of the next event.
    pub ratchet: Locked,
    /// When the last good head came, by our clock.
    pub head_at: Option<Timestamp>,
    /// How far its clock was ahead of ours then, in milliseconds.
    pub skew_ms: Option<i64>,
    /// Why nothing is pulled and pushed.
    pub trouble: Option<String>,
    /// The last checkpoint of our audit that it gave back.
    pub witness: Option<String>,
}

/// What a site says about itself when it is paired.
#[derive(Debug, Clone)]
pub struct Paired {
    /// The keys that its end of the link may have.
    pub pins: Vec<Digest>,
    /// Its Ed25519 key.
    pub key: [u8; 32],
    /// Where its chain begins.
    pub origin: Link,
}

/// An epoch that is offered and not opened yet.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The site.
    pub site: String,
    /// The epoch.
    pub epoch: u64,
    /// The last good head of the epoch before, where it is opened by a call; by a pairing file it follows nothing.
    pub follows: Option<Link>,
    /// The first key of its ratchet.
    pub ratchet: Locked,
}

/// Where a pull goes on from.
#[derive(Debug, Clone)]
pub struct Cursor {
    /// The epoch.
    pub epoch: u64,
    /// The last event that is kept.
    pub last: Link,
    /// The ratchet's key of the next event.
    pub ratchet: Locked,
}

/// The row that the ratchet's key of a site is sealed for.
pub fn ratchet_row(site: &str) -> Vec<u8> {
    format!("site-ratchet:{site}").into_bytes()
}

/// The site of this name, if it was ever paired.
pub fn by_name(c: &Connection, name: &str) -> Result<Option<Site>, StoreError> {
    c.prepare_cached("SELECT * FROM site WHERE name = ?1")?
        .query_row([name], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// All that were ever paired, by name.
pub fn all(c: &Connection) -> Result<Vec<Site>, StoreError> {
    let mut statement = c.prepare_cached("SELECT * FROM site ORDER BY name")?;
    statement
        .query_map([], |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Keeps an offer, in place of an older one.
pub fn set_offer(c: &Connection, offer: &Offer, now: Timestamp) -> Result<(), StoreError> {
    call!("site.set_offer");
    c.prepare_cached(
        "INSERT OR REPLACE INTO site_offer (site, epoch, follows_seq, follows_hash, key_id, ratchet, made_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        &offer.site,
        offer.epoch,
        offer.follows.map(|link| link.seq),
        offer.follows.map(|link| *link.hash.as_bytes()),
        &offer.ratchet.key_id,
        &offer.ratchet.bytes,
        now.0,
    ))?;
    Ok(())
}

/// What is offered to a site.
pub fn offer(c: &Connection, site: &str) -> Result<Option<Offer>, StoreError> {
    Ok(c.prepare_cached(
        "SELECT site, epoch, follows_seq, follows_hash, key_id, ratchet FROM site_offer WHERE site = ?1",
    )?
    .query_row([site], |row| {
        let hash: Option<[u8; 32]> = row.get(3)?;
        let follows = row.get::<_, Option<u64>>(2)?.zip(hash);
        Ok(Offer {
            site: row.get(0)?,
            epoch: row.get(1)?,
            follows: follows.map(|(seq, hash)| Link {
                seq,
                hash: Hash::from(hash),
            }),
            ratchet: Locked {
                key_id: row.get(4)?,
                bytes: row.get(5)?,
            },
        })
    })
    .optional()?)
}

/// Whether a pairing file was made since then whose answer is still to be brought.
pub fn is_offered_by_file(c: &Connection, site: &str, since: Timestamp) -> Result<bool, StoreError> {
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM site_offer WHERE site = ?1 AND follows_seq IS NULL AND made_at >= ?2)",
    )?
    .query_row((site, since.0), |row| row.get(0))?)
}

/// The offer was taken: the site begins the offered epoch. `false`, and nothing is done, if it no longer stands: another
/// was made since, it was taken already, or the site was retired.
pub fn open_epoch(
    c: &Connection,
    offer: &Offer,
    paired: &Paired,
    now: Timestamp,
) -> Result<bool, StoreError> {
    call!("site.open_epoch");
    // What is locked is random: it tells this offer from every other.
    let stood = c
        .prepare_cached("DELETE FROM site_offer WHERE site = ?1 AND epoch = ?2 AND ratchet = ?3")?
        .execute((&offer.site, offer.epoch, &offer.ratchet.bytes))?;
    if stood == 0 {
        return Ok(false);
    }
    c.prepare_cached(
        "INSERT INTO site (name, paired_at, pins, site_key, epoch, seq, hash, key_id, ratchet)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (name) DO UPDATE SET paired_at = excluded.paired_at, pins = excluded.pins,
            site_key = excluded.site_key, epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash,
            key_id = excluded.key_id, ratchet = excluded.ratchet,
            retired_at = NULL, head = NULL, head_at = NULL, skew_ms = NULL, trouble = NULL",
    )?
    .execute((
        &offer.site,
        now.0,
        serde_json::to_string(&paired.pins)?,
        paired.key,
        offer.epoch,
        paired.origin.seq,
        paired.origin.hash.as_bytes(),
        &offer.ratchet.key_id,
        &offer.ratchet.bytes,
    ))?;
    Ok(true)
}

/// Ends a site for good, and forgets what it kept of our audit; `false` if there is none, or it was ended before.
pub fn retire(c: &Connection, name: &str, now: Timestamp) -> Result<bool, StoreError> {
    c.prepare_cached("DELETE FROM site_offer WHERE site = ?1")?
        .execute([name])?;
    let retired = c
        .prepare_cached(
            "UPDATE site SET retired_at = ?2, witness = NULL WHERE name = ?1 AND retired_at IS NULL",
        )?
        .execute((name, now.0))?;
    Ok(retired == 1)
}

/// Moves the cursor, if it still stands where `from` says; `false` otherwise.
pub fn advance(c: &Connection, name: &str, from: (u64, Link), to: &Cursor) -> Result<bool, StoreError> {
    let (epoch, last) = from;
    let moved = c
        .prepare_cached(
            "UPDATE site SET seq = ?5, hash = ?6, key_id = ?7, ratchet = ?8
             WHERE name = ?1 AND epoch = ?2 AND seq = ?3 AND hash = ?4 AND retired_at IS NULL",
        )?
        .execute((
            name,
            epoch,
            last.seq,
            last.hash.as_bytes(),
            to.last.seq,
            to.last.hash.as_bytes(),
            &to.ratchet.key_id,
            &to.ratchet.bytes,
        ))?;
    Ok(moved == 1)
}

/// Keeps a good head.
pub fn set_head(
    c: &Connection,
    name: &str,
    head: &str,
    skew_ms: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE site SET head = ?2, head_at = ?3, skew_ms = ?4 WHERE name = ?1")?
        .execute((name, head, now.0, skew_ms))?;
    Ok(())
}

/// Keeps how far the site's clock is ahead of ours.
pub fn set_skew(c: &Connection, name: &str, skew_ms: i64) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE site SET skew_ms = ?2 WHERE name = ?1")?
        .execute((name, skew_ms))?;
    Ok(())
}

/// Keeps why nothing goes on with a site, or that it does.
pub fn set_trouble(c: &Connection, name: &str, trouble: Option<&str>) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE site SET trouble = ?2 WHERE name = ?1")?
        .execute((name, trouble))?;
    Ok(())
}

/// Keeps the last checkpoint of our audit that a site gave back.
pub fn set_witness(c: &Connection, name: &str, line: &str) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE site SET witness = ?2 WHERE name = ?1")?
        .execute((name, line))?;
    Ok(())
}

/// The checkpoints of our audit that sites gave back, by the sites' names: witnesses beside our own.
pub fn witnesses(c: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement =
        c.prepare_cached("SELECT name, witness FROM site WHERE witness IS NOT NULL ORDER BY name")?;
    Ok(statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?)
}

/// Seals a ratchet's key again, if the site's cursor still stands there.
pub fn rewrap(c: &Connection, site: &Site, locked: &Locked) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE site SET key_id = ?3, ratchet = ?4 WHERE name = ?1 AND ratchet = ?2")?
        .execute((&site.name, &site.ratchet.bytes, &locked.key_id, &locked.bytes))?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Site, StoreError> {
    let moment = |at: &str| row.get::<_, Option<i64>>(at).map(|ms| ms.map(Timestamp));
    Ok(Site {
        name: row.get("name")?,
        retired_at: moment("retired_at")?,
        paired_at: Timestamp(row.get("paired_at")?),
        pins: serde_json::from_str(&row.get::<_, String>("pins")?)?,
        key: row.get("site_key")?,
        epoch: row.get("epoch")?,
        last: Link {
            seq: row.get("seq")?,
            hash: Hash::from(row.get::<_, [u8; 32]>("hash")?),
        },
        ratchet: Locked {
            key_id: row.get("key_id")?,
            bytes: row.get("ratchet")?,
        },
        head_at: moment("head_at")?,
        skew_ms: row.get("skew_ms")?,
        trouble: row.get("trouble")?,
        witness: row.get("witness")?,
    })
}
