//! How many messages a second are pushed and opened, below the listeners, beside the floor: a bare loop that commits as
//! many rows in groups of the same size to two files on the same disk.
//!
//! `cargo run --release -p selfdestruct --example pairs -- FOLDER [CONNECTIONS] [PAIRS]`

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use contract::sync::{After, Digest, Policy, PushHead, Pushed, Secret, Token, push_body};
use ed25519_dalek::SigningKey;
use journal::Chain;
use selfdestruct::given::{Clock, Given, Randomness, Unwatched};
use selfdestruct::site::{Beginning, Limits, Opening, Proofs, Settings, Site};
use sha2::{Digest as _, Sha256};
use sqlite::Connection;
use zeroize::Zeroizing;

const SIZE: usize = 1024 + 16;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Machine(Instant);

impl Clock for Machine {
    fn now_ms(&self) -> i64 {
        1_900_000_000_000 + i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Not random at all, and as fast as randomness is.
struct Counted(AtomicU64);

impl Randomness for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let hash = Sha256::digest(number.to_be_bytes());
        for (to, from) in bytes.iter_mut().zip(hash) {
            *to = from;
        }
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("give a folder")?;
    let folder = Path::new(&folder);
    let connections: u64 = arguments.next().map_or(Ok(16), |text| text.parse())?;
    let pairs: u64 = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let mut out = std::io::stdout().lock();

    let sync = median_sync(folder)?;
    writeln!(out, "fdatasync, median         {sync:?}")?;
    let site = start(folder).await?;
    let began = Instant::now();
    let workers: Vec<_> = (0..connections)
        .map(|worker| tokio::spawn(work(site.clone(), worker, pairs / connections)))
        .collect();
    for worker in workers {
        worker.await??;
    }
    let done = pairs / connections * connections;
    let rate = rate(done, began.elapsed());
    let numbers = site.numbers().await;
    let (keys_group, group) = (
        mean(numbers.keys.written, numbers.keys.groups),
        mean(numbers.site.written, numbers.site.groups),
    );
    writeln!(
        out,
        "pairs a second            {rate} at {connections} connections; groups of {keys_group} and {group}"
    )?;
    let began = Instant::now();
    floor(folder, done, keys_group, group)?;
    let bare = self::rate(done, began.elapsed());
    writeln!(out, "bare loop                 {bare}")?;
    writeln!(out, "ratio, in percent         {}", rate * 100 / bare.max(1))?;
    site.close().await;
    Ok(())
}

fn rate(count: u64, time: Duration) -> u64 {
    let nanos = time.as_nanos().max(1);
    u64::try_from(u128::from(count) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}

fn mean(whole: u64, parts: u64) -> u64 {
    (whole / parts.max(1)).max(1)
}

fn median_sync(folder: &Path) -> Result<Duration, Failure> {
    let mut file = std::fs::File::create(folder.join("sync"))?;
    let mut times = Vec::new();
    for _ in 0..101 {
        file.write_all(&[7; 4096])?;
        let began = Instant::now();
        file.sync_data()?;
        times.push(began.elapsed());
    }
    times.sort();
    Ok(times[50])
}

async fn start(folder: &Path) -> Result<Site, Failure> {
    let (data_dir, keys_dir) = (folder.join("data"), folder.join("keys"));
    std::fs::create_dir_all(&data_dir)?;
    std::fs::create_dir_all(&keys_dir)?;
    let settings = Settings {
        data_dir,
        keys_dir,
        name: "bench".to_owned(),
        confirm_within: Duration::from_hours(1),
        lease: Duration::from_mins(2),
        limits: Limits::default(),
    };
    let given = Given {
        clock: Arc::new(Machine(Instant::now())),
        randomness: Arc::new(Counted(AtomicU64::new(0))),
        steps: Arc::new(Unwatched),
    };
    let beginning = Beginning {
        epoch: 1,
        ratchet: Secret::new([7; 32]),
        generation: 1,
        key: SigningKey::from_bytes(&[9; 32]),
    };
    let site = Site::start(settings, given, Some(beginning)).await?;
    let origin = Chain::begin(&journal::site::origin("bench", 1, None)).end();
    let confirm = After {
        epoch: 1,
        after: 0,
        hash: Digest::from(*origin.hash.as_bytes()),
        limit: 1,
        wait: 0,
    };
    site.events(confirm).await?;
    Ok(site)
}

async fn work(site: Site, worker: u64, pairs: u64) -> Result<(), Failure> {
    for pair in 0..pairs {
        let name = hash(&[worker.to_be_bytes(), pair.to_be_bytes()].concat());
        let id = Token::from(<[u8; 16]>::try_from(&name[..16])?);
        let link = hash(&name);
        let head = PushHead {
            id,
            header: r#"{"v":1,"p":"","k":"text"}"#.to_owned(),
            nonce: [2; 12].into(),
            link: Digest::from(hash(&link)),
            open: None,
            policy: Policy {
                expires_at: 2_000_000_000_000,
                readings: 1,
                max_wrong: 5,
            },
        };
        let push = site.push(id, &push_body(&head, &[3; SIZE])).await?;
        if !matches!(push.pushed, Pushed::Stored(_)) {
            return Err("a push was not taken".into());
        }
        let proofs = Proofs {
            link: Zeroizing::new(link),
            open: None,
        };
        let opening = site.open(id, proofs, id, "192.0.2.1").await?;
        if !matches!(opening, Opening::Opened(_)) {
            return Err("a message was not handed out".into());
        }
    }
    Ok(())
}

/// For each group of pairs a commit to one file, and two to the other.
fn floor(folder: &Path, pairs: u64, keys_group: u64, group: u64) -> Result<(), Failure> {
    let keys = bare(&folder.join("bare-keys.db"))?;
    let site = bare(&folder.join("bare-site.db"))?;
    commit(&keys, pairs, keys_group, &[5; 32])?;
    commit(&site, pairs, group, &[5; SIZE + 300])?;
    commit(&site, pairs, group, &[5; 400])
}

fn bare(path: &Path) -> Result<Connection, Failure> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
         CREATE TABLE row (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    )?;
    Ok(connection)
}

fn commit(connection: &Connection, rows: u64, group: u64, bytes: &[u8]) -> Result<(), Failure> {
    let mut insert = connection.prepare("INSERT INTO row (bytes) VALUES (?1)")?;
    let mut left = rows;
    while left > 0 {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..group.min(left) {
            insert.execute([bytes])?;
        }
        connection.execute_batch("COMMIT")?;
        left = left.saturating_sub(group);
    }
    Ok(())
}
