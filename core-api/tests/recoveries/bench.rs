//! A core over a real database and the embedded directory, with a clock that is moved by hand, and a person
//! who does with it what a portal would.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use contract::recovery::{Act, ActSecret, Answer, Begin, ProofSecret, Sealed, Stage};
use contract::{Action, Method, ProblemKind, Purpose};
use core_api::core::{Core, MessageSettings, Parts, Retention, Settings};
use core_api::factor::{recovery_codes, totp};
use core_api::keys::{AtRest, Handle, OsRandomness};
use core_api::store::factor::{self, Factor};
use core_api::store::{Id, Store, audit};
use core_api::usecase::{Caller, UseCaseError, recovery};
use core_api::worker::resolve::resolve_waiting;
use directory::{Directory, Embedded, EmbeddedSettings};
use domain::budget::Limits;
use domain::clock::random_bytes;
use domain::password::OwnRules;
use domain::policy::{Policies, Policy};
use domain::{AccountId, Clock, Identifier, Randomness, Timestamp};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::noted::{Asked, Line, Noted};

/// Noon on a day in 2026.
const NOON: i64 = 1_795_000_000_000;
const STAFF: &str = "CN=Staff,OU=Groups,DC=corp,DC=example";

/// A clock that stands until it is moved.
pub(crate) struct ManualClock(AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

impl ManualClock {
    pub(crate) fn forward(&self, span: Duration) {
        let ms = i64::try_from(span.as_millis()).expect("a span of a test");
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

/// No rules besides the directory's.
struct NoOwnRules;

impl OwnRules for NoOwnRules {
    fn is_blocked(&self, password: &str) -> bool {
        password == "Blocked-by-us-1"
    }
    fn is_breached(&self, _: &str) -> bool {
        false
    }
    fn knows_breaches(&self) -> bool {
        false
    }
}

pub(crate) fn password_of(user: &str) -> String {
    format!("First-Pass-{user}-1")
}

pub(crate) struct Bench {
    pub(crate) core: Arc<Core>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) directory: Arc<Embedded>,
    /// The line to the directory, which can be cut.
    pub(crate) line: Arc<Line>,
    /// What the core asked the directory.
    pub(crate) asked: Asked,
    folder: TempDir,
}

impl Bench {
    /// A core for the demo's people, with the policy authenticator app, then recovery code.
    pub(crate) async fn new() -> Self {
        Self::with(|settings| settings).await
    }

    pub(crate) async fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let folder = TempDir::new().expect("a folder");
        let clock = Arc::new(ManualClock(AtomicI64::new(NOON)));
        let randomness: Arc<dyn Randomness> = Arc::new(OsRandomness);
        let embedded = Embedded::open(
            folder.path().join("directory.db"),
            EmbeddedSettings::demo(BTreeSet::from([STAFF.to_owned()])),
            clock.clone(),
            randomness.clone(),
        )
        .expect("a directory");
        embedded
            .seed_demo(|user| SecretString::from(password_of(user)))
            .await
            .expect("people");
        let directory = Arc::new(embedded);
        let (line, asked): (Arc<Line>, Asked) = (Arc::default(), Arc::default());
        let at_rest = AtRest::from_hex(&AtRest::generate(&*randomness), &[]).expect("a key");
        let core = Arc::new(Core::new(Parts {
            clock: clock.clone(),
            randomness: randomness.clone(),
            store: Store::open(folder.path()).expect("a database"),
            directory: Arc::new(Noted::new(directory.clone(), line.clone(), asked.clone())),
            at_rest,
            signing: seal::SigningKey::generate(&mut seal::os_random),
            settings: change(settings()),
            own_rules: Arc::new(NoOwnRules),
            link: Arc::new(core_api::site::NoLink),
            steps: Arc::new(core_api::steps::Unwatched),
        }));
        Self {
            core,
            clock,
            directory,
            line,
            asked,
            folder,
        }
    }

    pub(crate) async fn account(&self, name: &str) -> AccountId {
        let lookup = Identifier::parse(name).lookup().expect("a name");
        self.directory
            .find(&lookup)
            .await
            .expect("the directory")
            .expect("an account")
            .id
    }

    /// Gives an account an authenticator app, which counts at once; gives its secret.
    pub(crate) async fn enrol_totp(&self, name: &str) -> Vec<u8> {
        let secret = totp::new_secret(&OsRandomness);
        self.enrol(name, domain::Method::Totp, &*secret).await;
        secret.to_vec()
    }

    /// Gives an account a verified mailbox, which counts at once.
    pub(crate) async fn enrol_mailbox(&self, name: &str, address: &str) {
        self.enrol(name, domain::Method::EmailCode, address.as_bytes())
            .await;
    }

    /// Gives an account a sheet of recovery codes, which counts at once; gives one of them.
    pub(crate) async fn enrol_recovery_code(&self, name: &str) -> String {
        let sheet = recovery_codes::new_sheet(&OsRandomness);
        let id = self.enrol(name, domain::Method::RecoveryCode, b"").await;
        let (selector, hash) = (
            sheet[3].selector.clone(),
            recovery_codes::hash(&self.core, &sheet[3]).await,
        );
        let stored = self
            .core
            .store
            .write(move |c| factor::insert_code(c, &id, &selector, &hash));
        stored.await.expect("stored");
        sheet[3].shown.to_string()
    }

    async fn enrol(&self, name: &str, method: domain::Method, secret: &[u8]) -> Id {
        let id = random_bytes(&OsRandomness);
        let factor = Factor {
            id,
            account: self.account(name).await,
            method,
            label: String::new(),
            secret: self.core.at_rest.lock(&id, secret, &OsRandomness),
            since: self.clock.now(),
            counts_from: Some(self.clock.now()),
            last_step: 0,
        };
        let stored = self.core.store.write(move |c| factor::insert(c, &factor));
        stored.await.expect("stored");
        id
    }

    pub(crate) fn code(&self, secret: &[u8]) -> String {
        totp_code(secret, self.clock.now())
    }

    pub(crate) async fn begin(&self, purpose: Purpose, identifier: &str) -> Person<'_> {
        self.begin_from("203.0.113.7", purpose, identifier)
            .await
            .expect("it begins")
    }

    pub(crate) async fn begin_from(
        &self,
        source: &str,
        purpose: Purpose,
        identifier: &str,
    ) -> Result<Person<'_>, UseCaseError> {
        let begin = Begin {
            purpose,
            identifier: identifier.to_owned(),
            source: source.to_owned(),
            language: "en".to_owned(),
        };
        let answer = recovery::begin::begin(&self.core, &caller(), begin).await?;
        Ok(Person {
            bench: self,
            handle: answer.handle.clone().expect("a handle"),
            answer,
        })
    }

    /// Where the databases lie.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The mail addresses that the directory has of an account.
    pub(crate) async fn mail_of(&self, name: &str) -> Vec<String> {
        let account = self
            .directory
            .read(self.account(name).await)
            .await
            .expect("the directory");
        account.expect("an account").mail
    }

    /// Lets the worker ask the directory.
    pub(crate) async fn resolve(&self) {
        resolve_waiting(&self.core).await.expect("the directory answers");
    }

    /// The audit's events, in order, as their names.
    pub(crate) async fn events(&self) -> Vec<String> {
        let rows = self.records().await;
        let name = |record: &serde_json::Value| record["event"].as_str().expect("an event").to_owned();
        rows.iter().map(name).collect()
    }

    /// The audit's records, in order.
    pub(crate) async fn records(&self) -> Vec<serde_json::Value> {
        let rows = self.core.store.read(|c| audit::after(c, 0, 1000));
        let rows = rows.await.expect("the audit");
        let json = |row: &audit::Row| serde_json::from_slice(&row.record.event).expect("JSON");
        rows.iter().map(json).collect()
    }

    pub(crate) async fn signs_in(&self, user: &str, password: &str) -> bool {
        let id = self.account(user).await;
        let permit = domain::lockout::allow_try(
            id,
            domain::OperationId([1; 16]),
            domain::lockout::LockoutPolicy {
                threshold: 0,
                window: Duration::ZERO,
                duration: None,
            },
            self.directory.bad_passwords(id).await.expect("a count"),
            0,
            0,
        )
        .expect("allowed");
        self.directory
            .check_password(permit, &SecretString::from(password))
            .await
            .expect("an answer")
            .proves()
    }
}

