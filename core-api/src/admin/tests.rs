use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use directory::{Embedded, EmbeddedSettings, NewAccount};
use domain::budget::Limits;
use domain::policy::Policies;
use domain::{AccountKind, Clock as _, Identifier};
use secrecy::SecretString;
use server::Life;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::*;
use crate::clock::SystemClock;
use crate::core::{Core, MessageSettings, Parts, Retention, Settings};
use crate::factor::invitation;
use crate::keys::{AtRest, OsRandomness};
use crate::store::{Store, freeze, pause};

struct NoRules;

impl domain::password::OwnRules for NoRules {
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

struct Fixture {
    folder: tempfile::TempDir,
    core: Arc<Core>,
    life: Life,
}

/// A core with alice and a printer's account, whose socket answers.
async fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let (clock, randomness) = (Arc::new(SystemClock), Arc::new(OsRandomness));
    let settings = EmbeddedSettings::demo(BTreeSet::new());
    let path = folder.path().join("directory.db");
    let directory = Embedded::open(
        path,
        settings,
        Arc::clone(&clock) as _,
        Arc::clone(&randomness) as _,
    )
    .unwrap();
    let password = SecretString::from("Correct-Horse-9");
    directory
        .create_account(NewAccount::person("alice"), &password)
        .await
        .unwrap();
    let mut printer = NewAccount::person("printer$");
    printer.kind = AccountKind::Computer;
    directory.create_account(printer, &password).await.unwrap();
    let core = Arc::new(Core::new(Parts {
        clock,
        randomness,
        store: Store::open(folder.path()).unwrap(),
        directory: Arc::new(directory),
        at_rest: AtRest::from_hex(&"ab".repeat(32), &[]).unwrap(),
        signing: seal::SigningKey::generate(&mut seal::os_random),
        settings: Settings {
            lifetime: Duration::from_mins(15),
            answer_after: Duration::from_millis(1),
            resolve_within: Duration::from_secs(1),
            hold: Duration::ZERO,
            invitation_lifetime: Duration::from_hours(24 * 7),
            policies: Policies::default(),
            limits: Limits::default(),
            own_mail_domains: Vec::new(),
            portals: BTreeMap::from([("p1.example".to_owned(), "https://reset.example".to_owned())]),
            sites: Vec::new(),
            senders: BTreeMap::new(),
            messages: MessageSettings::default(),
            organisation: "Test".to_owned(),
            demo: true,
            retention: Retention::default(),
            operators: Vec::new(),
        },
        own_rules: Arc::new(NoRules),
        link: Arc::new(crate::site::NoLink),
        steps: Arc::new(crate::steps::Unwatched),
    }));
    let life = Life::new();
    let socket = Arc::new(AdminSocket::bind(folder.path()).unwrap());
    let shared = Arc::clone(&core);
    life.spawn("admin", move |stop| {
        let (core, socket) = (Arc::clone(&shared), Arc::clone(&socket));
        async move { socket.serve(core, stop).await }
    });
    Fixture { folder, core, life }
}

impl Fixture {
    async fn ask(&self, request: Request) -> Result<Answer, AskError> {
        ask(self.folder.path(), &request).await
    }

    async fn audited(&self) -> Vec<Exported> {
        let asked = Request::Audit {
            after: 0,
            begins: false,
        };
        match self.ask(asked).await {
            Ok(Answer::Audit { records }) => records,
            _ => panic!("the audit was asked for"),
        }
    }
}

fn invite(identifier: &str, days: Option<u16>) -> Request {
    Request::Invite {
        identifier: identifier.to_owned(),
        days,
    }
}

#[tokio::test]
async fn an_invitation_is_shown_once_stored_as_a_hash_and_audited() {
    let fixture = fixture().await;
    let before = fixture.core.now();
    let Answer::Invited { code, name, until } = fixture.ask(invite("CORP\\alice", Some(3))).await.unwrap()
    else {
        panic!("an invitation was asked for");
    };
    assert_eq!(name, "alice");
    let lifetime = Duration::from_millis(u64::try_from(until - before.0).unwrap());
    assert!(lifetime >= Duration::from_hours(72) && lifetime < Duration::from_hours(73));

    let typed = invitation::parse(&code);
    let lookup = Identifier::parse("alice").lookup().unwrap();
    let account = fixture.core.directory.find(&lookup).await.unwrap().unwrap().id;
    let now = SystemClock.now();
    let selector = typed.selector.clone();
    let stored = fixture
        .core
        .store
        .read(move |c| crate::store::invitation::hash(c, &selector, account, now))
        .await
        .unwrap();
    assert!(invitation::matches(
        &typed,
        &stored.expect("the invitation is alice's")
    ));

    let records = fixture.audited().await;
    assert_eq!(records.len(), 1);
    assert!(records[0].record.contains("\"event\":\"invitation\""));
    assert!(
        records[0]
            .personal
            .as_ref()
            .unwrap()
            .contains("\"operator\":\"uid ")
    );
    let everything = serde_json::to_string(&records).unwrap();
    assert!(!everything.contains(&code) && !everything.contains(&code.replace('-', "")));
}

