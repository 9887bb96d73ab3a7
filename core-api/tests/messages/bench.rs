//! A core with one site, a post office, and somebody who sends.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use client::site::SiteApi;
use contract::sync::{Digest, Token};
use core_api::config::SiteSettings;
use core_api::core::{Core, MessageSettings, Parts, Retention, Settings};
use core_api::keys::{AtRest, OsRandomness};
use core_api::mail::Mailer;
use core_api::mail::letter::Secret;
use core_api::site::{Address, LinkError, SiteLink};
use core_api::steps::Unwatched;
use core_api::store::message::{self, Message};
use core_api::store::{Store, outbox};
use core_api::usecase::audit::export;
use core_api::usecase::message::seal::{Sealed, seal};
use core_api::usecase::message::send::{Handed, SendError, Sender, Wish, reserve, send};
use core_api::usecase::site::pair::{offer, take_answer};
use core_api::worker::drops;
use core_api::worker::line::Line;
use core_api::worker::outbox::{Outcome, deliver_one};
use core_api::worker::pull::Puller;
use core_api::worker::push::Pusher;
use directory::{Directory, Embedded, EmbeddedSettings};
use domain::budget::Limits;
use domain::password::OwnRules;
use domain::policy::Policies;
use domain::{Clock, Timestamp};
use seal::{Content, Passphrase};
use server::config::Origin;
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::post::Post;
use crate::site::Site;

const NOON: i64 = 1_795_000_000_000;
pub(crate) const SITE: &str = "dmz1";
/// A byte of the at-rest key, in hexadecimal.
const OLD_KEY: &str = "ab";

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

struct OneLink(Arc<Site>);

impl SiteLink for OneLink {
    fn pins(&self) -> Result<Vec<Digest>, LinkError> {
        Ok(vec![Digest::from([1; 32]), Digest::from([2; 32])])
    }

    fn dial(&self, _: &Address) -> Result<Arc<dyn SiteApi>, LinkError> {
        Ok(Arc::clone(&self.0) as _)
    }
}

pub(crate) struct Bench {
    pub(crate) core: Arc<Core>,
    pub(crate) site: Arc<Site>,
    pub(crate) post: Arc<Post>,
    mailer: Mailer,
    clock: Arc<ManualClock>,
    folder: TempDir,
}

/// A command's sender, who is told what became of messages.
pub(crate) fn sender() -> Sender {
    Sender {
        name: "uid 1000".to_owned(),
        through: "command".to_owned(),
        reference: "REF".to_owned(),
        notify: Some("sender@corp.example".to_owned()),
    }
}

