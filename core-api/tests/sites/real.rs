//! The same against the real site below its listeners, so that the one in memory is held to it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::pairing::Pairing;
use contract::sync::{
    After, Certificate, CertificateAnswer, Command, Commanded, DropRequest, Drops, EpochOpened, Events,
    NewEpoch, Order, Position, Pushed, Secret, Token, Witnessed,
};
use contract::{Problem, ProblemKind};
use core_api::keys::OsRandomness;
use core_api::usecase::message::command::{By, order};
use core_api::usecase::message::send::{Wish, plan};
use core_api::usecase::site::new_epoch::new_epoch;
use core_api::usecase::site::pair::{offer, take_answer};
use core_api::worker::pull::{Next, SOON, STALE};
use domain::clock::random_bytes;
use domain::{Clock as _, Randomness as _};
use journal::SigningKey;
use selfdestruct::given::{Clock, Given, Randomness, Unwatched};
use selfdestruct::site::{Beginning, Limits, Opening, Proofs, Settings, Site, SiteError as Failed};
use server::Source;
use sqlite::rusqlite::Connection;
use zeroize::Zeroizing;

use crate::bench::{Bench, ManualClock, Tried};
use crate::fake::answer;

/// How long a reading may be asked for again.
pub(crate) const LEASE: Duration = Duration::from_mins(2);

struct SiteClock(Arc<ManualClock>);

impl Clock for SiteClock {
    fn now_ms(&self) -> i64 {
        self.0.now().0
    }
    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().0).expect("after 1970"))
    }
}

struct SiteRandomness;

impl Randomness for SiteRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        OsRandomness.fill(bytes);
    }
}

/// What lies between the two, without the wire.
pub(crate) struct Direct {
    pub(crate) site: Site,
    /// The call is carried out and its answer is lost, so many times.
    pub(crate) lose: Mutex<u32>,
}

impl Direct {
    fn answer<T>(&self, outcome: Result<T, Failed>) -> Result<T, SiteError> {
        let answer = outcome.map_err(|error| {
            let kind = match error {
                Failed::Fork => ProblemKind::Fork,
                Failed::Outdated | Failed::Conflict => ProblemKind::Conflict,
                Failed::Unknown => ProblemKind::NotFound,
                Failed::Refused => ProblemKind::Malformed,
                Failed::Full => ProblemKind::Full,
                Failed::TooManyUnknown => ProblemKind::TooManyUnknown,
                Failed::Busy | Failed::OtherEpoch | Failed::Failed(_) => ProblemKind::Internal,
            };
            SiteError::from(ClientError::Problem(Problem::new(kind, "TEST")))
        });
        let mut lose = self.lose.lock().expect("nobody panics with it");
        if *lose == 0 {
            return answer;
        }
        *lose -= 1;
        Err(ClientError::TimedOut.into())
    }
}

#[async_trait]
impl SiteApi for Direct {
    async fn push(&self, id: Token, body: Vec<u8>) -> Result<Pushed, SiteError> {
        let outcome = self.site.push(self.site.epoch().await, id, &body).await;
        self.answer(outcome.map(|push| push.pushed))
    }
    async fn push_batch(&self, bodies: &[Vec<u8>]) -> Result<Vec<Pushed>, SiteError> {
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        self.answer(self.site.push_batch(self.site.epoch().await, &bodies).await)
    }
    async fn command(&self, command: &Command) -> Result<Commanded, SiteError> {
        self.answer(self.site.command(command).await)
    }
    async fn events(&self, after: After) -> Result<Events, SiteError> {
        self.answer(self.site.events(after).await)
    }
    async fn ack(&self, position: Position) -> Result<(), SiteError> {
        self.answer(self.site.ack(position).await)
    }
    async fn inventory(&self, after: Option<Token>) -> Result<String, SiteError> {
        self.answer(self.site.inventory(after).await)
    }
    async fn open_epoch(&self, epoch: &NewEpoch) -> Result<EpochOpened, SiteError> {
        self.answer(self.site.new_epoch(epoch).await)
    }
    async fn witness(&self, head: &str) -> Result<Witnessed, SiteError> {
        self.answer(self.site.witness(head).await)
    }
    async fn request_drop(&self, id: Token, request: &DropRequest) -> Result<(), SiteError> {
        self.answer(self.site.request_drop(self.site.epoch().await, id, request).await)
    }
    async fn drops(&self, after: Option<Token>) -> Result<Drops, SiteError> {
        self.answer(self.site.drops(after).await)
    }
    async fn fetch_drop(&self, id: Token, _: usize) -> Result<Vec<u8>, SiteError> {
        self.answer(self.site.fetch_drop(id).await)
    }
    async fn erase_drop(&self, id: Token) -> Result<(), SiteError> {
        self.answer(self.site.erase_drop(id).await)
    }
    async fn certificate(&self, _: &Certificate) -> Result<CertificateAnswer, SiteError> {
        self.answer(Err(Failed::Unknown))
    }
}

