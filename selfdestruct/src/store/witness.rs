//! Heads of the core's audit, kept where the core cannot change them.

use sqlite::{Connection, OptionalExtension};

use crate::site::SiteError;

/// How many are kept.
const KEPT: u32 = 1_000;

/// Keeps a line, once; gives the one that was the last before.
pub(crate) fn insert(c: &Connection, line: &str) -> Result<Option<String>, SiteError> {
    let before: Option<String> = c
        .query_row(
            "SELECT line FROM witness ORDER BY number DESC LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    if before.as_deref() != Some(line) {
        c.execute("INSERT INTO witness (line) VALUES (?1)", [line])?;
        c.execute(
            "DELETE FROM witness WHERE number <= (SELECT max(number) FROM witness) - ?1",
            [KEPT],
        )?;
    }
    Ok(before)
}
