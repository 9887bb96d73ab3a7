//! A site in a folder of its own, a clock that is moved by hand, and a core that believes nothing.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::sync::{
    After, Digest, Event, NewEpoch, Policy, Position, PushHead, Pushed, Secret, Token, What, push_body,
};
use journal::{Chain, Hash, Head, Link, Ratchet, SigningKey, Statement, Tag, VerifyingKey};
use selfdestruct::given::{Clock, Given, Randomness, Step, Steps};
use selfdestruct::site::{Beginning, Limits, Opening, Proofs, Settings, Site, SiteError, StartError};
use server::Source;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use zeroize::Zeroizing;

pub(crate) const NAME: &str = "dmz1";
pub(crate) const START: i64 = 1_900_000_000_000;
pub(crate) const DAY: i64 = 86_400_000;
pub(crate) const LEASE: i64 = 120_000;
const KEY: [u8; 32] = [9; 32];
const RATCHET: [u8; 32] = [7; 32];

/// A reader at 192.0.2.x.
pub(crate) fn reader_at(host: u8) -> Source {
    Source::from(IpAddr::from([192, 0, 2, host]))
}

/// Time that stands still until it is moved.
pub(crate) struct Hands {
    wall: AtomicI64,
    mono: AtomicU64,
}

impl Hands {
    pub(crate) fn go_on(&self, ms: i64) {
        self.set_wall(self.wall.load(Ordering::Relaxed) + ms);
        self.mono.fetch_add(
            u64::try_from(ms).expect("the test stands on it"),
            Ordering::Relaxed,
        );
    }

    pub(crate) fn set_wall(&self, to: i64) {
        self.wall.store(to, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now_ms(&self) -> i64 {
        self.wall.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.mono.load(Ordering::Relaxed))
    }
}

/// Never the same twice, and the same in each run.
#[derive(Default)]
struct Counted(AtomicU64);

impl Randomness for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        for (at, chunk) in bytes.chunks_mut(32).enumerate() {
            let hash = hash(format!("random {number} {at}").as_bytes());
            chunk.copy_from_slice(&hash[..chunk.len()]);
        }
    }
}

/// Dies once, at the step that it was told; or has something done there.
#[derive(Default)]
pub(crate) struct Death(pub Mutex<Option<Step>>, pub Mutex<Option<Act>>);

/// What is done at a step.
pub(crate) type Act = (Step, Box<dyn FnOnce() + Send>);

impl Steps for Death {
    fn reached(&self, step: Step) {
        let dies = self
            .0
            .lock()
            .expect("the test stands on it")
            .take_if(|at| *at == step)
            .is_some();
        assert!(!dies, "dies here, as the test wants it");
        let here = self
            .1
            .lock()
            .expect("the test stands on it")
            .take_if(|(at, _)| *at == step);
        if let Some((_, act)) = here {
            act();
        }
    }
}

pub(crate) fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn token(text: &str) -> Token {
    let bytes: [u8; 16] = hash(text.as_bytes())[..16]
        .try_into()
        .expect("the test stands on it");
    Token::from(bytes)
}

/// A message as its sender knows it.
#[derive(Clone)]
pub(crate) struct Letter {
    pub(crate) head: PushHead,
    pub(crate) ciphertext: Vec<u8>,
    name: String,
}

impl Letter {
    pub(crate) fn new(name: &str) -> Self {
        let ciphertext = format!("the ciphertext of {name}, found nowhere else. ").repeat(20);
        let head = PushHead {
            id: token(name),
            header: r#"{"v":1,"p":"","k":"text"}"#.to_owned(),
            nonce: [2; 12].into(),
            link: Digest::from(hash(&proof("link", name))),
            open: None,
            policy: Policy {
                expires_at: START + DAY,
                readings: 1,
                max_wrong: 5,
            },
        };
        Self {
            head,
            ciphertext: ciphertext.into_bytes(),
            name: name.to_owned(),
        }
    }

    pub(crate) fn with_passphrase(mut self) -> Self {
        self.head.open = Some(Digest::from(hash(&proof("open", &self.name))));
        self
    }

    pub(crate) fn with_readings(mut self, readings: u32) -> Self {
        self.head.policy.readings = readings;
        self
    }

    pub(crate) fn of_size(mut self, size: usize) -> Self {
        self.ciphertext = self.ciphertext.iter().copied().cycle().take(size).collect();
        self
    }

    pub(crate) fn id(&self) -> Token {
        self.head.id
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        push_body(&self.head, &self.ciphertext)
    }

    pub(crate) fn proofs(&self) -> Proofs {
        Proofs {
            link: Zeroizing::new(proof("link", &self.name)),
            open: self.head.open.map(|_| Zeroizing::new(proof("open", &self.name))),
        }
    }

