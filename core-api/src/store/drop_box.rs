//! What outsiders were asked for, and what they put in.

use domain::Timestamp;
use sqlite::{Connection, OptionalExtension, Row};

use super::{Id, StoreError, call};
use crate::keys::Locked;

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The site does not have it yet.
    Waiting,
    /// Its link works.
    OnSite,
    /// Something came in and can be opened.
    Arrived,
    /// It was opened, and is not kept.
    Opened,
    /// Its time was over.
    Expired,
    /// What came in is not what its digest says, or does not open.
    Damaged,
    /// The site forgot it, and what may have been put in.
    Lost,
}

const STAGES: [(Stage, &str); 7] = [
    (Stage::Waiting, "waiting"),
    (Stage::OnSite, "on-site"),
    (Stage::Arrived, "arrived"),
    (Stage::Opened, "opened"),
    (Stage::Expired, "expired"),
    (Stage::Damaged, "damaged"),
    (Stage::Lost, "lost"),
];

impl Stage {
    /// One word, as it is stored and shown to programs.
    pub fn word(self) -> &'static str {
        let found = STAGES.iter().find(|(stage, _)| *stage == self);
        found.map(|(_, word)| *word).expect("every stage has a word")
    }

    /// Nothing leads out of it.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Opened | Self::Expired | Self::Damaged | Self::Lost)
    }

    fn of(word: &str) -> Result<Self, StoreError> {
        let found = STAGES.iter().find(|(_, known)| *known == word);
        found
            .map(|(stage, _)| *stage)
            .ok_or_else(|| StoreError::Value(serde::de::Error::custom("a drop request at an unknown stage")))
    }
}

/// A request as it is kept.
#[derive(Debug, Clone)]
pub struct Request {
    /// As in its link.
    pub id: Id,
    /// The site that holds it.
    pub site: String,
    /// Who asked.
    pub sender: String,
    /// When.
    pub made_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The public key.
    pub public_key: [u8; 65],
    /// SHA-256 of the proof in the link.
    pub upload: [u8; 32],
    /// How large the sealed thing may be.
    pub largest: u64,
    /// Where it stands.
    pub stage: Stage,
    /// Why it was asked, whom to tell, and the private key; sealed for its id. Empty once it ended.
    pub details: Locked,
    /// How large what arrived is.
    pub size: Option<u64>,
}

const COLUMNS: &str =
    "id, site, sender, made_at, expires_at, public_key, upload, largest, stage, key_id, details, size";

/// Keeps a new request.
pub fn insert(c: &Connection, new: &Request) -> Result<(), StoreError> {
    call!("drop_box.insert");
    c.prepare_cached(
        "INSERT INTO drop_request (id, site, sender, made_at, expires_at, public_key, upload, largest, stage, key_id, details)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute((
        new.id,
        &new.site,
        &new.sender,
        new.made_at.0,
        new.expires_at.0,
        new.public_key,
        new.upload,
        new.largest,
        new.stage.word(),
        &new.details.key_id,
        &new.details.bytes,
    ))?;
    Ok(())
}

/// The request with this id.
pub fn by_id(c: &Connection, id: &Id) -> Result<Option<Request>, StoreError> {
    c.prepare_cached(&format!("SELECT {COLUMNS} FROM drop_request WHERE id = ?1"))?
        .query_row([id], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// The youngest `most` requests.
pub fn list(c: &Connection, most: u32) -> Result<Vec<Request>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM drop_request ORDER BY made_at DESC LIMIT ?1"
    ))?;
    statement
        .query_map([most], |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Up to `most` requests of a site at this stage, oldest first.
pub fn at_stage(c: &Connection, site: &str, stage: Stage, most: u32) -> Result<Vec<Request>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM drop_request
         WHERE site = ?1 AND stage = ?2 AND ended_at IS NULL ORDER BY made_at LIMIT ?3"
    ))?;
    statement
        .query_map((site, stage.word(), most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Whether something may come in by a site: one that waits may be there as well, as its answer may have been lost.
pub fn is_open(c: &Connection, site: &str) -> Result<bool, StoreError> {
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM drop_request
         WHERE site = ?1 AND stage IN ('waiting', 'on-site') AND ended_at IS NULL)",
    )?
    .query_row([site], |row| row.get(0))?)
}

