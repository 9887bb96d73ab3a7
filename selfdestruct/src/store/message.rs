//! Messages, and the tombstones that they become.

use contract::sync::{Bytes, Digest, End, Ended, PushHead, Token};
use sqlite::{Connection, OptionalExtension, Row};

use super::Garbled;
use crate::site::SiteError;

/// How far a message has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It may be opened, or somebody may still ask again for what he opened.
    Live = 0,
    /// It has ended and is not erased yet.
    Ended = 1,
    /// It is erased, and the end is reported.
    Tombstone = 2,
}

/// A message as a row has it.
pub(crate) struct Message {
    pub(crate) row: i64,
    pub(crate) digest: Digest,
    pub(crate) header: String,
    pub(crate) nonce: Vec<u8>,
    pub(crate) link: [u8; 32],
    pub(crate) open: Option<[u8; 32]>,
    pub(crate) size: u64,
    pub(crate) pushed_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) readings_left: u32,
    pub(crate) tries_left: u32,
    pub(crate) unlocked: bool,
    pub(crate) opened_at: Option<i64>,
    pub(crate) state: State,
    end: Option<Ended>,
    ended_seq: Option<u64>,
}

impl Message {
    /// How it ended, for everybody but a reader who asks again: it has, its readings are taken, or its time is over.
    pub(crate) fn ended(&self, now: i64) -> Option<Ended> {
        if self.end.is_some() {
            self.end
        } else if self.readings_left == 0 {
            Some(self.read())
        } else if self.expires_at <= now {
            Some(Ended {
                state: End::Expired,
                at: self.expires_at,
            })
        } else {
            None
        }
    }

    /// Whether no passphrase is borne any more.
    pub(crate) fn is_locked(&self) -> bool {
        self.open.is_some() && self.tries_left == 0
    }

    /// Whether the core knows how it ended.
    pub(crate) fn end_is_known(&self, acked: u64) -> bool {
        self.ended_seq.is_some_and(|seq| seq <= acked)
    }

    /// Whether it is a [tombstone of what never was here](bury_unseen).
    pub(crate) fn never_came(&self) -> bool {
        self.ended_seq == Some(0)
    }

    fn read(&self) -> Ended {
        Ended {
            state: End::Read,
            at: self.opened_at.unwrap_or(self.pushed_at),
        }
    }
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT row, digest, header, nonce, link, open, size, pushed_at, expires_at, readings_left,
             tries_left, unlocked, opened_at, state, ended, ended_at, ended_seq FROM message WHERE ",
            $condition
        )
    };
}

fn read(row: &Row<'_>) -> Result<Message, SiteError> {
    let end: Option<u8> = row.get(14)?;
    let at: Option<i64> = row.get(15)?;
    let end = end
        .map(|state| Ok::<_, Garbled>((end_of(state)?, at.ok_or(Garbled)?)))
        .transpose()?
        .map(|(state, at)| Ended { state, at });
    Ok(Message {
        row: row.get(0)?,
        digest: Digest::from(row.get::<_, [u8; 32]>(1)?),
        header: row.get(2)?,
        nonce: row.get(3)?,
        link: row.get(4)?,
        open: row.get(5)?,
        size: row.get(6)?,
        pushed_at: row.get(7)?,
        expires_at: row.get(8)?,
        readings_left: row.get(9)?,
        tries_left: row.get(10)?,
        unlocked: row.get(11)?,
        opened_at: row.get(12)?,
        state: match row.get(13)? {
            0 => State::Live,
            1 => State::Ended,
            2 => State::Tombstone,
            _ => return Err(Garbled.into()),
        },
        end,
        ended_seq: row.get(16)?,
    })
}

const fn end_number(end: End) -> u8 {
    match end {
        End::Read => 1,
        End::Expired => 2,
        End::Revoked => 3,
        End::Destroyed => 4,
    }
}

fn end_of(number: u8) -> Result<End, Garbled> {
    match number {
        1 => Ok(End::Read),
        2 => Ok(End::Expired),
        3 => Ok(End::Revoked),
        4 => Ok(End::Destroyed),
        _ => Err(Garbled),
    }
}

