//! Nothing is handed out more often than it may be, and nobody who lacks the link learns or changes anything.

use contract::sync::{End, Ended, What};
use selfdestruct::site::Opening;

use crate::support::{DAY, LEASE, Letter, START, World, reader_at, token};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twelve_readers_exactly_one_wins() {
    let mut world = World::new().await;
    for number in 0..50 {
        let letter = world.pushed(Letter::new(&format!("race {number}"))).await;
        let readers: Vec<_> = (0..12)
            .map(|reader| {
                let (site, letter) = (world.site().clone(), letter.clone());
                tokio::spawn(async move {
                    let claim = token(&format!("claim {reader}"));
                    let opening = site.open(letter.id(), letter.proofs(), claim, reader_at(1)).await;
                    letter.is_in(&opening.unwrap())
                })
            })
            .collect();
        let mut winners = 0;
        for reader in readers {
            winners += usize::from(reader.await.unwrap());
        }
        assert_eq!(winners, 1, "of message {number}");
        world.confirm().await;
        let told = world.told(&letter);
        assert_eq!(told.len(), 1);
        assert!(matches!(told[0], What::Opened { readings_left: 0, .. }));
    }
}

#[tokio::test]
async fn a_lost_answer_is_given_again_to_the_same_reader_and_to_nobody_else() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("lease")).await;
    for _ in 0..3 {
        assert!(letter.is_in(&world.open(&letter, "first").await));
    }
    world.hands.go_on(LEASE - 1);
    world.confirm().await;
    assert!(letter.is_in(&world.open(&letter, "first").await));
    let read = Opening::Ended(Ended {
        state: End::Read,
        at: START,
    });
    assert_eq!(world.open(&letter, "second").await, read);
    world.sweep().await;
    assert!(letter.is_in(&world.open(&letter, "first").await));

    world.hands.go_on(1);
    assert_eq!(world.open(&letter, "first").await, read, "the lease is over");
    world.sweep().await;
    assert_eq!(
        world.open(&letter, "first").await,
        read,
        "its holder still learns how it ended"
    );
    world.confirm().await;
    let told = world.told(&letter);
    assert!(
        matches!(
            told.as_slice(),
            [What::Opened { .. }, What::Ended { state: End::Read, .. }]
        ),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_delivery_ends_the_message_and_only_its_reader_can_tell_of_it() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("delivered")).await;
    world.open(&letter, "reader").await;
    world.done(&letter, "stranger").await;
    world.done(&Letter::new("never pushed"), "reader").await;
    world.done(&letter, "reader").await;
    world.done(&letter, "reader").await;
    assert!(matches!(world.open(&letter, "reader").await, Opening::Ended(_)));
    world.sweep().await;
    world.confirm().await;
    let told = world.told(&letter);
    let (What::Opened { claim, .. }, What::Delivered { claim: same, .. }) = (&told[0], &told[1]) else {
        panic!("{told:?}")
    };
    assert_eq!(claim, same);
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn two_readings_are_two() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("twice").with_readings(2)).await;
    assert!(letter.is_in(&world.open(&letter, "one").await));
    world.done(&letter, "one").await;
    assert!(letter.is_in(&world.open(&letter, "two").await));
    assert!(matches!(world.open(&letter, "three").await, Opening::Ended(_)));
    world.hands.go_on(LEASE);
    world.sweep().await;
    world.confirm().await;
    let kinds: Vec<_> = world.told(&letter).iter().map(kind).collect();
    assert_eq!(kinds, ["opened", "delivered", "opened", "ended"]);
}

fn kind(what: &What) -> &'static str {
    match what {
        What::Opened { .. } => "opened",
        What::Delivered { .. } => "delivered",
        What::Ended { .. } => "ended",
        _ => "other",
    }
}

#[tokio::test]
async fn a_wrong_link_a_thousand_times_writes_no_row() {
    let world = World::new().await;
    let letter = world.pushed(Letter::new("wrong link").with_passphrase()).await;
    let before = world.site().numbers().await;
    for _ in 0..1_000 {
        assert_eq!(
            world.open_with(&letter, letter.wrong_proofs()).await,
            Opening::Neutral
        );
    }
    let unknown = Letter::new("never pushed");
    assert_eq!(
        world.open_with(&unknown, unknown.proofs()).await,
        Opening::Neutral
    );
    let after = world.site().numbers().await;
    assert_eq!(after.site.written, before.site.written);
    assert_eq!(
        after.site.undone, before.site.undone,
        "nothing reached the writer"
    );
    assert_eq!(after.seq, before.seq);
    assert!(letter.is_in(&world.open(&letter, "reader").await));
}

#[tokio::test]
async fn after_its_time_a_message_is_not_opened() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("expires")).await;
    world.hands.go_on(DAY);
    world.confirm().await;
    let expired = Opening::Ended(Ended {
        state: End::Expired,
        at: START + DAY,
    });
    assert_eq!(world.open(&letter, "late").await, expired);
    assert_eq!(
        world.open_with(&letter, letter.wrong_proofs()).await,
        Opening::Neutral
    );
    world.sweep().await;
    assert_eq!(world.open(&letter, "late").await, expired);
    world.confirm().await;
    let told = world.told(&letter);
    assert!(matches!(
        told.as_slice(),
        [What::Ended {
            state: End::Expired,
            ..
        }]
    ));
}

#[tokio::test]
async fn nothing_is_handed_out_without_a_fresh_confirmation() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("confirmed")).await;
    world.hands.go_on(119_999);
    assert!(letter.is_in(&world.open(&letter, "reader").await));
    world.hands.go_on(1);
    let unknown = Letter::new("never pushed");
    for proofs in [letter.proofs(), letter.wrong_proofs(), unknown.proofs()] {
        assert_eq!(world.open_with(&letter, proofs).await, Opening::NotConfirmed);
    }
    assert_eq!(
        world.open_with(&unknown, unknown.proofs()).await,
        Opening::NotConfirmed
    );
    world.confirm().await;
    let letter = world.pushed(Letter::new("after a restart")).await;
    world.restart().await;
    assert_eq!(world.open(&letter, "reader").await, Opening::NotConfirmed);
    world.confirm().await;
    assert!(letter.is_in(&world.open(&letter, "reader").await));
}

#[tokio::test]
async fn a_large_message_comes_back_whole() {
    let world = World::new().await;
    let letter = world
        .pushed(Letter::new("large").of_size(10 * 1024 * 1024 + 17))
        .await;
    assert!(letter.is_in(&world.open(&letter, "reader").await));
}
