//! A core over a real database, with sites that stand in memory and a clock that is moved by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::site::SiteApi;
use contract::sync::{Bytes, Digest, Policy, PushHead, Token, push_body};
use core_api::config::SiteSettings;
use core_api::core::{Core, MessageSettings, Parts, Retention, Settings};
use core_api::keys::{AtRest, OsRandomness};
use core_api::site::{Address, LinkError, SiteLink};
use core_api::steps::Unwatched;
use core_api::store::message::{self, Message, NewMessage};
use core_api::store::{Store, alarm, outbox, push, site};
use core_api::usecase::audit::export;
use core_api::usecase::message::details::Details;
use core_api::usecase::site::pair::{offer, take_answer};
use core_api::worker::pull::{Next, Puller};
use core_api::worker::push::Pusher;
use directory::{Embedded, EmbeddedSettings};
use domain::budget::Limits;
use domain::clock::random_bytes;
use domain::password::OwnRules;
use domain::policy::Policies;
use domain::{Clock, Timestamp};
use server::config::Origin;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

pub(crate) use core_api::usecase::site::push::Tried;

use crate::fake::FakeSite;

/// Noon on a day in 2026.
pub(crate) const NOON: i64 = 1_795_000_000_000;

/// Nobody's, until a test writes it.
const PUBLIC_CA: &str = "public-ca.pem";

pub(crate) struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct NoRules;

impl OwnRules for NoRules {
    fn is_blocked(&self, _: &str) -> bool {
        false
    }
    fn is_breached(&self, _: &str) -> bool {
        false
    }
    fn knows_breaches(&self) -> bool {
        false
    }
}

/// Sites that stand in memory, and real ones in place of them.
pub(crate) type Dialled = Arc<Mutex<BTreeMap<String, Arc<dyn SiteApi>>>>;

struct FakeLink(Dialled);

impl SiteLink for FakeLink {
    fn pins(&self) -> Result<Vec<Digest>, LinkError> {
        Ok(vec![Digest::from([1; 32]), Digest::from([2; 32])])
    }

    fn dial(&self, to: &Address) -> Result<Arc<dyn SiteApi>, LinkError> {
        assert_eq!(to.pins, [Digest::from([9; 32])], "what the site answered");
        let dialled = self.0.lock().expect("nobody panics with it");
        Ok(Arc::clone(&dialled[&to.name]))
    }
}

pub(crate) struct Bench {
    pub(crate) core: Arc<Core>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) sites: BTreeMap<String, Arc<FakeSite>>,
    pub(crate) dialled: Dialled,
    directory: Arc<Embedded>,
    folder: TempDir,
}

impl Bench {
    /// A core with the site `dmz1`, paired.
    pub(crate) async fn new() -> Self {
        Self::with(&["dmz1"]).await
    }

    /// With several, all of them paired.
    pub(crate) async fn with(names: &[&str]) -> Self {
        let bench = Self::unpaired(names);
        for name in names {
            bench.pair(name).await;
        }
        bench
    }

    pub(crate) fn unpaired(names: &[&str]) -> Self {
        let clock = Arc::new(ManualClock(AtomicI64::new(NOON)));
        let sites: BTreeMap<String, Arc<FakeSite>> = names
            .iter()
            .map(|name| ((*name).to_owned(), FakeSite::new(name, Arc::clone(&clock))))
            .collect();
        let folder = TempDir::new().expect("a folder");
        let directory = Embedded::open(
            folder.path().join("directory.db"),
            EmbeddedSettings::demo(BTreeSet::new()),
            Arc::clone(&clock) as _,
            Arc::new(OsRandomness),
        );
        let directory = Arc::new(directory.expect("a directory"));
        let fakes = sites
            .iter()
            .map(|(name, site)| (name.clone(), Arc::clone(site) as Arc<dyn SiteApi>));
        let dialled: Dialled = Arc::new(Mutex::new(fakes.collect()));
        let core = core(&folder, &directory, &clock, &dialled);
        Self {
            core,
            clock,
            sites,
            dialled,
            directory,
            folder,
        }
    }

    /// The core ends and begins again: only the store remembers.
    pub(crate) async fn restart(&mut self) {
        self.core.store.database().close().await;
        self.core = core(&self.folder, &self.directory, &self.clock, &self.dialled);
    }

    pub(crate) async fn pair(&self, name: &str) {
        let pairing = offer(&self.core, name).await.expect("it is configured");
        let answer = self.sites[name].pair(&pairing);
        take_answer(&self.core, name, &answer, "REF", "uid 0")
            .await
            .expect("it is the answer");
    }

