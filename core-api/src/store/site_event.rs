//! What happened on sites, each once.

use contract::sync::Event;
use domain::Timestamp;
use sqlite::Connection;

use super::{Id, StoreError};

/// Where an event stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The site.
    pub site: &'a str,
    /// Its epoch.
    pub epoch: u64,
    /// The event's number.
    pub seq: u64,
}

/// Keeps an event, as the text that was chained; `false` if it is here already.
pub fn insert(
    c: &Connection,
    place: Place<'_>,
    at: i64,
    message: Option<&Id>,
    event: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let kept = c
        .prepare_cached(
            "INSERT INTO site_event (site, epoch, seq, at, arrived_at, message, event)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        )?
        .execute((place.site, place.epoch, place.seq, at, now.0, message, event))?;
    Ok(kept == 1)
}

/// Whether anything of a message came after this place, in its epoch.
pub fn is_any_after(c: &Connection, place: Place<'_>, message: &Id) -> Result<bool, StoreError> {
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM site_event WHERE message = ?1 AND site = ?2 AND epoch = ?3 AND seq > ?4)",
    )?
    .query_row((message, place.site, place.epoch, place.seq), |row| row.get(0))?)
}

/// What its own site told of a message or a drop request, in order: no other has a say.
pub fn of_message(c: &Connection, site: &str, message: &Id) -> Result<Vec<Event>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT event FROM site_event WHERE message = ?1 AND site = ?2 ORDER BY epoch, seq",
    )?;
    statement
        .query_map((message, site), |row| row.get::<_, String>(0))?
        .map(|event| Ok(serde_json::from_str(&event?)?))
        .collect()
}