/// RFC 6238 with the library's own generator, so that our checker is held to something else.
pub(crate) fn totp_code(secret: &[u8], now: Timestamp) -> String {
    let totp = totp_rs::Builder::new()
        .with_algorithm(totp_rs::Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_secret(secret.to_vec())
        .build()
        .expect("a generator");
    totp.generate(u64::try_from(now.0 / 1000).expect("after 1970"))
        .to_string()
}

pub(crate) fn caller() -> Caller {
    Caller {
        portal: "portal.test".to_owned(),
        origin: "https://portal.test".to_owned(),
        reference: "TESTREF000".to_owned(),
    }
}

fn settings() -> Settings {
    let policy = Policy {
        name: "staff".to_owned(),
        groups: [STAFF.to_owned()].into(),
        actions: [
            domain::policy::Action::Unlock,
            domain::policy::Action::Reset,
            domain::policy::Action::Change,
        ]
        .into(),
        steps: vec![[domain::Method::Totp, domain::Method::RecoveryCode].into()],
        unlock_steps: None,
    };
    Settings {
        lifetime: Duration::from_mins(15),
        answer_after: Duration::ZERO,
        resolve_within: Duration::from_millis(200),
        hold: Duration::from_hours(24),
        invitation_lifetime: Duration::from_hours(24 * 7),
        policies: Policies(vec![policy]),
        limits: Limits::default(),
        own_mail_domains: vec!["corp.example".to_owned()],
        portals: [("portal.test".to_owned(), "https://portal.test".to_owned())].into(),
        sites: Vec::new(),
        senders: BTreeMap::new(),
        messages: MessageSettings::default(),
        organisation: "Corp".to_owned(),
        demo: false,
        retention: Retention::default(),
        operators: vec!["operations@corp.example".to_owned()],
    }
}

/// Somebody at a portal: the handle of his cookie and the last page.
#[derive(Clone)]
pub(crate) struct Person<'b> {
    pub(crate) bench: &'b Bench,
    pub(crate) handle: String,
    pub(crate) answer: Answer,
}

