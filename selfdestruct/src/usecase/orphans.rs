//! Keys and pieces that belong to nothing: a push or an upload was given up half-way, or the site died in it.

use std::sync::atomic::Ordering;

use sqlite::Connection;

use super::erase::clean;
use crate::running::Running;
use crate::site::SiteError;
use crate::store::{keys, message, piece};

/// Rows that are looked at in one round.
const BATCH: u32 = 1_000;

/// Erases some of them; whether there may be more.
pub(crate) async fn try_some(site: &Running) -> Result<bool, SiteError> {
    let (older, reached) = left_by_a_crash(site).await?;
    // Behind what may fail: from here on these numbers are known here only.
    let mut rows = site.rows.take_loose();
    let given_up = rows.len();
    rows.extend(older);
    if let Err(error) = erase_unused(site, &rows).await {
        site.rows.add_loose(&rows[..given_up]);
        return Err(error);
    }
    site.rows.searched.store(reached, Ordering::Relaxed);
    Ok(reached < site.rows.at_start)
}

/// The next rows from before the start that have a key or pieces, and how far that was.
async fn left_by_a_crash(site: &Running) -> Result<(Vec<i64>, i64), SiteError> {
    let (from, last) = (site.rows.searched.load(Ordering::Relaxed), site.rows.at_start);
    if from >= last {
        return Ok((Vec::new(), last));
    }
    let mut rows = site.keys.read(move |c| keys::rows(c, from, last, BATCH)).await?;
    let full = rows.len() == BATCH as usize;
    let reached = rows.last().copied().filter(|_| full).unwrap_or(last);
    rows.extend(
        site.site
            .read(move |c| rows_with_pieces(c, from, reached))
            .await?,
    );
    Ok((rows, reached))
}

fn rows_with_pieces(c: &Connection, from: i64, last: i64) -> Result<Vec<i64>, SiteError> {
    let mut rows = Vec::new();
    let mut at = from;
    while let Some(row) = piece::next_row(c, at, last)? {
        rows.push(row);
        at = row;
    }
    Ok(rows)
}

async fn erase_unused(site: &Running, rows: &[i64]) -> Result<(), SiteError> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.to_vec();
    // A change and not a read, and behind the keys: it comes after whatever was queued for these rows.
    let unused = move |c: &Connection| {
        let mut unused = Vec::new();
        for row in rows {
            if !message::row_is_used(c, row)? {
                unused.push(row);
            }
        }
        Ok(unused)
    };
    let unused = site.site.write_behind(&site.keys, unused).await?;
    if unused.is_empty() {
        return Ok(());
    }
    let keyed = unused.clone();
    site.keys.write(move |c| keys::erase(c, &keyed)).await?;
    let erase = move |c: &Connection| {
        for row in unused {
            piece::erase(c, row)?;
        }
        Ok(())
    };
    site.site.write(erase).await?;
    clean(site).await
}