/// Up to `most` requests that a site does not have yet and that take something after `now`, in the order of ids after
/// `after`.
pub fn waiting(
    c: &Connection,
    site: &str,
    now: Timestamp,
    after: &Id,
    most: u32,
) -> Result<Vec<Request>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM drop_request
         WHERE site = ?1 AND stage = 'waiting' AND ended_at IS NULL AND expires_at > ?2 AND id > ?3
         ORDER BY id LIMIT ?4"
    ))?;
    statement
        .query_map((site, now.0, after, most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Up to `most` requests that have not ended though their time was over before `before`, or, where something came in
/// that nobody opened, before `unopened`.
pub fn overdue(
    c: &Connection,
    before: Timestamp,
    unopened: Timestamp,
    most: u32,
) -> Result<Vec<Request>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM drop_request WHERE ended_at IS NULL
         AND expires_at < CASE stage WHEN 'arrived' THEN ?2 ELSE ?1 END LIMIT ?3"
    ))?;
    statement
        .query_map((before.0, unopened.0, most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Up to `most` requests whose details, or what arrived for them, are under another key than this one.
pub fn under_other_key(c: &Connection, key_id: &str, most: u32) -> Result<Vec<Request>, StoreError> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM drop_request WHERE key_id != ?1
         OR id IN (SELECT request FROM drop_body WHERE key_id != ?1) LIMIT ?2"
    ))?;
    statement
        .query_map((key_id, most), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// Keeps the same secrets under another key.
pub fn rewrap(c: &Connection, id: &Id, details: &Locked, body: Option<&Locked>) -> Result<(), StoreError> {
    c.prepare_cached("UPDATE drop_request SET key_id = ?2, details = ?3 WHERE id = ?1")?
        .execute((id, &details.key_id, &details.bytes))?;
    if let Some(body) = body {
        c.prepare_cached("UPDATE drop_body SET key_id = ?2, body = ?3 WHERE request = ?1")?
            .execute((id, &body.key_id, &body.bytes))?;
    }
    Ok(())
}

/// Keeps that the site took a request, unless it began another epoch than this one meanwhile.
pub fn set_on_site(c: &Connection, id: &Id, epoch: u64) -> Result<(), StoreError> {
    c.prepare_cached(
        "UPDATE drop_request SET stage = 'on-site' WHERE id = ?1 AND stage = 'waiting'
         AND EXISTS (SELECT 1 FROM site WHERE site.name = drop_request.site AND site.epoch = ?2)",
    )?
    .execute((id, epoch))?;
    Ok(())
}

/// Has a site's requests brought there again, save those of which it told that something was put in.
pub fn await_again(c: &Connection, site: &str) -> Result<(), StoreError> {
    c.prepare_cached(
        "UPDATE drop_request SET stage = 'waiting' WHERE site = ?1 AND stage = 'on-site' AND ended_at IS NULL
         AND NOT EXISTS (SELECT 1 FROM site_event WHERE site_event.message = drop_request.id
                         AND site_event.site = drop_request.site)",
    )?
    .execute([site])?;
    Ok(())
}

/// Ends a request: what arrived and the private key are erased. `details` is what is left of them.
pub fn end(
    c: &Connection,
    id: &Id,
    how: Stage,
    details: &Locked,
    now: Timestamp,
) -> Result<bool, StoreError> {
    call!("drop_box.end");
    let ended = c
        .prepare_cached(
            "UPDATE drop_request SET stage = ?2, ended_at = ?3, key_id = ?4, details = ?5
             WHERE id = ?1 AND ended_at IS NULL",
        )?
        .execute((id, how.word(), now.0, &details.key_id, &details.bytes))?;
    c.prepare_cached("DELETE FROM drop_body WHERE request = ?1")?
        .execute([id])?;
    Ok(ended == 1)
}

/// Keeps what arrived, once; `false` if the request takes nothing any more.
pub fn arrive(
    c: &Connection,
    id: &Id,
    size: u64,
    digest: &[u8; 32],
    body: &Locked,
) -> Result<bool, StoreError> {
    call!("drop_box.arrive");
    let moved = c
        .prepare_cached(
            "UPDATE drop_request SET stage = 'arrived', size = ?2, digest = ?3
             WHERE id = ?1 AND stage IN ('waiting', 'on-site')",
        )?
        .execute((id, size, digest))?;
    if moved == 1 {
        c.prepare_cached("INSERT INTO drop_body (request, key_id, body) VALUES (?1, ?2, ?3)")?
            .execute((id, &body.key_id, &body.bytes))?;
    }
    Ok(moved == 1)
}

/// What arrived.
pub fn body(c: &Connection, id: &Id) -> Result<Option<Locked>, StoreError> {
    Ok(
        c.prepare_cached("SELECT key_id, body FROM drop_body WHERE request = ?1")?
            .query_row([id], |row| {
                Ok(Locked {
                    key_id: row.get(0)?,
                    bytes: row.get(1)?,
                })
            })
            .optional()?,
    )
}

fn read(row: &Row<'_>) -> Result<Request, StoreError> {
    Ok(Request {
        id: row.get("id")?,
        site: row.get("site")?,
        sender: row.get("sender")?,
        made_at: Timestamp(row.get("made_at")?),
        expires_at: Timestamp(row.get("expires_at")?),
        public_key: row.get("public_key")?,
        upload: row.get("upload")?,
        largest: row.get("largest")?,
        stage: Stage::of(&row.get::<_, String>("stage")?)?,
        details: Locked {
            key_id: row.get("key_id")?,
            bytes: row.get("details")?,
        },
        size: row.get("size")?,
    })
}
