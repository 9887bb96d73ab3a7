//! Counts of what is limited by source, identifier, account or destination.

use std::time::Duration;

use domain::Timestamp;
use domain::budget::Limit;
use sqlite::{Connection, OptionalExtension};

use super::{StoreError, call};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// Recoveries begun from one source (/32, /64).
    BegunBySource,
    /// Recoveries begun with one typed identifier.
    BegunByIdentifier,
    /// Codes sent for one account.
    CodeForAccount,
    /// Codes sent to one destination.
    CodeToDestination,
}

impl Tally {
    fn name(self) -> &'static str {
        match self {
            Self::BegunBySource => "begun-by-source",
            Self::BegunByIdentifier => "begun-by-identifier",
            Self::CodeForAccount => "code-for-account",
            Self::CodeToDestination => "code-to-destination",
        }
    }
}

/// Counts one more.
pub fn add(c: &Connection, tally: Tally, key: &[u8], now: Timestamp) -> Result<(), StoreError> {
    call!("tally.add");
    c.prepare_cached("INSERT INTO tally (kind, key, at) VALUES (?1, ?2, ?3)")?
        .execute((tally.name(), key, now.0))?;
    Ok(())
}

/// Whether one more fits under the limit now.
pub fn has_room(
    c: &Connection,
    tally: Tally,
    key: &[u8],
    limit: Limit,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(wait(c, tally, key, limit, now)?.is_zero())
}

/// How long until one more fits under the limit; nothing where it fits now.
pub fn wait(
    c: &Connection,
    tally: Tally,
    key: &[u8],
    limit: Limit,
    now: Timestamp,
) -> Result<Duration, StoreError> {
    call!("tally.wait");
    // Room comes when the oldest of as many as are allowed is so old that it does not count any more.
    let blocking: Option<i64> = c
        .prepare_cached(
            "SELECT at FROM tally WHERE kind = ?1 AND key = ?2 AND at > ?3 ORDER BY at DESC LIMIT 1 OFFSET ?4",
        )?
        .query_row(
            (tally.name(), key, now.minus(limit.span).0, limit.most.saturating_sub(1)),
            |row| row.get(0),
        )
        .optional()?;
    Ok(blocking.map_or(Duration::ZERO, |at| Timestamp(at).plus(limit.span).since(now)))
}
