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

#[tokio::test]
async fn a_clock_that_leaps_ahead_ends_nothing_and_is_forgotten() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("of a day")).await;
    world.hands.set_wall(START + 30 * DAY);
    world.sweep().await;
    assert_eq!(world.site().now_ms(), START, "by the clock that nobody sets");
    // Not even over a restart, before the core was heard.
    world.restart().await;
    world.hands.go_on(1_000);
    world.sweep().await;
    assert!(world.site().now_ms() < START + DAY);
    world.hands.set_wall(START + 1_000);
    world.confirm().await;
    assert!(matches!(world.open(&letter, "reader").await, Opening::Opened(_)));
}

#[tokio::test]
async fn a_site_that_was_down_for_long_takes_the_time_from_its_clock_once_the_core_believes_it() {
    let mut world = World::new().await;
    let letter = world.pushed(Letter::new("of a day")).await;
    world.stop();
    world.hands.set_wall(START + 2 * DAY);
    world.come_up().await;
    assert!(world.site().now_ms() < START + DAY);
    world.confirm().await;
    assert_eq!(world.site().now_ms(), START + 2 * DAY);
    world.sweep().await;
    world.confirm().await;
    assert!(matches!(world.open(&letter, "late").await, Opening::Ended(_)));
}

#[tokio::test]
async fn who_asks_for_the_same_again_and_again_confirms_nothing() {
    let mut world = World::new().await;
    let (first, second) = (
        world.pushed(Letter::new("first")).await,
        world.pushed(Letter::new("second")).await,
    );
    world.open(&first, "reader").await;
    world.hands.go_on(119_000);
    // The core asks, and cannot keep what it hears.
    let after = world.core.after(0);
    world.site().events(after).await.unwrap();
    assert!(
        matches!(world.open(&second, "early").await, Opening::Opened(_)),
        "it may be busy for a moment"
    );
    world.hands.go_on(2_000);
    let third = world.pushed(Letter::new("third")).await;
    for _ in 0..3 {
        world.site().events(world.core.after(0)).await.unwrap();
        world.hands.go_on(60_000);
    }
    assert!(matches!(
        world.open(&third, "reader").await,
        Opening::NotConfirmed
    ));
    world.confirm().await;
    world.confirm().await;
    assert!(matches!(world.open(&third, "reader").await, Opening::Opened(_)));
}

#[tokio::test]
async fn a_new_epoch_begins_with_the_clock_by_which_the_core_was_believed() {
    let mut world = World::new().await;
    world.hands.go_on(30 * DAY); // both clocks, as on a machine that was asleep
    world.sweep().await;
    world.hands.set_wall(START + DAY);
    assert_eq!(world.site().now_ms(), START + 30 * DAY);
    let asked = world.core.new_epoch();
    world.site().new_epoch(&asked).await.unwrap();
    assert_eq!(world.site().now_ms(), START + DAY);
    world.restart().await;
    assert_eq!(world.site().now_ms(), START + DAY);
}
