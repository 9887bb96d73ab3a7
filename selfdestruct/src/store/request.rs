//! Drop boxes.

use contract::sync::{Bytes, Digest, Drop, DropRequest, Token};
use sqlite::{Connection, OptionalExtension, Row};

use super::Garbled;
use crate::site::SiteError;

/// How far a drop box has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It awaits something.
    Open = 0,
    /// Something is in it.
    Filled = 1,
    /// That has arrived, or its time is over: it is to be erased.
    Dying = 2,
    /// It is erased.
    Spent = 3,
}

/// A drop box as a row has it.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) row: i64,
    pub(crate) id: Token,
    pub(crate) asked: DropRequest,
    pub(crate) size: u64,
    pub(crate) digest: Option<Digest>,
    pub(crate) state: State,
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT row, id, public_key, upload, largest, expires_at, size, digest, state FROM request WHERE ",
            $condition
        )
    };
}

fn read(row: &Row<'_>) -> Result<Request, SiteError> {
    Ok(Request {
        row: row.get(0)?,
        id: Token::from(row.get::<_, [u8; 16]>(1)?),
        asked: DropRequest {
            public_key: Bytes::from(row.get::<_, [u8; 65]>(2)?),
            upload: Digest::from(row.get::<_, [u8; 32]>(3)?),
            largest: row.get(4)?,
            expires_at: row.get(5)?,
        },
        size: row.get::<_, Option<u64>>(6)?.unwrap_or(0),
        digest: row.get::<_, Option<[u8; 32]>>(7)?.map(Digest::from),
        state: match row.get(8)? {
            0 => State::Open,
            1 => State::Filled,
            2 => State::Dying,
            3 => State::Spent,
            _ => return Err(Garbled.into()),
        },
    })
}

fn several(c: &Connection, sql: &str, values: &[&dyn sqlite::ToSql]) -> Result<Vec<Request>, SiteError> {
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The box with this id.
pub(crate) fn by_id(c: &Connection, id: Token) -> Result<Option<Request>, SiteError> {
    c.prepare_cached(select!("id = ?1"))?
        .query_row([id.as_bytes()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// How many there are.
pub(crate) fn count(c: &Connection) -> Result<u64, SiteError> {
    Ok(c.query_row("SELECT count(*) FROM request", [], |row| row.get(0))?)
}

/// Opens a box.
pub(crate) fn insert(c: &Connection, row: i64, id: Token, asked: &DropRequest) -> Result<(), SiteError> {
    c.prepare_cached(
        "INSERT INTO request (row, id, public_key, upload, largest, expires_at, state, due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?6)",
    )?
    .execute((
        row,
        id.as_bytes(),
        asked.public_key.as_bytes(),
        asked.upload.as_bytes(),
        asked.largest,
        asked.expires_at,
    ))?;
    Ok(())
}

/// Something is in it, under another row number: that of its bytes and its key. The sweep comes back at `due`.
pub(crate) fn fill(
    c: &Connection,
    former: i64,
    row: i64,
    size: u64,
    digest: Digest,
    due: i64,
) -> Result<(), SiteError> {
    c.prepare_cached(
        "UPDATE request SET row = ?2, size = ?3, digest = ?4, state = 1, due = ?5 WHERE row = ?1 AND state = 0",
    )?
    .execute((former, row, size, digest.as_bytes(), due))?;
    Ok(())
}

/// It is to be erased.
pub(crate) fn end(c: &Connection, row: i64) -> Result<(), SiteError> {
    c.prepare_cached("UPDATE request SET state = 2, due = 0 WHERE row = ?1 AND state = 1")?
        .execute([row])?;
    Ok(())
}

/// It is erased, and remembered until `due` as used.
pub(crate) fn spend(c: &Connection, row: i64, due: i64) -> Result<(), SiteError> {
    c.prepare_cached("UPDATE request SET state = 3, due = ?2 WHERE row = ?1 AND state = 2")?
        .execute((row, due))?;
    Ok(())
}

/// Forgets it.
pub(crate) fn forget(c: &Connection, row: i64) -> Result<(), SiteError> {
    c.prepare_cached("DELETE FROM request WHERE row = ?1 AND state IN (0, 3)")?
        .execute([row])?;
    Ok(())
}

/// Up to `most` boxes whose time has come, but for those that are to be erased.
pub(crate) fn due(c: &Connection, now: i64, most: u32) -> Result<Vec<Request>, SiteError> {
    several(
        c,
        select!("due > 0 AND due <= ?1 ORDER BY due LIMIT ?2"),
        &[&now, &most],
    )
}

/// Up to `most` boxes that are to be erased.
pub(crate) fn dying(c: &Connection, most: u32) -> Result<Vec<Request>, SiteError> {
    several(c, select!("due = 0 AND state = 2 LIMIT ?1"), &[&most])
}

/// Up to `most` boxes with something in them, in the order of ids, after this one.
pub(crate) fn filled(c: &Connection, after: Option<Token>, most: u32) -> Result<Vec<Drop>, SiteError> {
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let found = several(
        c,
        select!("id > ?1 AND state = 1 ORDER BY id LIMIT ?2"),
        &[&after, &most],
    )?;
    found
        .into_iter()
        .map(|request| {
            Ok(Drop {
                id: request.id,
                size: request.size,
                digest: request.digest.ok_or(Garbled)?,
            })
        })
        .collect()
}