    pub(crate) fn site(&self) -> &FakeSite {
        &self.sites["dmz1"]
    }

    pub(crate) fn forward(&self, span: Duration) {
        let ms = i64::try_from(span.as_millis()).expect("a span of a test");
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// A message that waits for a site, good for a day.
    pub(crate) async fn send(&self, site: &str) -> Token {
        self.send_many(site, 1).await[0]
    }

    pub(crate) async fn send_many(&self, site: &str, count: usize) -> Vec<Token> {
        self.send_sized(site, &vec![1024; count]).await
    }

    /// Messages with contents of these sizes, in this order.
    pub(crate) async fn send_sized(&self, site: &str, sizes: &[usize]) -> Vec<Token> {
        self.send_lasting(site, sizes, Duration::from_hours(24)).await
    }

    /// Messages that live for so long, whose sender wants to be told.
    pub(crate) async fn send_lasting(&self, site: &str, sizes: &[usize], lifetime: Duration) -> Vec<Token> {
        let now = self.clock.now();
        let made = sizes.iter().map(|size| self.made(site, *size, now, lifetime));
        let made: Vec<(NewMessage, Vec<u8>)> = made.collect();
        let ids = made.iter().map(|(new, _)| Token::from(new.id)).collect();
        let site = site.to_owned();
        self.core
            .store
            .write(move |c| {
                for (new, body) in &made {
                    message::insert(c, new)?;
                    push::insert(c, &new.id, &site, &Sha256::digest(body).into(), body, now)?;
                }
                Ok(())
            })
            .await
            .expect("stored");
        ids
    }

    fn made(&self, site: &str, length: usize, now: Timestamp, lifetime: Duration) -> (NewMessage, Vec<u8>) {
        let id: [u8; 16] = random_bytes(&OsRandomness);
        let expires_at = now.plus(lifetime);
        let details = Details {
            to: None,
            reason: None,
            notify: Some("sender@corp.example".to_owned()),
            readings: 1,
            with_passphrase: true,
        };
        let head = PushHead {
            id: Token::from(id),
            header: r#"{"v":1,"p":"p1","k":"text"}"#.to_owned(),
            nonce: Bytes::from([0; 12]),
            link: Digest::from(<[u8; 32]>::from(Sha256::digest([3; 32]))),
            open: Some(Digest::from(<[u8; 32]>::from(Sha256::digest([4; 32])))),
            policy: Policy {
                expires_at: expires_at.0,
                readings: 1,
                max_wrong: 2,
            },
        };
        let new = NewMessage {
            id,
            site: site.to_owned(),
            sender: "uid 1000".to_owned(),
            made_at: now,
            expires_at,
            state: domain::message::Message::begin(1, 2),
            details: details
                .lock(&self.core.at_rest, &id, &OsRandomness)
                .expect("texts and numbers become JSON"),
            secret: Some(self.core.at_rest.lock(&id, b"https://...", &OsRandomness)),
        };
        (new, push_body(&head, &vec![5; length]))
    }

    pub(crate) fn pusher(&self, site: &str) -> Pusher {
        Pusher::new(Arc::clone(&self.core), site.to_owned())
    }

    /// One try of the push worker.
    pub(crate) async fn push(&self, site: &str) -> Tried {
        self.pusher(site).try_one().await.expect("the database works")
    }

    pub(crate) fn puller(&self, site: &str) -> Puller {
        Puller::new(Arc::clone(&self.core), site.to_owned())
    }

    /// One round of a pull worker that has just begun, inventory and all.
    pub(crate) async fn pull(&self, site: &str) -> Next {
        self.puller(site).try_one(0).await.expect("the database works")
    }

    pub(crate) async fn message(&self, id: Token) -> Message {
        self.core
            .store
            .read(move |c| message::by_id(c, id.as_bytes()))
            .await
            .expect("the database works")
            .expect("it was sent")
    }

    pub(crate) async fn stage(&self, id: Token) -> &'static str {
        self.message(id).await.state.stage()
    }

    pub(crate) async fn stored(&self, site: &str) -> site::Site {
        let site = site.to_owned();
        self.core
            .store
            .read(move |c| site::by_name(c, &site))
            .await
            .expect("the database works")
            .expect("it is paired")
    }

    /// Where the authority of the sites' public certificates stands.
    pub(crate) fn public_ca(&self) -> PathBuf {
        self.folder.path().join(PUBLIC_CA)
    }