/// The message with this id.
pub(crate) fn by_id(c: &Connection, id: Token) -> Result<Option<Message>, SiteError> {
    c.prepare_cached(select!("id = ?1"))?
        .query_row([id.as_bytes()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// The message with this row.
pub(crate) fn by_row(c: &Connection, row: i64) -> Result<Option<Message>, SiteError> {
    c.prepare_cached(select!("row = ?1"))?
        .query_row([row], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// Stores what was pushed.
pub(crate) fn insert(
    c: &Connection,
    row: i64,
    head: &PushHead,
    digest: Digest,
    size: u64,
    now: i64,
) -> Result<(), SiteError> {
    c.prepare_cached(
        "INSERT INTO message (row, id, digest, header, nonce, link, open, size, pushed_at, expires_at,
             readings_left, max_wrong, tries_left, unlocked, state, due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, 0, 0, ?10)",
    )?
    .execute((
        row,
        head.id.as_bytes(),
        digest.as_bytes(),
        &head.header,
        head.nonce.as_bytes(),
        head.link.as_bytes(),
        head.open.as_ref().map(Bytes::as_bytes),
        size,
        now,
        head.policy.expires_at,
        head.policy.readings,
        head.policy.max_wrong,
    ))?;
    Ok(())
}

/// Takes a reading. The sweep comes back at `due`.
pub(crate) fn take_reading(c: &Connection, row: i64, now: i64, due: i64) -> Result<(), SiteError> {
    c.prepare_cached(
        "UPDATE message SET readings_left = readings_left - 1, opened_at = ?2, due = ?3 WHERE row = ?1",
    )?
    .execute((row, now, due))?;
    Ok(())
}

/// Counts a wrong passphrase.
pub(crate) fn count_wrong(c: &Connection, row: i64) -> Result<(), SiteError> {
    c.prepare_cached("UPDATE message SET tries_left = tries_left - 1 WHERE row = ?1 AND tries_left > 0")?
        .execute([row])?;
    Ok(())
}

/// As many wrong passphrases are borne as at first, once.
pub(crate) fn unlock(c: &Connection, row: i64) -> Result<(), SiteError> {
    c.prepare_cached("UPDATE message SET tries_left = max_wrong, unlocked = 1 WHERE row = ?1")?
        .execute([row])?;
    Ok(())
}

/// Moves the end.
pub(crate) fn extend(c: &Connection, row: i64, expires_at: i64) -> Result<(), SiteError> {
    c.prepare_cached("UPDATE message SET expires_at = ?2, due = ?2 WHERE row = ?1")?
        .execute((row, expires_at))?;
    Ok(())
}

/// The sweep looks at it again then.
pub(crate) fn put_off(c: &Connection, row: i64, due: i64) -> Result<(), SiteError> {
    c.prepare_cached("UPDATE message SET due = ?2 WHERE row = ?1")?
        .execute((row, due))?;
    Ok(())
}

/// It has ended: nobody opens it any more, and it is to be erased.
pub(crate) fn end(c: &Connection, row: i64, end: Ended) -> Result<(), SiteError> {
    c.prepare_cached(
        "UPDATE message SET state = 1, ended = ?2, ended_at = ?3, due = 0 WHERE row = ?1 AND state = 0",
    )?
    .execute((row, end_number(end.state), end.at))?;
    Ok(())
}

/// A message that has ended and is to be erased.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dying {
    pub(crate) row: i64,
    pub(crate) id: Token,
    pub(crate) size: u64,
    pub(crate) expires_at: i64,
    pub(crate) end: End,
}

/// Up to `most` messages that are to be erased.
pub(crate) fn dying(c: &Connection, most: u32) -> Result<Vec<Dying>, SiteError> {
    let mut statement = c.prepare_cached(
        "SELECT row, id, size, expires_at, ended FROM message WHERE due = 0 AND state = 1 LIMIT ?1",
    )?;
    let mut rows = statement.query([most])?;
    let mut dying = Vec::new();
    while let Some(row) = rows.next()? {
        dying.push(Dying {
            row: row.get(0)?,
            id: Token::from(row.get::<_, [u8; 16]>(1)?),
            size: row.get(2)?,
            expires_at: row.get(3)?,
            end: end_of(row.get(4)?)?,
        });
    }
    Ok(dying)
}

/// What is left of an erased message: that it was here, whose link it was, and how it ended. Until `due` at least.
pub(crate) fn bury(c: &Connection, row: i64, seq: u64, due: i64) -> Result<(), SiteError> {
    c.prepare_cached(
        "UPDATE message SET state = 2, header = '', nonce = x'', open = NULL, ended_seq = ?2, due = ?3
         WHERE row = ?1",
    )?
    .execute((row, seq, due))?;
    Ok(())
}

/// A tombstone of what never was here, until `due`: a push that is still on its way is refused. It is nobody's link, takes no
/// room, and no event tells of it.
pub(crate) fn bury_unseen(
    c: &Connection,
    row: i64,
    id: Token,
    ended: Ended,
    due: i64,
) -> Result<(), SiteError> {
    c.prepare_cached(
        "INSERT INTO message (row, id, digest, header, nonce, link, size, pushed_at, expires_at, readings_left,
             max_wrong, tries_left, unlocked, state, ended, ended_at, ended_seq, due)
         VALUES (?1, ?2, ?3, '', x'', ?3, 0, ?4, ?4, 0, 0, 0, 0, 2, ?5, ?4, 0, ?6)",
    )?
    .execute((row, id.as_bytes(), [0_u8; 32], ended.at, end_number(ended.state), due))?;
    Ok(())
}

/// Up to `most` rows whose time has come, but for those that are to be erased.
pub(crate) fn due(c: &Connection, now: i64, most: u32) -> Result<Vec<i64>, SiteError> {
    let mut rows =
        c.prepare_cached("SELECT row FROM message WHERE due > 0 AND due <= ?1 ORDER BY due LIMIT ?2")?;
    let rows = rows.query_map((now, most), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A tombstone's time is over.
pub(crate) fn forget(c: &Connection, row: i64) -> Result<(), SiteError> {
    c.prepare_cached("DELETE FROM message WHERE row = ?1 AND state = 2")?
        .execute([row])?;
    Ok(())
}

/// Whether a message or a drop box has this row.
pub(crate) fn row_is_used(c: &Connection, row: i64) -> Result<bool, SiteError> {
    let used = c
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM message WHERE row = ?1 AND state < 2)
                 OR EXISTS (SELECT 1 FROM request WHERE row = ?1 AND state IN (1, 2))",
        )?
        .query_row([row], |found| found.get(0))?;
    Ok(used)
}

/// The highest row number in use.
pub(crate) fn last_row(c: &Connection) -> Result<i64, SiteError> {
    Ok(c.query_row(
        "SELECT max((SELECT coalesce(max(row), 0) FROM message), (SELECT coalesce(max(row), 0) FROM request))",
        [],
        |row| row.get(0),
    )?)
}

/// Up to `most` messages that live, in the order of ids, after this one.
pub(crate) fn live(
    c: &Connection,
    after: Option<Token>,
    most: u32,
) -> Result<Vec<journal::site::Live>, SiteError> {
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let mut statement = c.prepare_cached(
        "SELECT id, readings_left, tries_left, expires_at FROM message WHERE id > ?1 AND state = 0
         ORDER BY id LIMIT ?2",
    )?;
    let rows = statement.query_map((after, most), |row| {
        Ok(journal::site::Live {
            id: Token::from(row.get::<_, [u8; 16]>(0)?).to_string(),
            readings_left: row.get(1)?,
            tries_left: row.get(2)?,
            expires_at: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets all of them, and what belongs to them.
pub(crate) fn clear(c: &Connection) -> Result<(), SiteError> {
    for table in [
        "DELETE FROM claim",
        "DELETE FROM piece",
        "DELETE FROM message",
        "DELETE FROM request",
        "DELETE FROM command",
    ] {
        c.execute(table, [])?;
    }
    Ok(())
}
