//! Time does not go back, and nothing is remembered for ever.

use contract::sync::{End, Ended, Pushed};
use selfdestruct::site::Opening;

use crate::support::{DAY, Letter, START, World};

#[tokio::test]
async fn a_clock_that_is_set_back_revives_nothing() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("expired")).await;
    world.hands.go_on(DAY);
    world.sweep().await;
    world.hands.set_wall(START);
    assert_eq!(world.site().now_ms(), START + DAY);
    world.confirm().await;
    let expired = Opening::Ended(Ended {
        state: End::Expired,
        at: START + DAY,
    });
    assert_eq!(world.open(&letter, "late").await, expired);
    world.restart().await;
    assert_eq!(world.site().now_ms(), START + DAY, "not even over a restart");
}

#[tokio::test]
async fn a_tombstone_stays_until_the_core_knows_and_ninety_days_beyond() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("tombstone")).await;
    world.open(&letter, "reader").await;
    world.done(&letter, "reader").await;
    world.sweep().await;
    world.hands.go_on(91 * DAY);
    world.sweep().await;
    world.confirm().await;
    assert!(
        matches!(world.open(&letter, "late").await, Opening::Ended(_)),
        "the core has not acked"
    );
    let position = world.core.position();
    world.site().ack(position).await.unwrap();
    world.hands.go_on(3_600_000);
    world.sweep().await;
    world.confirm().await;
    assert_eq!(world.open(&letter, "late").await, Opening::Neutral);
    assert_eq!(world.push(&letter).await, Pushed::Refused, "it is long expired");

    let second = {
        let mut letter = Letter::new("acked at once");
        letter.head.policy.expires_at = START + 100 * DAY;
        world.pushed(letter).await
    };
    world.open(&second, "reader").await;
    world.done(&second, "reader").await;
    world.sweep().await;
    world.confirm().await;
    world.site().ack(world.core.position()).await.unwrap();
    world.hands.set_wall(START + 190 * DAY - 1);
    world.sweep().await;
    world.confirm().await;
    assert!(matches!(world.open(&second, "late").await, Opening::Ended(_)));
    world.hands.go_on(1);
    world.sweep().await;
    assert_eq!(world.open(&second, "late").await, Opening::Neutral);
}
