//! How much is held, against what may be held.

use sqlite::Connection;

use crate::site::SiteError;

/// What is counted apart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Messages.
    Messages = 1,
    /// What lies in drop boxes.
    Drops = 2,
}

/// Counts one more of this size in, unless that would be too many or too much.
pub(crate) fn add(
    c: &Connection,
    kind: Kind,
    size: u64,
    most: u64,
    most_bytes: u64,
) -> Result<(), SiteError> {
    let counted = c
        .prepare_cached(
            "UPDATE held SET count = count + 1, bytes = bytes + ?2
             WHERE kind = ?1 AND count < ?3 AND bytes + ?2 <= ?4",
        )?
        .execute((kind as i64, size, most, most_bytes))?;
    if counted == 1 {
        Ok(())
    } else {
        Err(SiteError::Full)
    }
}

/// Counts out what was erased.
pub(crate) fn remove(c: &Connection, kind: Kind, count: u64, bytes: u64) -> Result<(), SiteError> {
    c.prepare_cached("UPDATE held SET count = count - ?2, bytes = bytes - ?3 WHERE kind = ?1")?
        .execute((kind as i64, count, bytes))?;
    Ok(())
}

/// Whether there is room for one more of this size, as far as one can tell before it is stored.
pub(crate) fn has_room(
    c: &Connection,
    kind: Kind,
    size: u64,
    most: u64,
    most_bytes: u64,
) -> Result<bool, SiteError> {
    Ok(c.query_row(
        "SELECT count < ?3 AND bytes + ?2 <= ?4 FROM held WHERE kind = ?1",
        (kind as i64, size, most, most_bytes),
        |row| row.get(0),
    )?)
}

/// Nothing is held.
pub(crate) fn clear(c: &Connection) -> Result<(), SiteError> {
    c.execute("UPDATE held SET count = 0, bytes = 0", [])?;
    Ok(())
}
