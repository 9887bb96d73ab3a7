//! Revoke, extend, unlock, destroy.

use std::time::Duration;

use contract::sync::{Order, Token};
use core_api::usecase::message::command::{By, Ordered, order};
use core_api::usecase::site::command::PASSED_OVER;
use core_api::usecase::site::new_epoch::new_epoch;
use domain::Clock as _;
use domain::message::Ending;

use crate::bench::{Bench, Tried};

async fn ordered(bench: &Bench, id: Token, wanted: Order) -> Ordered {
    let by = By {
        operator: "uid 1000".to_owned(),
        through: "command".to_owned(),
        reference: "REF".to_owned(),
    };
    order(&bench.core, *id.as_bytes(), wanted, by)
        .await
        .expect("the database works")
}

#[tokio::test]
async fn what_never_left_is_revoked_at_once() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    assert_eq!(ordered(&bench, id, Order::Revoke).await, Ordered::Done);
    assert_eq!(
        (bench.stage(id).await, bench.waiting("dmz1").await),
        ("revoked", 0)
    );
    assert_eq!(bench.push("dmz1").await, Tried::Nothing);
    assert_eq!(
        ordered(&bench, id, Order::Revoke).await,
        Ordered::Ended(Ending::Revoked)
    );
}

#[tokio::test]
async fn what_is_there_is_revoked_there_and_the_event_tells_it() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    let Ordered::Queued(first) = ordered(&bench, id, Order::Revoke).await else {
        panic!("it is on its way");
    };
    assert_eq!(
        ordered(&bench, id, Order::Revoke).await,
        Ordered::Queued(first),
        "one and the same"
    );
    bench.site().state().lose_answers = 1;
    assert!(matches!(bench.push("dmz1").await, Tried::Away(_)));
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    assert_eq!(bench.push("dmz1").await, Tried::Nothing);
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "revoked");
    assert_eq!(bench.audited("message-ended").await, 1);
}

#[tokio::test]
async fn revoked_while_its_push_was_under_way_it_ends_on_both_sides() {
    for had_arrived in [true, false] {
        let bench = Bench::new().await;
        let id = bench.send("dmz1").await;
        if had_arrived {
            bench.site().state().lose_answers = 1;
        } else {
            bench.site().state().away = true;
        }
        assert!(matches!(bench.push("dmz1").await, Tried::Away(_)));
        bench.site().state().away = false;
        assert!(matches!(
            ordered(&bench, id, Order::Revoke).await,
            Ordered::Queued(_)
        ));
        assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
        bench.pull("dmz1").await;
        assert_eq!(bench.stage(id).await, "revoked", "{had_arrived}");
        assert!(bench.alarms("dmz1").await.is_empty());
    }
}

#[tokio::test]
async fn a_revoked_message_that_was_read_first_is_read() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.site().open(id);
    bench.site().done(id);
    ordered(&bench, id, Order::Revoke).await;
    bench.push("dmz1").await;
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "read");
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn extended_it_ends_later_also_when_it_was_asked_before_it_left() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    let later = bench.clock.now().plus(Duration::from_hours(48));
    let wanted = Order::Extend { expires_at: later.0 };
    assert!(matches!(ordered(&bench, id, wanted).await, Ordered::Queued(_)));
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1), "the message first");
    assert_eq!(
        bench.push("dmz1").await,
        Tried::Settled(1),
        "then what is wanted of it"
    );
    bench.pull("dmz1").await;
    assert_eq!(bench.message(id).await.expires_at, later);
}

#[tokio::test]
async fn only_what_is_locked_is_unlocked_and_once() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    assert_eq!(ordered(&bench, id, Order::Unlock).await, Ordered::Unfitting);
    for round in 0..2 {
        for _ in 0..2 {
            bench.site().wrong_passphrase(id);
        }
        bench.pull("dmz1").await;
        assert_eq!(bench.stage(id).await, "locked");
        let unlocked = ordered(&bench, id, Order::Unlock).await;
        if round == 1 {
            assert_eq!(unlocked, Ordered::Unfitting);
            continue;
        }
        assert!(matches!(unlocked, Ordered::Queued(_)));
        bench.push("dmz1").await;
        bench.pull("dmz1").await;
        assert_eq!(bench.stage(id).await, "on-site");
    }
    assert!(matches!(
        ordered(&bench, id, Order::Destroy).await,
        Ordered::Queued(_)
    ));
    bench.push("dmz1").await;
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "destroyed");
}

#[tokio::test]
async fn nothing_is_done_to_what_nobody_made() {
    let bench = Bench::new().await;
    let ordered = ordered(&bench, Token::from([1; 16]), Order::Revoke).await;
    assert_eq!(ordered, Ordered::Unknown);
}

