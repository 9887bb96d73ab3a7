//! What pairs of a push and an opening cost by SQLite alone: one bare loop that makes the changes of as many pairs to the
//! same two files on the same disk, in groups of the same size, one sync at a time. `tests/bench.sh` compares.
//!
//! It writes what a site writes (`src/store/keys.rs`, `held.rs`, `message.rs`, `piece.rs`, `claim.rs`, `chain.rs`) and leaves
//! out what a site does besides: it looks nothing up, judges nothing, has no savepoints, and sweeps nothing.
//!
//! `commits FOLDER`; for each line `PAIRS COMMITS-TO-KEYS COMMITS-TO-SITE SECONDS` on standard input, two numbers as a line
//! on standard output: the pairs a second with these changes, and with as many rows of like size in a table without an index
//! in their place. It ends early when the seconds are over.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use sqlite::Connection;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What is encrypted, with its tag.
const PIECE: [u8; 1024 + 16] = [5; 1024 + 16];
/// A hash, a key, a proof: none of them is looked into.
const HASH: [u8; 32] = [6; 32];
/// An event of an opening, as long as they are.
const EVENT: &str = r#"{"at":1800000000000,"what":"opened","message":"AAAAAAAAAAAAAAAAAAAAAA","claim":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","source":"127.0.0.1","readings_left":0}"#;
const HEADER: &str = r#"{"v":1,"p":"","kind":"text"}"#;
const NOW: i64 = 1_800_000_000_000;
/// Parts of a run, after each of which it looks at the time.
const PARTS: u64 = 100;

/// What stands in the files.
#[derive(Clone, Copy)]
enum Content {
    /// A site's tables, and the changes that a site makes to them.
    Changes,
    /// One table and no index, with rows of like size: a key; a message with what stands beside it; a reading with its event.
    Rows,
}

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("commits FOLDER")?;
    let folder = Path::new(&folder);
    for line in io::stdin().lock().lines() {
        let line = line?;
        let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [pairs, keys, site, seconds] = *numbers else {
            return Err("PAIRS COMMITS-TO-KEYS COMMITS-TO-SITE SECONDS".into());
        };
        let limit = Duration::from_secs(seconds);
        let changes = run(folder, Content::Changes, pairs, (keys, site), limit)?;
        let rows = run(folder, Content::Rows, pairs, (keys, site), limit)?;
        writeln!(io::stdout(), "{changes} {rows}")?;
    }
    Ok(())
}

/// Pairs a second.
fn run(
    folder: &Path,
    content: Content,
    pairs: u64,
    (keys_commits, site_commits): (u64, u64),
    limit: Duration,
) -> Outcome<u64> {
    let (keys, site) = (
        fresh(&folder.join("bare-keys.db"), content.keys())?,
        fresh(&folder.join("bare-site.db"), content.site())?,
    );
    let begun = Instant::now();
    let mut done = 0;
    for part in 0..PARTS {
        let of_part = share(pairs, PARTS, part);
        let key = |number| content.key(&keys, done + number);
        commit(&keys, of_part, share(keys_commits, PARTS, part), key)?;
        // A pair is a push and then its opening.
        let half = |number| match number % 2 {
            0 => content.push(&site, done + number / 2),
            _ => content.open(&site, done + number / 2),
        };
        commit(&site, 2 * of_part, share(site_commits, PARTS, part), half)?;
        done += of_part;
        if begun.elapsed() > limit {
            break;
        }
    }
    let rate = u128::from(done) * 1_000_000 / begun.elapsed().as_micros().max(1);
    Ok(u64::try_from(rate)?)
}

/// Part number `part` of `parts` parts as equal as whole numbers can be.
const fn share(whole: u64, parts: u64, part: u64) -> u64 {
    whole * (part + 1) / parts - whole * part / parts
}

/// With the settings of a site's databases.
fn fresh(path: &Path, schema: &str) -> Outcome<Connection> {
    for ending in ["db", "db-wal", "db-shm"] {
        let path = path.with_extension(ending);
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON; PRAGMA cache_size = -256; PRAGMA foreign_keys = ON",
    )?;
    connection.execute_batch(schema)?;
    Ok(connection)
}

/// So many changes in so many transactions.
fn commit(
    connection: &Connection,
    changes: u64,
    commits: u64,
    change: impl Fn(u64) -> Outcome<()>,
) -> Outcome<()> {
    let commits = commits.clamp(1, changes.max(1));
    let mut number = 0;
    for group in 0..commits {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..share(changes, commits, group) {
            change(number)?;
            number += 1;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(())
}

const ROWS: &str = "CREATE TABLE row (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT";

impl Content {
    const fn keys(self) -> &'static str {
        match self {
            Self::Changes => include_str!("../src/store/schema/keys-0001.sql"),
            Self::Rows => ROWS,
        }
    }

    const fn site(self) -> &'static str {
        match self {
            Self::Changes => concat!(
                include_str!("../src/store/schema/site-0001.sql"),
                "INSERT INTO chain VALUES (1, 0, x'', x'');"
            ),
            Self::Rows => ROWS,
        }
    }

    /// A message's data key.
    fn key(self, c: &Connection, number: u64) -> Outcome<()> {
        match self {
            Self::Changes => change(c, "INSERT INTO data_key VALUES (?1, ?2)", (number, HASH)),
            Self::Rows => row(c, HASH.len()),
        }
    }

    /// The message itself.
    fn push(self, c: &Connection, number: u64) -> Outcome<()> {
        if let Self::Rows = self {
            return row(c, PIECE.len() + 316);
        }
        let sql = "UPDATE held SET count = count + 1, bytes = bytes + ?1 WHERE kind = 1";
        change(c, sql, [PIECE.len()])?;
        let sql = "INSERT INTO message (row, id, digest, header, nonce, link, size, pushed_at, expires_at, readings_left,
                       max_wrong, tries_left, unlocked, state, due)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?3, ?6, ?7, ?7, 1, 5, 5, 0, 0, ?7)";
        // Ids are random: each has its place anywhere in the index.
        let id = &Sha256::digest(number.to_be_bytes())[..16];
        change(c, sql, (number, id, HASH, HEADER, &HASH[..12], PIECE.len(), NOW))?;
        change(c, "INSERT INTO piece VALUES (?1, ?2)", (number << 16, PIECE))
    }

    /// Its reading.
    fn open(self, c: &Connection, number: u64) -> Outcome<()> {
        if let Self::Rows = self {
            return row(c, 400);
        }
        change(c, "INSERT INTO claim VALUES (?1, ?2, ?3)", (number, HASH, NOW))?;
        let sql = "UPDATE message SET readings_left = 0, opened_at = ?2, due = ?2 WHERE row = ?1";
        change(c, sql, (number, NOW + 1))?;
        let sql = "INSERT INTO event (at, event, hash, tag) VALUES (?1, ?2, ?3, ?3)";
        change(c, sql, (NOW, EVENT, HASH))?;
        change(
            c,
            "UPDATE chain SET seq = ?1, hash = ?2, ratchet = ?2",
            (number, HASH),
        )
    }
}

fn row(c: &Connection, size: usize) -> Outcome<()> {
    change(c, "INSERT INTO row (bytes) VALUES (?1)", [vec![5; size]])
}

fn change(c: &Connection, sql: &str, values: impl sqlite::rusqlite::Params) -> Outcome<()> {
    c.prepare_cached(sql)?.execute(values)?;
    Ok(())
}