    /// The alarms that stand, by their words.
    pub(crate) async fn alarms(&self, site: &str) -> Vec<String> {
        let standing = self.standing(site).await.into_iter();
        standing.map(|alarm| alarm.what).collect()
    }

    /// What the alarms that stand are about.
    pub(crate) async fn subjects(&self, site: &str) -> Vec<String> {
        let standing = self.standing(site).await.into_iter();
        standing.map(|alarm| alarm.subject).collect()
    }

    async fn standing(&self, site: &str) -> Vec<alarm::Standing> {
        let site = site.to_owned();
        let standing = self.core.store.read(move |c| alarm::standing(c, &site)).await;
        standing.expect("the database works")
    }

    /// How many audit records hold this text.
    pub(crate) async fn audited(&self, text: &str) -> usize {
        let records = self.core.store.read(|c| export::page(c, 0, 100_000)).await;
        let records = records.expect("the database works");
        records
            .iter()
            .filter(|record| record.record.contains(text))
            .count()
    }

    /// How many records of this event name this operator.
    pub(crate) async fn audited_of(&self, event: &str, operator: &str) -> usize {
        let records = self.core.store.read(|c| export::page(c, 0, 100_000)).await;
        let records = records.expect("the database works");
        let is_his = |personal: &Option<String>| personal.as_ref().is_some_and(|who| who.contains(operator));
        records
            .iter()
            .filter(|record| record.record.contains(event) && is_his(&record.personal))
            .count()
    }

    /// Letters that wait to be mailed.
    pub(crate) async fn letters(&self) -> u64 {
        let depth = self.core.store.read(outbox::depth).await;
        depth.expect("the database works")
    }

    pub(crate) async fn waiting(&self, site: &str) -> u64 {
        let site = site.to_owned();
        let waiting = self.core.store.read(move |c| push::waiting(c, &site)).await;
        waiting.expect("the database works")
    }

    /// Puts the site's row back to how it was: what a restored backup of the core does.
    pub(crate) async fn put_back(&self, site: &site::Site) {
        let (name, last, locked) = (site.name.clone(), site.last, site.ratchet.clone());
        let put = self.core.store.write(move |c| {
            let done = c.execute(
                "UPDATE site SET seq = ?2, hash = ?3, key_id = ?4, ratchet = ?5 WHERE name = ?1",
                (name, last.seq, last.hash.as_bytes(), locked.key_id, locked.bytes),
            )?;
            assert_eq!(done, 1);
            Ok(())
        });
        put.await.expect("the database works");
    }
}

fn core(
    folder: &TempDir,
    directory: &Arc<Embedded>,
    clock: &Arc<ManualClock>,
    dialled: &Dialled,
) -> Arc<Core> {
    Arc::new(Core::new(Parts {
        clock: Arc::clone(clock) as _,
        randomness: Arc::new(OsRandomness),
        store: Store::open(folder.path()).expect("a database"),
        directory: Arc::clone(directory) as _,
        at_rest: AtRest::from_hex(&"ab".repeat(32), &[]).expect("a key"),
        signing: seal::SigningKey::generate(&mut |bytes| bytes.fill(8)),
        settings: Settings {
            lifetime: Duration::from_mins(15),
            answer_after: Duration::ZERO,
            resolve_within: Duration::from_millis(200),
            hold: Duration::from_hours(24),
            invitation_lifetime: Duration::from_hours(24),
            policies: Policies::default(),
            limits: Limits::default(),
            own_mail_domains: vec![],
            portals: BTreeMap::new(),
            sites: dialled
                .lock()
                .expect("nobody panics with it")
                .keys()
                .map(|name| settings(name, folder.path()))
                .collect(),
            senders: BTreeMap::new(),
            messages: MessageSettings::default(),
            organisation: "Corp".to_owned(),
            demo: false,
            retention: Retention::default(),
            operators: Vec::new(),
        },
        own_rules: Arc::new(NoRules),
        link: Arc::new(FakeLink(Arc::clone(dialled))),
        steps: Arc::new(Unwatched),
    }))
}

fn settings(name: &str, folder: &Path) -> SiteSettings {
    let origin = |text: &str| Origin::parse(text).expect("an origin");
    SiteSettings {
        name: name.to_owned(),
        sync_url: origin("https://10.1.0.20:8443"),
        public_origin: origin("https://secret.corp.example"),
        public_address: None,
        public_ca_file: Some(folder.join(PUBLIC_CA)),
        phone: None,
        mail: None,
        is_embedded: false,
    }
}
