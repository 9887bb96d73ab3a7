//! Portals that somebody in charge has stopped for now.

use domain::Timestamp;
use sqlite::Connection;

use super::{StoreError, call, fact};

/// The name that stands for every portal.
pub const ALL: &str = "*";

/// Whether a portal is paused, by itself or with all others.
pub fn is_paused(c: &Connection, portal: &str) -> Result<bool, StoreError> {
    call!("pause.is_paused");
    Ok(c.prepare_cached("SELECT 1 FROM pause WHERE portal IN (?1, ?2)")?
        .exists((portal, ALL))?)
}

/// Pauses a portal.
pub fn set(c: &Connection, portal: &str, why: &str, now: Timestamp) -> Result<(), StoreError> {
    c.prepare_cached("INSERT INTO pause (portal, at, why) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
        .execute((portal, now.0, why))?;
    Ok(())
}

/// Lets a portal serve again; false when it was not paused. What was done through it before does not count for the
/// brake any more.
pub fn lift(c: &Connection, portal: &str, now: Timestamp) -> Result<bool, StoreError> {
    let lifted = c
        .prepare_cached("DELETE FROM pause WHERE portal = ?1")?
        .execute([portal])?
        == 1;
    if lifted {
        fact::set_resumed(c, portal, now)?;
    }
    Ok(lifted)
}

/// When a portal was resumed last, by itself or with all others; the beginning of time when it never was.
pub fn resumed_at(c: &Connection, portal: &str) -> Result<Timestamp, StoreError> {
    let (own, all) = (fact::resumed(c, portal)?, fact::resumed(c, ALL)?);
    Ok(own.into_iter().chain(all).max().unwrap_or(Timestamp(0)))
}