    pub(crate) fn proofs_with_wrong_passphrase(&self) -> Proofs {
        Proofs {
            open: Some(Zeroizing::new([0; 32])),
            ..self.proofs()
        }
    }

    pub(crate) fn wrong_proofs(&self) -> Proofs {
        Proofs {
            link: Zeroizing::new([0; 32]),
            ..self.proofs()
        }
    }

    /// Whether this is what was pushed, to the byte.
    pub(crate) fn is_in(&self, opening: &Opening) -> bool {
        matches!(opening, Opening::Opened(opened)
            if opened.ciphertext == self.ciphertext
                && opened.header == self.head.header
                && opened.nonce == self.head.nonce)
    }
}

fn proof(kind: &str, name: &str) -> [u8; 32] {
    hash(format!("{kind} {name}").as_bytes())
}

/// A site and what is around it.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) hands: Arc<Hands>,
    pub(crate) death: Arc<Death>,
    pub(crate) core: Core,
    pub(crate) limits: Limits,
    pub(crate) confirm_within: Duration,
    given: Given,
    site: Option<Site>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    pub(crate) async fn with(limits: Limits) -> Self {
        let hands = Arc::new(Hands {
            wall: AtomicI64::new(START),
            mono: AtomicU64::new(1_000_000),
        });
        let death = Arc::new(Death::default());
        let given = Given {
            clock: Arc::clone(&hands) as Arc<dyn Clock>,
            randomness: Arc::new(Counted::default()),
            steps: Arc::clone(&death) as Arc<dyn Steps>,
        };
        let folder = tempfile::tempdir().expect("the test stands on it");
        for name in ["data", "keys"] {
            std::fs::create_dir(folder.path().join(name)).expect("the test stands on it");
        }
        let mut world = Self {
            folder,
            hands,
            death,
            core: Core::new(),
            limits,
            confirm_within: Duration::from_mins(2),
            given,
            site: None,
        };
        let paired = world.start_with(1, RATCHET).await;
        world.site = Some(paired.expect("the test stands on it"));
        world.confirm().await;
        world
    }

    pub(crate) fn site(&self) -> &Site {
        self.site.as_ref().expect("it was started")
    }

    /// Starts as a pairing does that offers this epoch with this first key.
    pub(crate) async fn start_with(&self, epoch: u64, ratchet: [u8; 32]) -> Result<Site, StartError> {
        let beginning = Beginning {
            epoch,
            ratchet: Secret::new(ratchet),
            generation: 1,
            key: SigningKey::from_bytes(&KEY),
        };
        Site::start(self.settings(), self.given.clone(), Some(beginning)).await
    }

    fn settings(&self) -> Settings {
        Settings {
            data_dir: self.folder.path().join("data"),
            keys_dir: self.folder.path().join("keys"),
            name: NAME.to_owned(),
            confirm_within: self.confirm_within,
            lease: Duration::from_millis(u64::try_from(LEASE).expect("the test stands on it")),
            limits: self.limits,
        }
    }

    /// The process is gone without a word, and comes up again. What the old one still had in its queue is finished
    /// first, as a file that was written is.
    pub(crate) async fn restart(&mut self) {
        self.stop();
        self.come_up().await;
    }

    pub(crate) fn stop(&mut self) {
        self.site = None;
    }

    pub(crate) async fn come_up(&mut self) {
        loop {
            match Site::start(self.settings(), self.given.clone(), None).await {
                Ok(site) => break self.site = Some(site),
                Err(StartError::Database(sqlite::OpenError::InUse { .. })) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The core asks for events: what it has confirms the chain.
    pub(crate) async fn confirm(&mut self) {
        let site = self.site().clone();
        self.core.pull(&site).await.expect("the chain is whole");
    }

    pub(crate) async fn push(&self, letter: &Letter) -> Pushed {
        let pushed = self
            .site()
            .push(self.site().epoch().await, letter.id(), &letter.body())
            .await;
        pushed.expect("the site answers").pushed
    }

    pub(crate) async fn pushed(&self, letter: Letter) -> Letter {
        assert!(matches!(self.push(&letter).await, Pushed::Stored(_)));
        letter
    }

    pub(crate) async fn open(&self, letter: &Letter, claim: &str) -> Opening {
        let opening = self
            .site()
            .open(letter.id(), letter.proofs(), token(claim), reader_at(7));
        opening.await.expect("the site answers")
    }

    pub(crate) async fn open_with(&self, letter: &Letter, proofs: Proofs) -> Opening {
        let opening = self
            .site()
            .open(letter.id(), proofs, token("stranger"), reader_at(8));
        opening.await.expect("the site answers")
    }

    pub(crate) async fn done(&self, letter: &Letter, claim: &str) {
        self.site()
            .done(letter.id(), token(claim))
            .await
            .expect("the test stands on it");
    }

    pub(crate) async fn sweep(&self) {
        self.site().sweep().await.expect("the test stands on it");
    }

    /// Everything that happened to this message, as far as the core knows.
    pub(crate) fn told(&self, letter: &Letter) -> Vec<What> {
        let id = letter.id().to_string();
        let about = |event: &&Event| {
            serde_json::to_string(event)
                .expect("the test stands on it")
                .contains(&id)
        };
        self.core
            .events
            .iter()
            .filter(about)
            .map(|event| event.what.clone())
            .collect()
    }

    pub(crate) fn site_db(&self) -> PathBuf {
        self.folder.path().join("data/site.db")
    }

    pub(crate) fn keys_db(&self) -> PathBuf {
        self.folder.path().join("keys/keys.db")
    }

    /// Looks into `site.db` past the site.
    pub(crate) fn look(&self) -> sqlite::Connection {
        sqlite::Connection::open(self.site_db()).expect("the test stands on it")
    }

    /// Whether these bytes stand in any file.
    pub(crate) fn stands_in_a_file(&self, bytes: &[u8]) -> bool {
        [self.site_db(), self.keys_db()].iter().any(|path| {
            ["", "-wal", "-shm"]
                .iter()
                .any(|ending| holds(&PathBuf::from(format!("{}{ending}", path.display())), bytes))
        })
    }
}

fn holds(path: &Path, bytes: &[u8]) -> bool {
    let content = std::fs::read(path).unwrap_or_default();
    content.windows(bytes.len()).any(|window| window == bytes)
}

/// The core: it follows the chain and checks each event, its tag, and the signed head.
#[derive(Clone)]
pub(crate) struct Core {
    pub(crate) epoch: u64,
    pub(crate) link: Link,
    pub(crate) events: Vec<Event>,
    pub(crate) key: VerifyingKey,
    ratchet: [u8; 32],
}

impl Core {
    fn new() -> Self {
        Self {
            epoch: 1,
            link: Chain::begin(&journal::site::origin(NAME, 1, None)).end(),
            events: Vec::new(),
            key: SigningKey::from_bytes(&KEY).verifying_key(),
            ratchet: RATCHET,
        }
    }

    pub(crate) fn after(&self, wait: u32) -> After {
        After {
            epoch: self.epoch,
            after: self.link.seq,
            hash: Digest::from(*self.link.hash.as_bytes()),
            limit: 1_000,
            wait,
        }
    }

    pub(crate) fn position(&self) -> Position {
        Position {
            epoch: self.epoch,
            seq: self.link.seq,
            hash: Digest::from(*self.link.hash.as_bytes()),
        }
    }

    pub(crate) fn new_epoch(&self) -> NewEpoch {
        NewEpoch {
            epoch: self.epoch + 1,
            follows: self.position(),
            ratchet: Secret::new([8; 32]),
        }
    }

    pub(crate) async fn begin_epoch(&mut self, site: &Site) {
        let asked = self.new_epoch();
        let opened = site.new_epoch(&asked).await.expect("the test stands on it");
        self.key = VerifyingKey::from_bytes(opened.site_key.as_bytes()).expect("the test stands on it");
        let origin = journal::site::origin(NAME, asked.epoch, Some(self.link));
        self.link = Chain::begin(&origin).end();
        self.epoch = asked.epoch;
        self.ratchet = *asked.ratchet.expose();
    }

    /// Pulls until there is nothing more.
    pub(crate) async fn pull(&mut self, site: &Site) -> Result<(), SiteError> {
        while self.pull_once(site, 0).await? > 0 {}
        Ok(())
    }

    pub(crate) async fn pull_once(&mut self, site: &Site, wait: u32) -> Result<usize, SiteError> {
        let answer = site.events(self.after(wait)).await?;
        for stored in &answer.events {
            let link = Chain::resume(self.link).append(stored.event.as_bytes());
            assert_eq!(
                (stored.seq, *stored.hash.as_bytes()),
                (link.seq, *link.hash.as_bytes())
            );
            let tag = Tag::from(*stored.tag.as_bytes());
            let next = Ratchet::from_bytes(self.ratchet).check(NAME, self.epoch, link, &tag);
            self.ratchet = *next.expect("the tag is the key's").as_bytes();
            self.events
                .push(serde_json::from_str(&stored.event).expect("the test stands on it"));
            self.link = link;
        }
        let head = Head::open(&answer.head.parse().expect("the test stands on it"), &self.key)
            .expect("the site signed it");
        assert_eq!((head.name.as_str(), head.epoch), (NAME, self.epoch));
        assert!(head.seq >= self.link.seq);
        Ok(answer.events.len())
    }
}

pub(crate) fn link_of(position: Position) -> Link {
    Link {
        seq: position.seq,
        hash: Hash::from(*position.hash.as_bytes()),
    }
}