/// The push arrived, its answer was lost, and the sender revoked before the new epoch: nobody knows.
#[tokio::test]
async fn what_was_revoked_while_it_may_have_been_in_a_former_epoch_is_lost_and_not_surely_revoked() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.site().state().lose_answers = 1;
    bench.push("dmz1").await;
    assert!(matches!(
        ordered(&bench, id, Order::Revoke).await,
        Ordered::Queued(_)
    ));
    new_epoch(&bench.core, "dmz1", "REF", "uid 0").await.unwrap();
    assert_eq!(bench.stage(id).await, "lost");
    bench.push("dmz1").await;
    assert_eq!(bench.stage(id).await, "lost");
}

#[tokio::test]
async fn a_new_epoch_that_knows_nothing_of_a_message_does_not_make_its_revocation_sure() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.site().state().lose_answers = 1;
    bench.push("dmz1").await;
    ordered(&bench, id, Order::Revoke).await;
    // Paired again: the command arrives before anybody looked at what the former epoch held.
    bench.pair("dmz1").await;
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    assert_eq!(bench.stage(id).await, "lost");
}

#[tokio::test]
async fn the_same_order_again_writes_nothing_and_others_are_bounded_while_the_site_is_away() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    let end = bench.clock.now().0 + 7_200_000;
    let extend = |more: i64| Order::Extend {
        expires_at: end + more,
    };
    let first = ordered(&bench, id, extend(0)).await;
    for more in [1, 1000, 59_999] {
        assert_eq!(ordered(&bench, id, extend(more)).await, first);
    }
    assert_eq!(bench.audited("message-ordered").await, 1);
    for minute in 1..16 {
        let other = ordered(&bench, id, extend(minute * 60_000)).await;
        assert!(matches!(other, Ordered::Queued(_)) && other != first);
    }
    assert_eq!(ordered(&bench, id, extend(99 * 60_000)).await, Ordered::TooMany);
    let revoked = ordered(&bench, id, Order::Revoke).await;
    assert!(matches!(revoked, Ordered::Queued(_)));
    assert_eq!(ordered(&bench, id, Order::Revoke).await, revoked);
    assert_eq!(bench.audited("message-ordered").await, 17);
}

/// What a full disk keeps from a message comes in the order in which it was ordered, and at once when there is room.
#[tokio::test]
async fn orders_keep_their_order_on_a_full_disk_and_wait_no_longer_than_it_is_full() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    let end = bench.message(id).await.expires_at;
    let until = |hours| Order::Extend {
        expires_at: end.plus(Duration::from_hours(hours)).0,
    };
    bench.site().state().orders_left = 0;
    ordered(&bench, id, until(24)).await;
    let mut pusher = bench.pusher("dmz1");
    assert!(matches!(pusher.try_one().await.unwrap(), Tried::Away(_)));
    bench.site().state().orders_left = usize::MAX;
    ordered(&bench, id, until(1)).await;
    assert_eq!(pusher.try_one().await.unwrap(), Tried::Settled(2));
    let held = bench.site().state().held[&id].expires_at;
    assert_eq!(held, end.plus(Duration::from_hours(1)).0);
}

/// The site remembers too many commands already for messages that it never had.
#[tokio::test]
async fn a_command_that_the_site_has_no_room_for_holds_up_nothing_and_is_tried_again() {
    let bench = Bench::new().await;
    let unknown = bench.send_many("dmz1", 40).await;
    let there = bench.send("dmz1").await;
    bench.push("dmz1").await;
    for id in &unknown {
        ordered(&bench, *id, Order::Revoke).await;
        bench.site().state().held.remove(id);
    }
    ordered(&bench, there, Order::Revoke).await;
    bench.site().state().unknown_left = 0;
    let next = bench.send("dmz1").await;
    let mut pusher = bench.pusher("dmz1");
    assert_eq!(pusher.try_one().await.unwrap(), Tried::Settled(1));
    assert!(bench.site().state().held.contains_key(&next));
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(there).await, "revoked");
    let calls = bench.site().state().calls;
    assert_eq!(pusher.try_one().await.unwrap(), Tried::Nothing);
    assert_eq!(bench.site().state().calls, calls, "not at once");

    bench.forward(PASSED_OVER);
    assert_eq!(pusher.try_one().await.unwrap(), Tried::Later);
    bench.site().state().unknown_left = usize::MAX;
    bench.forward(PASSED_OVER);
    for settled in [32, 8] {
        assert_eq!(pusher.try_one().await.unwrap(), Tried::Settled(settled));
    }
}