impl Person<'_> {
    pub(crate) fn handle(&self) -> Handle {
        Handle::parse(&self.handle).expect("a handle")
    }

    fn take(&mut self, answer: Answer) {
        if let Some(handle) = &answer.handle {
            self.handle.clone_from(handle);
        }
        self.answer = answer;
    }

    pub(crate) async fn look(&mut self) -> Result<(), UseCaseError> {
        let answer = recovery::look(&self.bench.core, &caller(), &self.handle()).await?;
        self.take(answer);
        Ok(())
    }

    pub(crate) async fn pick(&mut self, method: Method) -> Result<(), UseCaseError> {
        let answer = recovery::pick::pick(&self.bench.core, &caller(), &self.handle(), method).await?;
        self.take(answer);
        Ok(())
    }

    /// Seals a code for the page at hand.
    pub(crate) fn seal_code(&self, code: &str) -> Sealed {
        let Stage::Challenge { seal, .. } = &self.answer.view.stage else {
            panic!("{:?}", self.answer.view.stage)
        };
        let secret = ProofSecret {
            code: code.to_owned(),
            current: None,
        };
        seal_json(seal, &serde_json::to_vec(&secret).expect("JSON"))
    }

    pub(crate) async fn prove(&mut self, code: &str) -> Result<(), UseCaseError> {
        let sealed = self.seal_code(code);
        self.send_proof(sealed).await
    }

    pub(crate) async fn send_proof(&mut self, sealed: Sealed) -> Result<(), UseCaseError> {
        let answer = recovery::prove::prove(&self.bench.core, &caller(), &self.handle(), sealed).await?;
        self.take(answer);
        Ok(())
    }

    pub(crate) fn seal_passwords(&self, action: Action, current: Option<&str>, new: &str) -> Sealed {
        let Stage::Proved { offers, .. } = &self.answer.view.stage else {
            panic!("{:?}", self.answer.view.stage)
        };
        let offer = offers
            .iter()
            .find(|offer| offer.action == action)
            .expect("is offered");
        let secret = ActSecret {
            current: current.map(str::to_owned),
            new: new.to_owned(),
            repeat: new.to_owned(),
        };
        seal_json(
            offer.seal.as_deref().expect("needs one"),
            &serde_json::to_vec(&secret).expect("JSON"),
        )
    }

    pub(crate) async fn act(
        &mut self,
        action: Action,
        sealed: Option<Sealed>,
        key: &str,
    ) -> Result<(), UseCaseError> {
        let act = Act {
            action,
            sealed,
            key: key.to_owned(),
        };
        let answer = recovery::act::act(&self.bench.core, &caller(), &self.handle(), act).await?;
        self.take(answer);
        Ok(())
    }

    /// Goes the whole way to the page that offers actions.
    pub(crate) async fn prove_by_app(&mut self, secret: &[u8]) {
        self.bench.resolve().await;
        self.pick(Method::Totp).await.expect("is offered");
        let code = self.bench.code(secret);
        self.prove(&code).await.expect("it is judged");
        assert!(
            matches!(self.answer.view.stage, Stage::Proved { .. }),
            "{:?}",
            self.answer.view.stage
        );
    }
}

pub(crate) fn seal_json(block: &str, json: &[u8]) -> Sealed {
    Sealed {
        seal: block.to_owned(),
        boxed: seal::seal_to(block, json, &mut seal::os_random).expect("sealed"),
    }
}

pub(crate) fn kind(result: Result<(), UseCaseError>) -> ProblemKind {
    match result {
        Err(UseCaseError::Refused(kind)) => kind,
        Err(UseCaseError::TooManyFor(_)) => ProblemKind::TooMany,
        other => panic!("a refusal was expected: {other:?}"),
    }
}
