//! Commands do what they say, once.

use std::time::Duration;

use contract::sync::{Command, Commanded, End, Ended, Order, Pushed, What};
use journal::Statement;
use journal::site::Inventory;
use selfdestruct::given::Step;
use selfdestruct::site::{Limits, Opening, SiteError};
use tokio::time::timeout;

use crate::support::{DAY, Letter, START, World, token};

const MINUTE: i64 = 60_000;

fn command(name: &str, letter: &Letter, order: Order) -> Command {
    Command {
        id: token(name),
        message: letter.id(),
        order,
    }
}

#[tokio::test]
async fn what_is_revoked_is_gone_at_once_and_told() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("revoked")).await;
    let revoke = command("revoke", &letter, Order::Revoke);
    assert_eq!(world.site().command(&revoke).await.unwrap(), Commanded::Done);
    let gone = Ended {
        state: End::Revoked,
        at: START,
    };
    assert_eq!(world.open(&letter, "late").await, Opening::Ended(gone));
    world.hands.go_on(1_000);
    world.restart().await;
    assert_eq!(
        world.site().command(&revoke).await.unwrap(),
        Commanded::Done,
        "repeated"
    );
    let again = command("another", &letter, Order::Revoke);
    assert_eq!(
        world.site().command(&again).await.unwrap(),
        Commanded::Ended(gone)
    );
    world.sweep().await;
    world.confirm().await;
    let told = world.told(&letter);
    assert!(matches!(
        told.as_slice(),
        [What::Ended {
            state: End::Revoked,
            ..
        }]
    ));
    let unknown = command("unknown", &Letter::new("never pushed"), Order::Revoke);
    assert_eq!(world.site().command(&unknown).await.unwrap(), Commanded::Unknown);
}

