//! Single facts that must outlive a restart.

use domain::Timestamp;
use sqlite::{Connection, OptionalExtension};

use super::StoreError;

const GENERATION: &str = "generation";
const HIGH_WATER: &str = "wall-time-high-water";
const RESUMED: &str = "resumed:";

/// The core's generation: 1, and one more after each restore from a backup.
pub fn generation(c: &Connection) -> Result<u64, StoreError> {
    Ok(get(c, GENERATION)?
        .and_then(|value| u64::try_from(value).ok())
        .unwrap_or(1))
}

/// The latest wall time that was ever seen, so that a clock set back revives nothing.
pub fn high_water(c: &Connection) -> Result<Option<Timestamp>, StoreError> {
    Ok(get(c, HIGH_WATER)?.map(Timestamp))
}

/// Raises the high-water mark; never lowers it.
pub fn raise_high_water(c: &Connection, now: Timestamp) -> Result<(), StoreError> {
    c.prepare_cached(
        "INSERT INTO fact (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
    )?
    .execute((HIGH_WATER, now.0))?;
    Ok(())
}

/// Keeps when a portal was allowed to serve again.
pub(super) fn set_resumed(c: &Connection, portal: &str, now: Timestamp) -> Result<(), StoreError> {
    c.prepare_cached(
        "INSERT INTO fact (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?
    .execute((format!("{RESUMED}{portal}"), now.0))?;
    Ok(())
}

/// When a portal was allowed to serve again.
pub(super) fn resumed(c: &Connection, portal: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(get(c, &format!("{RESUMED}{portal}"))?.map(Timestamp))
}

fn get(c: &Connection, name: &str) -> Result<Option<i64>, StoreError> {
    Ok(c.prepare_cached("SELECT value FROM fact WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}
