//! Commands do what they say, once.

use contract::sync::{Command, Commanded, End, Ended, Order, What};
use journal::Statement;
use journal::site::Inventory;
use selfdestruct::site::{Opening, SiteError};

use crate::support::{DAY, Letter, START, World, token};

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
async fn a_witness_gives_back_what_it_was_told_before() {
    let mut world = World::new().await;
    assert_eq!(world.site().witness("one").await.unwrap().before, None);
    let before = world.site().witness("two").await.unwrap().before;
    assert_eq!(before.as_deref(), Some("one"));
    world.restart().await;
    let before = world.site().witness("three").await.unwrap().before;
    assert_eq!(before.as_deref(), Some("two"));
}