/// Its packets were held up on the way, or its body is large and half of it is stored.
#[tokio::test]
async fn a_push_that_comes_after_its_revocation_is_refused() {
    let mut world = World::new().await;
    let letters = [
        Letter::new("late"),
        Letter::new("late and large").of_size(600_000),
    ];
    for letter in &letters {
        let name = |what| format!("{what} {:?}", letter.id());
        let revoke = command(&name("revoke"), letter, Order::Revoke);
        let again = command(&name("again"), letter, Order::Revoke);
        let unlock = command(&name("unlock"), letter, Order::Unlock);
        for order in [&revoke, &revoke, &again, &unlock] {
            let answer = world.site().command(order).await.unwrap();
            assert_eq!(
                answer,
                Commanded::Unknown,
                "of an end the core would await an event"
            );
        }
    }
    world.hands.go_on(14 * MINUTE);
    world.restart().await;
    world.sweep().await;
    world.confirm().await;
    for letter in &letters {
        assert_eq!(world.push(letter).await, Pushed::Refused);
        assert_eq!(world.open(letter, "reader").await, Opening::Neutral);
    }
    // By then whatever was sent before is too old to be believed: nothing has to be remembered any more.
    world.hands.go_on(2 * MINUTE);
    world.sweep().await;
    world.confirm().await;
    let left: (i64, i64) = world
        .look()
        .query_row(
            "SELECT (SELECT count(*) FROM message), (SELECT count FROM held WHERE kind = 1)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(left, (0, 0));
    for letter in &letters {
        assert!(world.told(letter).is_empty(), "it never was there");
    }
}

/// The disk of the keys does not get on: what needs it waits, and all else that the core asks does not wait for a place.
#[tokio::test]
async fn pushes_that_wait_leave_places_to_all_else() {
    let world = World::with(Limits {
        push_queue: 2,
        sync_queue: 1,
        ..Limits::default()
    })
    .await;
    let here = world.pushed(Letter::new("here")).await;
    let held = sqlite::Connection::open(world.keys_db()).unwrap();
    held.execute_batch("BEGIN IMMEDIATE").unwrap();
    let pushes: Vec<_> = (0..5)
        .map(|number| {
            let (site, letter) = (world.site().clone(), Letter::new(&format!("waits {number}")));
            tokio::spawn(async move { site.push(1, letter.id(), &letter.body()).await.map(drop) })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let revoke = command("revoke", &here, Order::Revoke);
    let answer = timeout(Duration::from_secs(30), world.site().command(&revoke)).await;
    assert_eq!(answer.expect("it has a place").unwrap(), Commanded::Done);
    assert!(pushes.iter().all(|push| !push.is_finished()), "they still wait");
    held.execute_batch("ROLLBACK").unwrap();
    for push in pushes {
        push.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn commands_for_what_never_was_there_are_forgotten_after_a_day() {
    let world = World::new().await;
    let letter = world.pushed(Letter::new("lives")).await;
    let known = command(
        "known",
        &letter,
        Order::Extend {
            expires_at: START + 9 * DAY,
        },
    );
    assert_eq!(world.site().command(&known).await.unwrap(), Commanded::Done);
    for number in 0..600 {
        let unknown = Letter::new(&format!("made up {number}"));
        let order = if number == 0 { Order::Revoke } else { Order::Unlock };
        let answer = world
            .site()
            .command(&command(&format!("{number}"), &unknown, order))
            .await;
        assert_eq!(answer.unwrap(), Commanded::Unknown);
    }
    let count = || -> i64 {
        let db = world.look();
        db.query_row("SELECT count(*) FROM command", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(count(), 601);
    world.hands.go_on(DAY + 1);
    world.sweep().await;
    assert_eq!(count(), 1, "what was done is remembered longer");
}

#[tokio::test]
async fn of_commands_for_what_never_was_there_only_so_many_are_taken() {
    let world = World::new().await;
    let letter = world.pushed(Letter::new("lives")).await;
    let remember = |answer: &str| {
        let db = world.look();
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 100000)
                    INSERT INTO command (id, at, answer) SELECT randomblob(16), 1900000000000, ?1 FROM n";
        db.execute(many, [answer]).unwrap();
    };
    remember("\"done\"");
    let unknown = command("the first", &Letter::new("made up"), Order::Revoke);
    let answer = world.site().command(&unknown).await;
    assert_eq!(
        answer.unwrap(),
        Commanded::Unknown,
        "what was done does not count"
    );
    remember("\"unknown\"");
    let unknown = command("one more", &Letter::new("made up, too"), Order::Revoke);
    let answer = world.site().command(&unknown).await;
    assert!(matches!(answer, Err(SiteError::TooManyUnknown)), "{answer:?}");
    let known = command("known", &letter, Order::Revoke);
    assert_eq!(world.site().command(&known).await.unwrap(), Commanded::Done);
}

#[tokio::test]
async fn an_extended_message_lives_as_long_as_was_said() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("extended")).await;
    let expires_at = START + 3 * DAY;
    let extend = command("extend", &letter, Order::Extend { expires_at });
    assert_eq!(world.site().command(&extend).await.unwrap(), Commanded::Done);
    let back = command("back", &letter, Order::Extend { expires_at: START });
    assert_eq!(world.site().command(&back).await.unwrap(), Commanded::Unfitting);
    world.hands.go_on(2 * DAY);
    world.sweep().await;
    world.confirm().await;
    assert!(letter.is_in(&world.open(&letter, "reader").await));
    world.hands.go_on(DAY);
    let late = command("late", &letter, Order::Extend { expires_at });
    assert!(matches!(
        world.site().command(&late).await.unwrap(),
        Commanded::Ended(_)
    ));
}

#[tokio::test]
async fn the_inventory_is_what_lives() {
    let world = World::new().await;
    let one = world.pushed(Letter::new("lives")).await;
    let other = world.pushed(Letter::new("lives, too").with_readings(3)).await;
    let gone = world.pushed(Letter::new("does not")).await;
    let revoke = command("revoke", &gone, Order::Revoke);
    world.site().command(&revoke).await.unwrap();
    world.open(&other, "reader").await;
    let signed = world.site().inventory(None).await.unwrap();
    let page = Inventory::open(&signed.parse().unwrap(), &world.core.key).unwrap();
    assert!(!page.more);
    let mut live: Vec<_> = page
        .live
        .iter()
        .map(|live| (live.id.clone(), live.readings_left))
        .collect();
    live.sort();
    let mut expected = vec![(one.id().to_string(), 1), (other.id().to_string(), 2)];
    expected.sort();
    assert_eq!(live, expected);
    let first = one.id().min(other.id());
    let signed = world.site().inventory(Some(first)).await.unwrap();
    let page = Inventory::open(&signed.parse().unwrap(), &world.core.key).unwrap();
    assert_eq!(page.live.len(), 1);
}

#[tokio::test]
async fn a_core_that_was_restored_is_not_taken_for_the_later_one() {
    let mut world = World::new().await;
    world.site().admit(1).await.unwrap();
    world.site().admit(3).await.unwrap();
    assert!(matches!(world.site().admit(2).await, Err(SiteError::Outdated)));
    world.restart().await;
    assert!(matches!(world.site().admit(2).await, Err(SiteError::Outdated)));
    world.site().admit(3).await.unwrap();
}

#[tokio::test]
async fn a_new_epoch_forgets_no_generation_and_uses_up_no_numbers() {
    let mut world = World::new().await;
    let mut far: contract::sync::NewEpoch = world.core.new_epoch();
    far.epoch = 1_002;
    let refused = world.site().new_epoch(&far).await;
    assert!(matches!(refused, Err(SiteError::Refused)), "{refused:?}");
    let asked = world.core.new_epoch();
    // A later core is admitted while the epoch begins.
    let db = world.look();
    let admit = move || assert_eq!(db.execute("UPDATE standing SET generation = 5", []).unwrap(), 1);
    *world.death.1.lock().unwrap() = Some((Step::EpochKeysErased, Box::new(admit)));
    world.site().new_epoch(&asked).await.unwrap();
    world.restart().await;
    assert!(matches!(world.site().admit(4).await, Err(SiteError::Outdated)));
}

#[tokio::test]
async fn a_line_that_no_core_writes_is_not_kept() {
    let world = World::new().await;
    let line = "x".repeat(4097);
    assert!(matches!(
        world.site().witness(&line).await,
        Err(SiteError::Refused)
    ));
    world.site().witness(&line[..4096]).await.unwrap();
}

#[tokio::test]
async fn a_witness_gives_back_what_it_was_told_before() {
    let mut world = World::new().await;
    assert_eq!(world.site().witness("one").await.unwrap().before, None);
    let before = world.site().witness("two").await.unwrap().before;
    assert_eq!(before.as_deref(), Some("one"));
    world.restart().await;
    let before = world.site().witness("three").await.unwrap().before;
    assert_eq!(before.as_deref(), Some("two"));
}
