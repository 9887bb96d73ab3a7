//! Wrong passphrases are counted behind the right link only.

use contract::sync::{Command, Commanded, End, Order, Token, What};
use selfdestruct::site::Opening;

use crate::support::{Letter, World, token};

async fn order(world: &World, name: &str, message: Token, order: Order) -> Commanded {
    let command = Command {
        id: token(name),
        message,
        order,
    };
    world
        .site()
        .command(&command)
        .await
        .expect("the test stands on it")
}

#[tokio::test]
async fn five_lock_it_once_it_is_unlocked_then_it_can_only_be_destroyed() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("locked").with_passphrase()).await;
    let id = letter.id();
    assert_eq!(
        order(&world, "early", id, Order::Unlock).await,
        Commanded::Unfitting
    );
    assert_eq!(
        order(&world, "early too", id, Order::Destroy).await,
        Commanded::Unfitting
    );
    for round in ["first", "second"] {
        for left in (0..5).rev() {
            let wrong = world
                .open_with(&letter, letter.proofs_with_wrong_passphrase())
                .await;
            assert_eq!(wrong, Opening::WrongPassphrase { tries_left: left }, "{round}");
        }
        let locked = Opening::WrongPassphrase { tries_left: 0 };
        assert_eq!(
            world.open(&letter, "owner").await,
            locked,
            "the right one no longer helps"
        );
        assert_eq!(
            world
                .open_with(&letter, letter.proofs_with_wrong_passphrase())
                .await,
            locked
        );
        if round == "first" {
            assert_eq!(order(&world, "unlock", id, Order::Unlock).await, Commanded::Done);
            assert_eq!(
                order(&world, "unlock", id, Order::Unlock).await,
                Commanded::Done,
                "repeated"
            );
        }
    }
    assert_eq!(
        order(&world, "again", id, Order::Unlock).await,
        Commanded::Unfitting
    );
    assert_eq!(
        order(&world, "destroy", id, Order::Destroy).await,
        Commanded::Done
    );
    assert!(matches!(world.open(&letter, "owner").await, Opening::Ended(_)));
    world.sweep().await;
    world.confirm().await;
    let told = world.told(&letter);
    let wrong = told
        .iter()
        .filter(|what| matches!(what, What::WrongPassphrase { .. }))
        .count();
    assert_eq!(wrong, 10, "{told:?}");
    assert!(matches!(
        told.last(),
        Some(What::Ended {
            state: End::Destroyed,
            ..
        })
    ));
}

#[tokio::test]
async fn a_right_passphrase_opens_after_wrong_ones() {
    let world = World::new().await;
    let letter = world.pushed(Letter::new("mistyped").with_passphrase()).await;
    for _ in 0..4 {
        world
            .open_with(&letter, letter.proofs_with_wrong_passphrase())
            .await;
    }
    assert!(letter.is_in(&world.open(&letter, "owner").await));
}

#[tokio::test]
async fn none_at_all_is_a_wrong_one() {
    let world = World::new().await;
    let letter = world.pushed(Letter::new("without").with_passphrase()).await;
    let mut proofs = letter.proofs();
    proofs.open = None;
    let opening = world.open_with(&letter, proofs).await;
    assert_eq!(opening, Opening::WrongPassphrase { tries_left: 4 });
}
