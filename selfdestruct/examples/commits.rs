//! What pairs of a push and an opening cost by SQLite alone: a bare loop that commits as many rows, in groups of the same
//! size, to two files on the same disk. `tests/bench.sh` compares.
//!
//! `commits FOLDER`; for each line `PAIRS COMMITS-TO-KEYS COMMITS-TO-SITE SECONDS` on standard input, the pairs a second
//! as a line on standard output. It ends early when the seconds are over.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use sqlite::Connection;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A data key.
const KEY: usize = 32;
/// A message of 1 KiB with what stands beside it.
const MESSAGE: usize = 1024 + 16 + 16 + 300;
/// A reading with its event.
const READING: usize = 400;
/// Parts of a run, after each of which it looks at the time.
const PARTS: u64 = 100;

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("commits FOLDER")?;
    let folder = Path::new(&folder);
    for line in io::stdin().lock().lines() {
        let line = line?;
        let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [pairs, keys, site, seconds] = *numbers else {
            return Err("PAIRS COMMITS-TO-KEYS COMMITS-TO-SITE SECONDS".into());
        };
        let rate = run(folder, pairs, keys, site, Duration::from_secs(seconds))?;
        writeln!(io::stdout(), "{rate}")?;
    }
    Ok(())
}

/// Pairs a second.
fn run(folder: &Path, pairs: u64, keys_commits: u64, site_commits: u64, limit: Duration) -> Outcome<u64> {
    let (keys, site) = (
        fresh(&folder.join("bare-keys.db"))?,
        fresh(&folder.join("bare-site.db"))?,
    );
    let begun = Instant::now();
    let mut done = 0;
    for part in 0..PARTS {
        let of_part = share(pairs, PARTS, part);
        commit(&keys, of_part, share(keys_commits, PARTS, part), &[KEY])?;
        commit(
            &site,
            2 * of_part,
            share(site_commits, PARTS, part),
            &[MESSAGE, READING],
        )?;
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
fn fresh(path: &Path) -> Outcome<Connection> {
    for ending in ["db", "db-wal", "db-shm"] {
        let path = path.with_extension(ending);
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON; PRAGMA cache_size = -256;
         CREATE TABLE row (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    )?;
    Ok(connection)
}

/// So many rows in so many transactions, their sizes in turns.
fn commit(connection: &Connection, rows: u64, commits: u64, sizes: &[usize]) -> Outcome<()> {
    let mut insert = connection.prepare_cached("INSERT INTO row (bytes) VALUES (?1)")?;
    let mut sizes = sizes.iter().cycle();
    let commits = commits.clamp(1, rows.max(1));
    for number in 0..commits {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for size in sizes
            .by_ref()
            .take(usize::try_from(share(rows, commits, number))?)
        {
            insert.execute([vec![5; *size]])?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(())
}
