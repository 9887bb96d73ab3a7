//! Alarms that stand: each is raised once, and again only after it was over.

use domain::Timestamp;
use sqlite::Connection;

use super::StoreError;

/// An alarm that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What is wrong, in one word.
    pub what: String,
    /// The message or page that it is about, or nothing.
    pub subject: String,
    /// Since when.
    pub raised_at: Timestamp,
    /// Joins it with the log and the audit.
    pub reference: String,
}

/// Raises an alarm; `false` if it stands already.
pub fn raise(
    c: &Connection,
    site: &str,
    what: &str,
    subject: &str,
    reference: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let raised = c
        .prepare_cached(
            "INSERT INTO alarm (site, what, subject, raised_at, reference) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO NOTHING",
        )?
        .execute((site, what, subject, now.0, reference))?;
    Ok(raised == 1)
}

/// Takes an alarm back; `false` if it did not stand.
pub fn lower(c: &Connection, site: &str, what: &str, subject: &str) -> Result<bool, StoreError> {
    let lowered = c
        .prepare_cached("DELETE FROM alarm WHERE site = ?1 AND what = ?2 AND subject = ?3")?
        .execute((site, what, subject))?;
    Ok(lowered == 1)
}

/// Takes all of one kind back; says how many.
pub fn lower_kind(c: &Connection, site: &str, what: &str) -> Result<usize, StoreError> {
    Ok(
        c.prepare_cached("DELETE FROM alarm WHERE site = ?1 AND what = ?2")?
            .execute((site, what))?,
    )
}

/// Takes all of a site back, except those of the kind `what`: it begins anew.
pub fn lower_all_but(c: &Connection, site: &str, what: &str) -> Result<(), StoreError> {
    c.prepare_cached("DELETE FROM alarm WHERE site = ?1 AND what != ?2")?
        .execute((site, what))?;
    Ok(())
}

/// Takes all of a site back: it is over.
pub fn lower_all(c: &Connection, site: &str) -> Result<(), StoreError> {
    c.prepare_cached("DELETE FROM alarm WHERE site = ?1")?
        .execute([site])?;
    Ok(())
}

/// How many of one kind stand for a site.
pub fn count(c: &Connection, site: &str, what: &str) -> Result<u64, StoreError> {
    Ok(
        c.prepare_cached("SELECT count(*) FROM alarm WHERE site = ?1 AND what = ?2")?
            .query_row((site, what), |row| row.get(0))?,
    )
}

/// Whether this one stands.
pub fn stands(c: &Connection, site: &str, what: &str, subject: &str) -> Result<bool, StoreError> {
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM alarm WHERE site = ?1 AND what = ?2 AND subject = ?3)",
    )?
    .query_row((site, what, subject), |row| row.get(0))?)
}

/// Those of a site, the oldest first.
pub fn standing(c: &Connection, site: &str) -> Result<Vec<Standing>, StoreError> {
    let mut statement = c.prepare_cached(
        "SELECT what, subject, raised_at, reference FROM alarm WHERE site = ?1 ORDER BY raised_at, what",
    )?;
    let rows = statement.query_map([site], |row| {
        Ok(Standing {
            what: row.get(0)?,
            subject: row.get(1)?,
            raised_at: Timestamp(row.get(2)?),
            reference: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
