//! Ciphertext in pieces, of messages and of drop boxes alike.

use sqlite::Connection;

use super::Garbled;
use super::keys::Cipher;
use crate::site::SiteError;

/// The size of a piece: small enough that nobody's change waits long for one.
pub(crate) const PIECE: usize = 256 * 1024;

/// The most pieces that the numbering has room for.
pub(crate) const MOST: u64 = 1 << 16;

/// Stores a piece of the thing with this row.
pub(crate) fn insert(c: &Connection, row: i64, number: u16, bytes: &[u8]) -> Result<(), SiteError> {
    c.prepare_cached("INSERT INTO piece (place, bytes) VALUES (?1, ?2)")?
        .execute((place(row, number), bytes))?;
    Ok(())
}

/// All pieces of a thing, as they are stored.
pub(crate) fn all(c: &Connection, row: i64) -> Result<Vec<Vec<u8>>, SiteError> {
    let mut pieces =
        c.prepare_cached("SELECT bytes FROM piece WHERE place BETWEEN ?1 AND ?2 ORDER BY place")?;
    let pieces = pieces.query_map((place(row, 0), place(row, u16::MAX)), |found| found.get(0))?;
    Ok(pieces.collect::<Result<_, _>>()?)
}

/// Erases the pieces of a thing.
pub(crate) fn erase(c: &Connection, row: i64) -> Result<usize, SiteError> {
    let erased = c
        .prepare_cached("DELETE FROM piece WHERE place BETWEEN ?1 AND ?2")?
        .execute((place(row, 0), place(row, u16::MAX)))?;
    Ok(erased)
}

/// Erases some pieces, whosever they are; says how many.
pub(crate) fn clear_some(c: &Connection, most: u32) -> Result<usize, SiteError> {
    Ok(
        c.prepare_cached("DELETE FROM piece WHERE place IN (SELECT place FROM piece LIMIT ?1)")?
            .execute([most])?,
    )
}

/// The next row after `after`, and not beyond `last`, that has pieces.
pub(crate) fn next_row(c: &Connection, after: i64, last: i64) -> Result<Option<i64>, SiteError> {
    let next: Option<i64> = c
        .prepare_cached("SELECT min(place) >> 16 FROM piece WHERE place > ?1 AND place <= ?2")?
        .query_row((place(after, u16::MAX), place(last, u16::MAX)), |found| {
            found.get(0)
        })?;
    Ok(next)
}

/// The highest row with pieces.
pub(crate) fn last_row(c: &Connection) -> Result<i64, SiteError> {
    Ok(
        c.query_row("SELECT coalesce(max(place) >> 16, 0) FROM piece", [], |found| {
            found.get(0)
        })?,
    )
}

/// Puts a thing of this size together again.
pub(crate) fn unlock(pieces: &[Vec<u8>], cipher: &Cipher, size: u64) -> Result<Vec<u8>, SiteError> {
    let mut whole = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
    for (number, piece) in (0_u16..).zip(pieces) {
        whole.extend_from_slice(&cipher.unlock(number, piece)?);
    }
    if u64::try_from(whole.len()) == Ok(size) {
        Ok(whole)
    } else {
        Err(Garbled.into())
    }
}

const fn place(row: i64, number: u16) -> i64 {
    row << 16 | number as i64
}
