//! A push is taken once, durably, and never brings back what has ended.

use contract::sync::{End, Pushed};
use journal::Statement;
use journal::site::Receipt;
use selfdestruct::site::Limits;

use crate::support::{DAY, Letter, NAME, START, World, hash};

#[tokio::test]
async fn a_repeated_push_gets_the_same_receipt_and_another_under_its_id_none() {
    let mut world = World::new().await;
    let letter = Letter::new("pushed");
    let first = world.site().push(1, letter.id(), &letter.body()).await.unwrap();
    assert!(first.new);
    world.hands.go_on(5_000);
    let again = world.site().push(1, letter.id(), &letter.body()).await.unwrap();
    assert!(!again.new);
    assert_eq!(first.pushed, again.pushed);
    let Pushed::Stored(line) = first.pushed else {
        panic!("a receipt")
    };
    let receipt = Receipt::open(&line.parse().unwrap(), &world.core.key).unwrap();
    assert_eq!(
        (receipt.site.as_str(), receipt.epoch, receipt.id.as_str()),
        (NAME, 1, letter.id().to_string().as_str())
    );
    assert_eq!(receipt.digest.as_bytes(), &hash(&letter.body()));

    let mut other = letter.clone();
    other.ciphertext.push(0);
    assert_eq!(world.push(&other).await, Pushed::Conflict);
    world.restart().await;
    assert_eq!(world.push(&letter).await, Pushed::Stored(line));
}

#[tokio::test]
async fn a_push_repeated_after_the_reading_does_not_bring_it_back() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("read")).await;
    world.open(&letter, "reader").await;
    for round in ["opened", "delivered", "erased", "restarted"] {
        match round {
            "delivered" => world.done(&letter, "reader").await,
            "erased" => world.sweep().await,
            "restarted" => {
                world.restart().await;
                world.confirm().await;
            }
            _ => {}
        }
        let Pushed::Ended(ended) = world.push(&letter).await else {
            panic!("{round}")
        };
        assert_eq!((ended.state, ended.at), (End::Read, START), "{round}");
        assert!(!letter.is_in(&world.open(&letter, "another").await), "{round}");
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let world = World::new().await;
    let good = Letter::new("refused");
    let largest = usize::try_from(world.limits.largest).unwrap();
    let mut bad = vec![
        good.clone().of_size(largest + 1),
        good.clone().of_size(15),
        good.clone().with_readings(0),
    ];
    let mut expired = good.clone();
    expired.head.policy.expires_at = START;
    bad.push(expired);
    let mut never = good.clone();
    never.head.policy.max_wrong = 0;
    bad.push(never);
    let mut wordy = good.clone();
    wordy.head.header = "x".repeat(257);
    bad.push(wordy);
    for letter in bad {
        assert_eq!(world.push(&letter).await, Pushed::Refused);
    }
    let site = world.site();
    let elsewhere = site
        .push(1, Letter::new("another").id(), &good.body())
        .await
        .unwrap();
    assert_eq!(elsewhere.pushed, Pushed::Refused);
    assert_eq!(
        site.push(1, good.id(), b"\0\0\0\x01{").await.unwrap().pushed,
        Pushed::Refused
    );
    assert!(matches!(world.push(&good).await, Pushed::Stored(_)));
}

#[tokio::test]
async fn what_is_held_is_bounded_and_room_comes_back() {
    let mut world = World::with(Limits {
        messages: 3,
        bytes: 4_000_000,
        ..Limits::default()
    })
    .await;
    let letters: Vec<_> = (0..4).map(|n| Letter::new(&format!("bounded {n}"))).collect();
    for letter in &letters[..3] {
        assert!(matches!(world.push(letter).await, Pushed::Stored(_)));
    }
    assert_eq!(world.push(&letters[3]).await, Pushed::Full);
    assert!(
        matches!(world.push(&letters[0]).await, Pushed::Stored(_)),
        "it is here"
    );
    world.open(&letters[0], "reader").await;
    world.done(&letters[0], "reader").await;
    world.sweep().await;
    assert!(matches!(world.push(&letters[3]).await, Pushed::Stored(_)));
    world.hands.go_on(DAY);
    world.confirm().await;
    world.sweep().await;

    let mut large = Letter::new("too much").of_size(4_000_001);
    large.head.policy.expires_at = START + 2 * DAY;
    assert_eq!(world.push(&large).await, Pushed::Full);
    large.ciphertext.pop();
    assert!(matches!(world.push(&large).await, Pushed::Stored(_)));
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order() {
    let world = World::new().await;
    let known = world.pushed(Letter::new("known")).await;
    let mut other = known.clone();
    other.ciphertext.push(0);
    let new = Letter::new("new");
    let bodies = [known.body(), b"garbage".to_vec(), other.body(), new.body()];
    let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    let pushed = world.site().push_batch(1, &bodies).await.unwrap();
    assert!(
        matches!(
            pushed.as_slice(),
            [
                Pushed::Stored(_),
                Pushed::Refused,
                Pushed::Conflict,
                Pushed::Stored(_)
            ]
        ),
        "{pushed:?}"
    );
}
