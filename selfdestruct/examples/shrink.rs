//! How large a site's files are at first, full, and when all that was in it has expired and is forgotten, by a clock that
//! is moved by hand: three numbers of bytes on one line. `tests/bench.sh` tells them.
//!
//! `shrink FOLDER MESSAGES`

use std::error::Error;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use contract::sync::{After, Digest, Policy, Position, PushHead, Secret, Token, push_body};
use journal::{Chain, SigningKey};
use selfdestruct::given::{Clock, Given, Randomness, Unwatched};
use selfdestruct::site::{Beginning, Limits, Opening, Proofs, Settings, Site};
use server::Source;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Box<dyn Error>>;

const NAME: &str = "shrink";
const START_MS: i64 = 1_900_000_000_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Messages pushed together.
const BATCH: u64 = 500;
/// Rounds of the site's own work after which it must have done all there was: one of them forgets thousands.
const ROUNDS: u64 = 2000;

/// Time that stands still until it is moved.
struct Hands(AtomicI64);

impl Hands {
    fn go_on(&self, days: i64) {
        self.0.fetch_add(days * DAY_MS, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now_ms(&self) -> i64 {
        START_MS + self.0.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(0))
    }
}

/// Never the same twice, which is enough here.
struct Counted(AtomicU64);

impl Randomness for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        for (to, from) in bytes.iter_mut().zip(hash(&number.to_be_bytes())) {
            *to = from;
        }
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(messages)) = (arguments.next(), arguments.next()) else {
        return Err("shrink FOLDER MESSAGES".into());
    };
    let (folder, messages) = (Path::new(&folder), messages.parse()?);
    let hands = Arc::new(Hands(AtomicI64::new(0)));
    let site = start(folder, &hands).await?;
    let first = size(folder)?;
    let mut last = confirm(&site, origin()).await?;
    fill(&site, messages).await?;
    let full = size(folder)?;
    hands.go_on(2); // every message and every lease is over
    last = settle(&site, last).await?;
    hands.go_on(91); // the tombstones and the events, too
    settle(&site, last).await?;
    writeln!(io::stdout(), "{first} {full} {}", size(folder)?)?;
    site.close().await;
    Ok(())
}

async fn start(folder: &Path, hands: &Arc<Hands>) -> Outcome<Site> {
    let (data_dir, keys_dir) = (folder.join("data"), folder.join("keys"));
    std::fs::create_dir_all(&data_dir)?;
    std::fs::create_dir_all(&keys_dir)?;
    let settings = Settings {
        data_dir,
        keys_dir,
        name: NAME.to_owned(),
        confirm_within: Duration::from_hours(1),
        lease: Duration::from_mins(2),
        limits: Limits::default(),
    };
    let given = Given {
        clock: Arc::<Hands>::clone(hands),
        randomness: Arc::new(Counted(AtomicU64::new(0))),
        steps: Arc::new(Unwatched),
    };
    let beginning = Beginning {
        epoch: 1,
        ratchet: Secret::new([7; 32]),
        generation: 1,
        key: SigningKey::from_bytes(&[9; 32]),
    };
    Ok(Site::start(settings, given, Some(beginning)).await?)
}

fn origin() -> Position {
    let origin = Chain::begin(&journal::site::origin(NAME, 1, None)).end();
    Position {
        epoch: 1,
        seq: 0,
        hash: Digest::from(*origin.hash.as_bytes()),
    }
}

/// Takes every event, as the core does; says where the chain stands.
async fn confirm(site: &Site, mut last: Position) -> Outcome<Position> {
    loop {
        let after = After {
            epoch: last.epoch,
            after: last.seq,
            hash: last.hash,
            limit: 1000,
            wait: 0,
        };
        let events = site.events(after).await?.events;
        let Some(event) = events.last() else {
            site.ack(last).await?;
            return Ok(last);
        };
        last = Position {
            seq: event.seq,
            hash: event.hash,
            ..last
        };
    }
}

/// Pushes so many, and has every second one read.
async fn fill(site: &Site, messages: u64) -> Outcome<()> {
    for first in (0..messages).step_by(usize::try_from(BATCH)?) {
        let numbers = first..messages.min(first + BATCH);
        let bodies: Vec<_> = numbers.clone().map(push).collect();
        let bodies: Vec<_> = bodies.iter().map(Vec::as_slice).collect();
        site.push_batch(1, &bodies).await?;
        let openings = numbers.step_by(2).map(|number| open(site, number));
        futures_util::future::try_join_all(openings).await?;
    }
    Ok(())
}

async fn open(site: &Site, number: u64) -> Outcome<()> {
    let proofs = Proofs {
        link: Zeroizing::new(link(number)),
        open: None,
    };
    let reader = Source::from(IpAddr::from([192, 0, 2, 1]));
    match site.open(id(number), proofs, id(number), reader).await? {
        Opening::Opened(_) => Ok(()),
        other => Err(format!("not opened: {other:?}").into()),
    }
}

fn link(number: u64) -> [u8; 32] {
    hash(&number.to_be_bytes())
}

fn id(number: u64) -> Token {
    let half = hash(&link(number)).first_chunk().copied();
    Token::from(half.expect("32 bytes have 16"))
}

fn push(number: u64) -> Vec<u8> {
    let head = PushHead {
        id: id(number),
        header: r#"{"v":1,"p":"","k":"text"}"#.to_owned(),
        nonce: [2; 12].into(),
        link: Digest::from(hash(&link(number))),
        open: None,
        policy: Policy {
            expires_at: START_MS + DAY_MS,
            readings: 1,
            max_wrong: 5,
        },
    };
    push_body(&head, &[3; 1024 + 16])
}

/// Lets the site do its own work, and keeps what it tells, as the core does, until there is nothing more.
async fn settle(site: &Site, mut last: Position) -> Outcome<Position> {
    for _ in 0..ROUNDS {
        site.sweep().await?;
        let before = last.seq;
        last = confirm(site, last).await?;
        let numbers = site.numbers().await.site.written;
        site.sweep().await?;
        if last.seq == before && site.numbers().await.site.written == numbers {
            return Ok(last);
        }
    }
    Err("the site does not come to rest".into())
}

/// All files of both databases.
fn size(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for folder in ["data", "keys"].map(|name| folder.join(name)) {
        for entry in std::fs::read_dir(folder)? {
            bytes += entry?.metadata()?.len();
        }
    }
    Ok(bytes)
}