pub(crate) fn text(text: &str) -> Content {
    Content::new(Zeroizing::new(text.to_owned()), vec![]).expect("it is small")
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut MessageSettings)) -> Self {
        let bench = Self::unpaired(change);
        let pairing = offer(&bench.core, SITE).await.expect("it is configured");
        let answer = bench.site.fake.pair(&pairing);
        take_answer(&bench.core, SITE, &answer, "REF", "uid 0")
            .await
            .expect("it is the answer");
        bench
    }

    pub(crate) fn unpaired(change: impl FnOnce(&mut MessageSettings)) -> Self {
        let clock = Arc::new(ManualClock(AtomicI64::new(NOON)));
        let site = Site::new(Arc::clone(&clock));
        let folder = TempDir::new().expect("a folder");
        let mut settings = settings();
        change(&mut settings.messages);
        let at_rest = AtRest::from_hex(&OLD_KEY.repeat(32), &[]).expect("a key");
        let directory = Embedded::open(
            folder.path().join("directory.db"),
            EmbeddedSettings::demo(BTreeSet::new()),
            Arc::clone(&clock) as _,
            Arc::new(OsRandomness),
        )
        .expect("a directory");
        let store = Store::open(folder.path()).expect("a database");
        let core = core(store, Arc::new(directory), &clock, &site, settings, at_rest);
        let (post, mailer) = Post::new();
        Self {
            core,
            site,
            post,
            mailer,
            clock,
            folder,
        }
    }

    /// The core begins again with another at-rest key; the former still opens, if it `is_known`.
    pub(crate) fn change_key(&mut self, is_known: bool) {
        let (new, old) = ("cd".repeat(32), OLD_KEY.repeat(32));
        let former: &[&str] = if is_known { &[&old] } else { &[] };
        let at_rest = AtRest::from_hex(&new, former).expect("two keys");
        let (old, clock) = (&self.core, &self.clock);
        let (store, directory) = (old.store.clone(), Arc::clone(&old.directory));
        self.core = core(store, directory, clock, &self.site, old.settings.clone(), at_rest);
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn forward(&self, span: Duration) {
        let ms = i64::try_from(span.as_millis()).expect("a span of a test");
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Seals and hands in, as a command does; gives the id and the link.
    pub(crate) async fn send(
        &self,
        wish: Wish,
        content: &Content,
        passphrase: Option<&str>,
    ) -> Result<(Token, Secret), SendError> {
        let passphrase = passphrase.map(|typed| Passphrase::new(typed).expect("a passphrase"));
        let wish = Wish {
            with_passphrase: passphrase.is_some(),
            ..wish
        };
        let (id, plan) = reserve(&self.core, &sender(), &wish).await?;
        let sealed = seal(&id, &plan.address(&id), content, passphrase.as_ref());
        let link = sealed.link.clone();
        self.hand_in(&sender(), id, wish, sealed).await?;
        Ok((Token::from(id), link))
    }

    pub(crate) async fn hand_in(
        &self,
        sender: &Sender,
        id: [u8; 16],
        wish: Wish,
        sealed: Sealed,
    ) -> Result<(), SendError> {
        let handed = Handed {
            id,
            is_reserved: true,
            link: wish.to.is_some().then_some(sealed.link),
            wish,
            envelope: sealed.envelope,
            proofs: sealed.proofs,
        };
        send(&self.core, sender, None, vec![handed]).await.map(drop)
    }

    /// The push worker, until nothing waits.
    pub(crate) async fn push(&self) {
        Pusher::new(Arc::clone(&self.core), SITE.to_owned())
            .try_one()
            .await
            .expect("the database works");
    }

    /// One round of the pull worker.
    pub(crate) async fn pull(&self) {
        Puller::new(Arc::clone(&self.core), SITE.to_owned())
            .try_one(0)
            .await
            .expect("the database works");
    }

    /// One round of the drop worker; how many drops it found.
    pub(crate) async fn collect(&self) -> usize {
        let mut line = Line::new(Arc::clone(&self.core), SITE.to_owned());
        drops::try_one(&self.core, &mut line).await.expect("all is well")
    }

    /// Delivers what lies in the outbox; gives what the post office was handed, all in all.
    pub(crate) async fn mails(&self) -> Vec<crate::post::Mail> {
        while deliver_one(&self.core, &self.mailer)
            .await
            .expect("the database works")
            != Outcome::Nothing
        {}
        self.post.handed()
    }

    pub(crate) async fn letters_waiting(&self) -> u64 {
        self.core
            .store
            .read(outbox::depth)
            .await
            .expect("the database works")
    }

    pub(crate) async fn message(&self, id: Token) -> Message {
        let found = self
            .core
            .store
            .read(move |c| message::by_id(c, id.as_bytes()))
            .await;
        found.expect("the database works").expect("it was sent")
    }

    /// The audit, as it is exported.
    pub(crate) async fn audit(&self) -> String {
        let page = self.core.store.read(|c| export::page(c, 0, 10_000)).await;
        let records = page.expect("the database works");
        records.iter().map(|record| record.json_line() + "\n").collect()
    }
}

fn core(
    store: Store,
    directory: Arc<dyn Directory>,
    clock: &Arc<ManualClock>,
    site: &Arc<Site>,
    settings: Settings,
    at_rest: AtRest,
) -> Arc<Core> {
    Arc::new(Core::new(Parts {
        clock: Arc::clone(clock) as _,
        randomness: Arc::new(OsRandomness),
        store,
        directory,
        at_rest,
        signing: seal::SigningKey::generate(&mut |bytes| bytes.fill(8)),
        settings,
        own_rules: Arc::new(NoRules),
        link: Arc::new(OneLink(Arc::clone(site))),
        steps: Arc::new(Unwatched),
    }))
}

fn settings() -> Settings {
    let origin = |text: &str| Origin::parse(text).expect("an origin");
    Settings {
        lifetime: Duration::from_mins(15),
        answer_after: Duration::ZERO,
        resolve_within: Duration::from_millis(200),
        hold: Duration::from_hours(24),
        invitation_lifetime: Duration::from_hours(24),
        policies: Policies::default(),
        limits: Limits::default(),
        own_mail_domains: vec![],
        portals: BTreeMap::new(),
        sites: vec![SiteSettings {
            name: SITE.to_owned(),
            sync_url: origin("https://10.1.0.20:8443"),
            public_origin: origin("https://secret.corp.example"),
            public_address: None,
            public_ca_file: None,
            phone: None,
            mail: None,
            is_embedded: false,
        }],
        senders: BTreeMap::new(),
        messages: MessageSettings::default(),
        organisation: "Corp".to_owned(),
        demo: false,
        retention: Retention::default(),
        operators: vec!["operations@corp.example".to_owned()],
    }
}