pub(crate) struct Real {
    pub(crate) bench: Bench,
    pub(crate) site: Site,
    pub(crate) direct: Arc<Direct>,
    pub(crate) folder: tempfile::TempDir,
}

/// A core and a real site, paired, whose chain is confirmed.
pub(crate) async fn real() -> Real {
    let bench = Bench::unpaired(&["dmz1"]);
    let pairing = offer(&bench.core, "dmz1").await.expect("as the test laid it out");
    let folder = tempfile::tempdir().expect("as the test laid it out");
    let key = SigningKey::from_bytes(&random_bytes(&OsRandomness));
    let answer = answer(&pairing, &key);
    let site = start(&bench, &folder, Some((&pairing, key))).await;
    let direct = dial(&bench, &site);
    take_answer(&bench.core, "dmz1", &answer, "", "")
        .await
        .expect("as the test laid it out");
    assert_eq!(bench.pull("dmz1").await, Next::GoOn);
    Real {
        bench,
        site,
        direct,
        folder,
    }
}

pub(crate) async fn start(
    bench: &Bench,
    folder: &tempfile::TempDir,
    pairing: Option<(&Pairing, SigningKey)>,
) -> Site {
    let settings = Settings {
        data_dir: folder.path().join("data"),
        keys_dir: folder.path().join("keys"),
        name: "dmz1".to_owned(),
        // Only a start ends a confirmation here.
        confirm_within: Duration::from_hours(24),
        lease: LEASE,
        limits: Limits::default(),
    };
    for dir in [&settings.data_dir, &settings.keys_dir] {
        std::fs::create_dir_all(dir).expect("as the test laid it out");
    }
    let given = Given {
        clock: Arc::new(SiteClock(Arc::clone(&bench.clock))),
        randomness: Arc::new(SiteRandomness),
        steps: Arc::new(Unwatched),
    };
    let beginning = pairing.map(|(pairing, key)| Beginning {
        epoch: pairing.epoch,
        ratchet: Secret::new(*pairing.ratchet.expose()),
        generation: pairing.generation,
        key,
    });
    Site::start(settings, given, beginning)
        .await
        .expect("as the test laid it out")
}

pub(crate) fn dial(bench: &Bench, site: &Site) -> Arc<Direct> {
    let direct = Arc::new(Direct {
        site: site.clone(),
        lose: Mutex::new(0),
    });
    let mut dialled = bench.dialled.lock().expect("as the test laid it out");
    dialled.insert("dmz1".to_owned(), Arc::clone(&direct) as _);
    direct
}

impl Real {
    async fn open(&self, id: Token, passphrase: u8) -> Opening {
        self.open_as(id, passphrase, Token::from([7; 16])).await
    }

    pub(crate) async fn open_as(&self, id: Token, passphrase: u8, claim: Token) -> Opening {
        let proofs = Proofs {
            link: Zeroizing::new([3; 32]),
            open: Some(Zeroizing::new([passphrase; 32])),
        };
        let reader = Source::from(IpAddr::from([203, 0, 113, 9]));
        self.site
            .open(id, proofs, claim, reader)
            .await
            .expect("as the test laid it out")
    }

    async fn push(&self) -> Tried {
        self.bench.push("dmz1").await
    }

    async fn pull(&self) {
        assert_eq!(self.bench.pull("dmz1").await, Next::GoOn);
    }
}