#[tokio::test]
async fn a_chain_that_is_too_long_is_refused_before_it_is_read() {
    let fixture = fixture().await;
    let asked = |size| Request::SiteCertificateChain {
        site: "dmz1".to_owned(),
        size,
    };
    for (size, word) in [
        (LONGEST_CHAIN + 1, "too long"),
        (usize::MAX, "too long"),
        (0, "no certificate"),
    ] {
        let refused = fixture
            .ask(asked(size))
            .await
            .err()
            .expect("it is refused")
            .to_string();
        assert!(refused.contains(word), "{size}: {refused}");
    }
    assert!(fixture.audited().await.is_empty());
}

#[tokio::test]
async fn who_reads_the_audit_stands_in_it_once_a_reading() {
    let fixture = fixture().await;
    for (after, begins) in [(0, true), (1, false), (2, false)] {
        let page = fixture.ask(Request::Audit { after, begins }).await;
        let Ok(Answer::Audit { records }) = page else {
            panic!("the audit was asked for")
        };
        assert_eq!(
            records.len(),
            usize::from(after == 0),
            "a reading comes to an end"
        );
    }
    let records = fixture.audited().await;
    assert!(
        records[0]
            .record
            .contains(r#""event":"audit-read","how":"export","after":0"#)
    );
    let who = records[0].personal.as_ref().expect("nothing was erased");
    assert!(who.contains("\"operator\":\"uid "), "{who}");
}

#[tokio::test]
async fn nobody_and_machines_are_not_invited() {
    let fixture = fixture().await;
    for (identifier, days) in [
        ("nobody", None),
        ("printer$", None),
        ("a\0b", None),
        ("alice", Some(0)),
        ("alice", Some(31)),
    ] {
        let refused = fixture.ask(invite(identifier, days)).await;
        assert!(
            matches!(refused, Err(AskError::Refused(_))),
            "{identifier:?} {days:?}"
        );
    }
    assert!(fixture.audited().await.is_empty());
}

#[tokio::test]
async fn a_portal_is_paused_and_resumed_by_its_name() {
    let fixture = fixture().await;
    let paused = |fixture: &Fixture| {
        let store = fixture.core.store.clone();
        async move { store.read(|c| pause::is_paused(c, "p1.example")).await.unwrap() }
    };
    let why = "drill".to_owned();
    fixture
        .ask(Request::Pause {
            portal: "P1.example".to_owned(),
            why: why.clone(),
        })
        .await
        .unwrap();
    assert!(paused(&fixture).await);
    fixture
        .ask(Request::Resume {
            portal: "p1.example".to_owned(),
        })
        .await
        .unwrap();
    assert!(!paused(&fixture).await);
    fixture
        .ask(Request::Pause {
            portal: "*".to_owned(),
            why: why.clone(),
        })
        .await
        .unwrap();
    assert!(paused(&fixture).await);
    let unknown = fixture
        .ask(Request::Pause {
            portal: "p2.example".to_owned(),
            why,
        })
        .await;
    assert!(matches!(unknown, Err(AskError::Refused(_))));
    assert_eq!(fixture.audited().await.len(), 3);
}

#[tokio::test]
async fn a_freeze_is_lifted() {
    let fixture = fixture().await;
    let lookup = Identifier::parse("alice").lookup().unwrap();
    let account = fixture.core.directory.find(&lookup).await.unwrap().unwrap().id;
    let now = fixture.core.now();
    fixture
        .core
        .store
        .write(move |c| freeze::set(c, account, "not me", now))
        .await
        .unwrap();
    fixture
        .ask(Request::Unfreeze {
            identifier: "alice".to_owned(),
        })
        .await
        .unwrap();
    assert!(
        !fixture
            .core
            .store
            .read(move |c| freeze::is_frozen(c, account))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn nonsense_is_refused_and_an_endless_line_ends() {
    let fixture = fixture().await;
    let path = socket_path(fixture.folder.path());
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for bytes in [
        b"{\"do\":\"dance\"}\n".to_vec(),
        b"\n".to_vec(),
        vec![b'x'; 10_000],
    ] {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        // The core may have heard enough before everything is written.
        let _ = stream.write_all(&bytes).await;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.is_empty() || answer.contains("\"refused\""), "{answer}");
    }
    assert!(
        fixture.ask(invite("alice", None)).await.is_ok(),
        "it still answers"
    );
}

#[tokio::test]
async fn without_a_core_the_command_says_so() {
    let Fixture { folder, core, life } = fixture().await;
    drop(life); // no stop is ordered: the socket is left behind as by a core that was killed
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(matches!(
        ask(elsewhere.path(), &invite("alice", None)).await,
        Err(AskError::NotRunning(_))
    ));
    let again = AdminSocket::bind(folder.path());
    assert!(again.is_ok(), "a socket that was left behind is replaced");
    drop(again);
    assert!(matches!(
        ask(folder.path(), &invite("alice", None)).await,
        Err(AskError::NotRunning(_))
    ));
    drop(core);
}

#[test]
fn only_the_cores_own_user_and_root_may_command_it() {
    assert!(may_command(1000, 1000));
    assert!(may_command(0, 1000));
    assert!(!may_command(1001, 1000));
    assert!(!may_command(1000, 0));
}
