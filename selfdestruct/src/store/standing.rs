//! What holds for the whole site.

use sqlite::{Connection, OptionalExtension};

use crate::site::SiteError;

/// The one row.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// The site.
    pub(crate) name: String,
    /// The epoch.
    pub(crate) epoch: u64,
    /// The hash before the first event.
    pub(crate) origin: [u8; 32],
    /// SHA-256 of what opened the epoch.
    pub(crate) opened_by: [u8; 32],
    /// The site stands still until a new epoch.
    pub(crate) stopped: bool,
    /// The core's highest generation so far.
    pub(crate) generation: u64,
    /// The last event that the core keeps.
    pub(crate) acked: u64,
    /// The last event that is no longer here.
    pub(crate) pruned: u64,
    /// Its hash, or the origin.
    pub(crate) pruned_hash: [u8; 32],
    /// The latest moment that was seen.
    pub(crate) clock: i64,
}

/// Reads it; `None` before the pairing.
pub(crate) fn get(c: &Connection) -> Result<Option<Standing>, SiteError> {
    let found = c
        .prepare_cached(
            "SELECT name, epoch, origin, opened_by, stopped, generation, acked, pruned, pruned_hash, clock
             FROM standing",
        )?
        .query_row([], |row| {
            Ok(Standing {
                name: row.get(0)?,
                epoch: row.get(1)?,
                origin: row.get(2)?,
                opened_by: row.get(3)?,
                stopped: row.get(4)?,
                generation: row.get(5)?,
                acked: row.get(6)?,
                pruned: row.get(7)?,
                pruned_hash: row.get(8)?,
                clock: row.get(9)?,
            })
        })
        .optional()?;
    Ok(found)
}

/// Writes it.
pub(crate) fn put(c: &Connection, standing: &Standing) -> Result<(), SiteError> {
    c.execute(
        "INSERT OR REPLACE INTO standing
         (one, name, epoch, origin, opened_by, stopped, generation, acked, pruned, pruned_hash, clock)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        (
            &standing.name,
            standing.epoch,
            standing.origin,
            standing.opened_by,
            standing.stopped,
            standing.generation,
            standing.acked,
            standing.pruned,
            standing.pruned_hash,
            standing.clock,
        ),
    )?;
    Ok(())
}

/// The site stands still.
pub(crate) fn stop(c: &Connection) -> Result<(), SiteError> {
    c.execute("UPDATE standing SET stopped = 1", [])?;
    Ok(())
}

/// A higher generation of the core was seen.
pub(crate) fn raise_generation(c: &Connection, generation: u64) -> Result<(), SiteError> {
    c.execute(
        "UPDATE standing SET generation = max(generation, ?1)",
        [generation],
    )?;
    Ok(())
}

/// Time went on.
pub(crate) fn raise_clock(c: &Connection, now: i64) -> Result<(), SiteError> {
    c.execute("UPDATE standing SET clock = max(clock, ?1)", [now])?;
    Ok(())
}

/// The core keeps the events up to here.
pub(crate) fn raise_acked(c: &Connection, seq: u64) -> Result<(), SiteError> {
    c.execute("UPDATE standing SET acked = max(acked, ?1)", [seq])?;
    Ok(())
}

/// The events up to here are no longer here.
pub(crate) fn set_pruned(c: &Connection, seq: u64, hash: &[u8; 32]) -> Result<(), SiteError> {
    c.execute("UPDATE standing SET pruned = ?1, pruned_hash = ?2", (seq, hash))?;
    Ok(())
}