#[tokio::test]
async fn a_message_goes_out_is_read_and_its_end_comes_back() {
    let real = real().await;
    let ids = real.bench.send_many("dmz1", 3).await;
    *real.direct.lose.lock().expect("as the test laid it out") = 1;
    assert!(matches!(real.push().await, Tried::Away(_)));
    assert_eq!(real.push().await, Tried::Settled(3));
    real.bench.forward(Duration::from_secs(1));
    real.pull().await;
    assert!(matches!(
        real.open(ids[0], 5).await,
        Opening::WrongPassphrase { tries_left: 1 }
    ));
    assert!(matches!(real.open(ids[0], 4).await, Opening::Opened(_)));
    real.pull().await;
    assert_eq!(real.bench.stage(ids[0]).await, "opened");
    real.site
        .done(ids[0], Token::from([7; 16]))
        .await
        .expect("as the test laid it out");
    // It is over there, and not erased yet: neither missed nor strange.
    let mut puller = real.bench.puller("dmz1");
    assert_eq!(
        puller.try_one(0).await.expect("as the test laid it out"),
        Next::GoOn
    );
    assert!(matches!(real.bench.stage(ids[0]).await, "delivered" | "read"));
    real.site.sweep().await.expect("as the test laid it out");
    real.bench.forward(SOON);
    assert_eq!(
        puller.try_one(0).await.expect("as the test laid it out"),
        Next::GoOn
    );
    assert_eq!(real.bench.stage(ids[0]).await, "read");
    assert_eq!(real.bench.stage(ids[1]).await, "on-site");
    assert_eq!(real.bench.audited("message-opened").await, 1);
    assert!(real.bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn commands_are_carried_out_and_told() {
    let real = real().await;
    let ids = real.bench.send_many("dmz1", 2).await;
    real.push().await;
    for _ in 0..2 {
        real.open(ids[0], 5).await;
    }
    real.pull().await;
    assert_eq!(real.bench.stage(ids[0]).await, "locked");
    let by = || By {
        operator: String::new(),
        through: "command".to_owned(),
        reference: String::new(),
    };
    for (id, wanted) in [(ids[0], Order::Unlock), (ids[1], Order::Revoke)] {
        order(&real.bench.core, *id.as_bytes(), wanted, by())
            .await
            .expect("as the test laid it out");
    }
    *real.direct.lose.lock().expect("as the test laid it out") = 1;
    assert!(matches!(real.push().await, Tried::Away(_)));
    assert_eq!(real.push().await, Tried::Settled(2));
    real.site.sweep().await.expect("as the test laid it out");
    real.pull().await;
    assert_eq!(real.bench.stage(ids[0]).await, "on-site");
    assert_eq!(real.bench.stage(ids[1]).await, "revoked");
    assert!(real.bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn an_older_copy_is_a_fork_and_a_new_epoch_goes_on() {
    let real = real().await;
    let id = real.bench.send("dmz1").await;
    real.push().await;
    real.site.close().await;
    let copy = real.folder.path().join("copy");
    copy_files(&real.folder.path().join("data"), &copy);
    let site = start(&real.bench, &real.folder, None).await;
    drop(dial(&real.bench, &site));
    real.pull().await;
    site.close().await;
    copy_files(&copy, &real.folder.path().join("data"));
    // The start is an event: later, it is another one at the same place.
    real.bench.forward(Duration::from_secs(1));
    let site = start(&real.bench, &real.folder, None).await;
    drop(dial(&real.bench, &site));
    let next = real.bench.pull("dmz1").await;
    assert!(
        matches!(next, Next::Troubled(what) if what.word() == "fork"),
        "{next:?}"
    );
    *dial(&real.bench, &site)
        .lose
        .lock()
        .expect("as the test laid it out") = 1;
    assert!(
        new_epoch(&real.bench.core, "dmz1", "", "").await.is_err(),
        "its answer is lost"
    );
    drop(dial(&real.bench, &site));
    assert_eq!(
        new_epoch(&real.bench.core, "dmz1", "", "")
            .await
            .expect("as the test laid it out"),
        2
    );
    assert_eq!(real.bench.stage(id).await, "lost");
    let again = real.bench.send("dmz1").await;
    assert_eq!(real.push().await, Tried::Settled(1));
    real.pull().await;
    assert_eq!(real.bench.stage(again).await, "on-site");
    assert!(real.bench.alarms("dmz1").await.is_empty());
}

/// A core that was put back to what it knew before the site pruned what followed.
async fn outdated() -> Real {
    let real = real().await;
    let before = real.bench.stored("dmz1").await;
    let id = real.bench.send("dmz1").await;
    real.push().await;
    assert!(matches!(real.open(id, 4).await, Opening::Opened(_)));
    real.pull().await;
    real.bench.forward(Duration::from_hours(31 * 24));
    real.site.sweep().await.expect("as the test laid it out");
    real.pull().await;

    real.bench.put_back(&before).await;
    real
}

/// A site keeps what the core has for thirty days, so that an old core reads it again.
#[tokio::test]
async fn a_core_from_a_copy_that_is_too_old_says_so_and_sends_nothing_until_the_site_is_keyed_anew() {
    let real = outdated().await;
    for _ in 0..2 {
        let next = real.bench.pull("dmz1").await;
        real.bench.forward(STALE * 2);
        assert!(
            matches!(next, Next::Troubled(what) if what.word() == "core-outdated" && what.sentence().contains("re-key")),
            "{next:?}"
        );
    }
    assert_eq!(real.bench.alarms("dmz1").await, ["core-outdated"]);
    let refused = plan(&real.bench.core, &Wish::default()).await.unwrap_err();
    assert!(refused.to_string().contains("core-outdated"), "{refused}");
    let waiting = real.bench.send("dmz1").await;
    assert_eq!(real.push().await, Tried::Nothing, "its link would open nothing");

    let epoch = new_epoch(&real.bench.core, "dmz1", "", "").await;
    assert_eq!(epoch.expect("as the test laid it out"), 2);
    assert!(plan(&real.bench.core, &Wish::default()).await.is_ok());
    assert_eq!(real.push().await, Tried::Settled(1));
    real.pull().await;
    assert_eq!(real.bench.stage(waiting).await, "on-site");
    assert!(real.bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn while_a_pairing_waits_for_its_answer_a_core_that_is_behind_is_no_alarm() {
    let real = outdated().await;
    offer(&real.bench.core, "dmz1")
        .await
        .expect("as the test laid it out");
    let next = real.bench.pull("dmz1").await;
    assert!(
        matches!(&next, Next::Patience(why) if why.contains("site add")),
        "{next:?}"
    );
    assert!(real.bench.alarms("dmz1").await.is_empty());
    // A file that nobody answers holds nothing up for good.
    real.bench.forward(Duration::from_hours(1));
    real.bench.forward(Duration::from_millis(1));
    real.bench.pull("dmz1").await;
    let alarms = real.bench.alarms("dmz1").await;
    assert!(alarms.iter().any(|alarm| alarm == "core-outdated"), "{alarms:?}");
}

/// What somebody who gets at the site's database does to events that the core does not have yet.
#[tokio::test]
async fn each_change_of_the_journal_of_a_real_site_has_its_alarm() {
    for (word, change) in [
        (
            "event-changed",
            "UPDATE event SET event = replace(event, '203.0.113.9', '203.0.113.8') WHERE seq = ?1",
        ),
        ("event-missing", "DELETE FROM event WHERE seq = ?1"),
        (
            "events-swapped",
            "UPDATE event SET seq = -seq WHERE seq IN (?1, ?2); UPDATE event SET seq = ?1 + ?2 + seq WHERE seq < 0",
        ),
    ] {
        let real = real().await;
        let ids = real.bench.send_many("dmz1", 4).await;
        real.push().await;
        real.pull().await;
        let before = real.bench.stored("dmz1").await.last.seq;
        for id in ids {
            assert!(matches!(real.open(id, 4).await, Opening::Opened(_)));
        }
        let journal = Connection::open(real.folder.path().join("data/site.db")).expect("its owner may");
        let rows = (before + 2, before + 3);
        journal
            .execute_batch(
                &change
                    .replace("?1", &rows.0.to_string())
                    .replace("?2", &rows.1.to_string()),
            )
            .expect("as the test laid it out");
        for _ in 0..2 {
            let next = real.bench.pull("dmz1").await;
            assert!(
                matches!(next, Next::Troubled(what) if what.word() == word),
                "{word}: {next:?}"
            );
        }
        assert_eq!(real.bench.alarms("dmz1").await, [word]);
        assert_eq!(
            real.bench.stored("dmz1").await.last.seq,
            before,
            "nothing is taken"
        );
        assert_eq!(real.bench.audited("message-opened").await, 0);
    }
}

pub(crate) fn copy_files(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("as the test laid it out");
    for entry in std::fs::read_dir(from).expect("as the test laid it out") {
        let entry = entry.expect("as the test laid it out");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("as the test laid it out");
    }
}
