//! Pages of a database's file that nothing is in.

use sqlite::Connection;

use crate::site::SiteError;

/// How many there are.
pub(crate) fn pages(c: &Connection) -> Result<u32, SiteError> {
    Ok(c.prepare_cached("PRAGMA freelist_count")?
        .query_row([], |row| row.get(0))?)
}
