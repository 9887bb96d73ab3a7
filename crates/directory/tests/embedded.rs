//! The contract, kept by the embedded directory; and what only it has.

mod contract;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use contract::{Condition, Fixture, Kind, Person, STAFF, Wanted, contract, may_try_anyway};
use directory::{Directory, DirectoryError, Embedded, EmbeddedSettings, Mark, NewAccount, PasswordCheck};
use domain::password::{PasswordPolicy, PolicySource};
use domain::{AccountKind, Clock, Lookup, Randomness, Timestamp};
use secrecy::SecretString;
use tempfile::TempDir;

const START: i64 = 1_700_000_000_000;
const DAY: Duration = Duration::from_hours(24);

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

impl HandClock {
    fn forward(&self, span: Duration) {
        self.0.fetch_add(
            i64::try_from(span.as_millis()).expect("a short span"),
            Ordering::SeqCst,
        );
    }
}

/// Repeatable, and different at each call.
#[derive(Default)]
struct Counting(AtomicU8);

impl Randomness for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::SeqCst));
    }
}

struct InFile {
    directory: Embedded,
    clock: Arc<HandClock>,
    made: AtomicU32,
    folder: TempDir,
}

fn open(folder: &Path, clock: &Arc<HandClock>) -> Embedded {
    let mut settings = EmbeddedSettings::demo(BTreeSet::from([STAFF.to_owned(), "CN=Other".to_owned()]));
    settings.policy.min_age = Duration::ZERO;
    let clock: Arc<dyn Clock> = Arc::<HandClock>::clone(clock);
    Embedded::open(
        folder.join("directory.db"),
        settings,
        clock,
        Arc::new(Counting::default()),
    )
    .expect("opens")
}

fn in_file() -> Box<InFile> {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Arc::new(HandClock(AtomicI64::new(START)));
    Box::new(InFile {
        directory: open(folder.path(), &clock),
        clock,
        made: AtomicU32::new(0),
        folder,
    })
}

fn strict_policy() -> PasswordPolicy {
    PasswordPolicy {
        source: PolicySource::FineGrained("Strict".to_owned()),
        min_length: 14,
        min_age: DAY,
        ..EmbeddedSettings::demo(BTreeSet::new()).policy
    }
}

#[async_trait]
impl Fixture for InFile {
    fn directory(&self) -> &dyn Directory {
        &self.directory
    }

    async fn make(&self, wanted: Wanted) -> Person {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        let name = format!("person{number}");
        let password = SecretString::from(format!("First-Password-{number}"));
        let mut new = NewAccount::person(&name);
        new.upn = Some(format!("{name}@corp.example"));
        new.mail = vec![wanted.mail.unwrap_or_else(|| format!("{name}@home.example"))];
        new.groups = BTreeSet::from([
            "CN=Staff,OU=Groups,DC=corp,DC=example".to_owned(),
            "CN=Unnamed".to_owned(),
        ]);
        new.password_age = if wanted.strict { Duration::ZERO } else { 2 * DAY };
        new.policy = wanted.strict.then(strict_policy);
        match wanted.condition {
            Condition::Fine => {}
            Condition::Disabled => drop(new.marks.insert(Mark::Disabled)),
            Condition::Expired => new.expires = Some(self.clock.now()),
            Condition::MustChange => new.must_change = true,
            Condition::PasswordExpired => new.password_age = 43 * DAY,
        }
        match wanted.kind {
            Kind::Person => {}
            Kind::Privileged => drop(new.marks.insert(Mark::Privileged)),
            Kind::SmartCardOnly => drop(new.marks.insert(Mark::SmartCardOnly)),
            Kind::Computer => new.kind = AccountKind::Computer,
        }
        let (upn, mail) = (new.upn.clone().unwrap_or_default(), new.mail[0].clone());
        let id = self
            .directory
            .create_account(new, &password)
            .await
            .expect("is made");
        Person {
            id,
            name,
            upn,
            mail,
            password,
        }
    }

    async fn signs_in(&self, person: &Person, password: &str) -> bool {
        let checked = self
            .directory
            .check_password(may_try_anyway(person.id), &password.into())
            .await;
        checked == Ok(PasswordCheck::Right)
    }
}

contract!(std::future::ready(in_file()));

#[tokio::test]
async fn a_lock_opens_by_itself_and_wrong_passwords_are_forgotten_after_a_quiet_window() {
    let fixture = in_file();
    let person = fixture.make(Wanted::default()).await;
    contract::lock(&*fixture, &person).await;
    fixture.clock.forward(Duration::from_mins(31));
    assert!(contract::read(&*fixture, &person).await.state.locked.is_none());
    let wrong = fixture
        .directory
        .check_password(may_try_anyway(person.id), &"Not-The-One-1".into())
        .await;
    assert_eq!(wrong, Ok(PasswordCheck::Wrong));
    assert_eq!(
        fixture
            .directory
            .bad_passwords(person.id)
            .await
            .map(|seen| seen.count),
        Ok(1)
    );
}

#[tokio::test]
async fn the_history_holds_for_a_reset_where_the_policy_says_so() {
    let fixture = in_file();
    let mut new = NewAccount::person("harriet");
    new.policy = Some(PasswordPolicy {
        history_on_reset: true,
        ..strict_policy()
    });
    let first = "The-First-Password-1".into();
    let id = fixture
        .directory
        .create_account(new, &first)
        .await
        .expect("is made");
    let again = fixture
        .directory
        .reset(contract::may_reset(id), &first, directory::After::default())
        .await;
    assert_eq!(
        again,
        Err(DirectoryError::Policy(directory::PolicyRefusal::History))
    );
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart_and_the_demo_is_seeded_once() {
    let fixture = in_file();
    let password = |name: &str| SecretString::from(format!("Aa1-of-{name}-today"));
    let first = fixture.directory.seed_demo(password).await.expect("is seeded");
    let states: Vec<_> = first
        .iter()
        .map(|account| (account.username, account.state))
        .collect();
    assert_eq!(states.len(), 9);
    assert!(states.contains(&("bob", "locked")) && first.iter().all(|account| account.is_new));

    let bob = fixture
        .directory
        .find(&Lookup::AccountName("bob".into()))
        .await
        .expect("found")
        .expect("there");
    assert!(bob.state.locked.is_some());
    let frank = fixture
        .directory
        .find(&Lookup::Address("frank@home.example".into()))
        .await;
    let frank = frank.expect("found").expect("there").id;
    assert_eq!(
        fixture
            .directory
            .password_policy(frank)
            .await
            .map(|policy| policy.min_length),
        Ok(14)
    );
    fixture
        .directory
        .unlock(contract::may_unlock(bob.id))
        .await
        .expect("is unlocked");
    fixture.directory.close().await;

    let reopened = open(fixture.folder.path(), &fixture.clock);
    let second = reopened
        .seed_demo(|_| "never used".into())
        .await
        .expect("is there");
    assert!(second.iter().all(|account| !account.is_new));
    let checked = reopened
        .check_password(may_try_anyway(bob.id), &password("bob"))
        .await;
    assert_eq!(
        checked,
        Ok(PasswordCheck::Right),
        "unlocked, and with the password of the first seeding"
    );
    assert!(!reopened.is_real());
}
