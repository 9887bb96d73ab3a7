//! A site that was taken over can say what it likes. What cannot be is not taken for true.

use contract::sync::{Digest, End, Events, Order, Token, What};
use core_api::usecase::message::command::{By, order};
use core_api::worker::pull::Next;

use crate::bench::{Bench, NOON};

const DAY: i64 = 24 * 3600 * 1000;

async fn on_site() -> (Bench, Token) {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    (bench, id)
}

async fn ordered(bench: &Bench, id: Token, wanted: Order) {
    let by = By {
        operator: "uid 0".to_owned(),
        through: "command".to_owned(),
        reference: "REF".to_owned(),
    };
    order(&bench.core, *id.as_bytes(), wanted, by)
        .await
        .expect("the database works");
}

#[tokio::test]
async fn an_end_without_its_cause_is_an_alarm_and_may_hide_a_reading() {
    for state in [End::Read, End::Expired, End::Revoked, End::Destroyed] {
        let (bench, id) = on_site().await;
        bench.site().happened(What::Ended { message: id, state });
        bench.pull("dmz1").await;
        assert_eq!(bench.stage(id).await, "lost", "{state:?}");
        assert_eq!(bench.alarms("dmz1").await, ["contradiction"], "{state:?}");
    }
}

#[tokio::test]
async fn an_end_that_was_ordered_is_one() {
    let (bench, id) = on_site().await;
    ordered(&bench, id, Order::Revoke).await;
    let state = End::Revoked;
    bench.site().happened(What::Ended { message: id, state });
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "revoked");
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn a_locked_message_is_unlocked_by_order_only() {
    let (bench, id) = on_site().await;
    bench.site().wrong_passphrase(id);
    bench.site().wrong_passphrase(id);
    bench.site().happened(What::Unlocked { message: id });
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "locked");
    assert_eq!(bench.alarms("dmz1").await, ["contradiction"]);
    ordered(&bench, id, Order::Unlock).await;
    bench.site().happened(What::Unlocked { message: id });
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "on-site");
}

#[tokio::test]
async fn only_an_order_moves_an_expiry_and_only_that_of_the_sites_own_message() {
    let bench = Bench::with(&["dmz1", "dmz2"]).await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    let later = NOON + 7 * DAY;
    let extended = |expires_at| What::Extended {
        message: id,
        expires_at,
    };
    bench.sites["dmz2"].happened(extended(later));
    bench.site().happened(extended(i64::MAX));
    bench.pull("dmz2").await;
    bench.pull("dmz1").await;
    assert_eq!(bench.message(id).await.expires_at.0, NOON + DAY);
    assert_eq!(bench.alarms("dmz1").await, ["contradiction"]);
    assert_eq!(bench.alarms("dmz2").await, ["unknown-message"]);
    ordered(&bench, id, Order::Extend { expires_at: later }).await;
    bench.site().happened(extended(later));
    bench.pull("dmz1").await;
    assert_eq!(bench.message(id).await.expires_at.0, later);
}

#[tokio::test]
async fn what_is_no_address_gets_to_nobodys_eyes() {
    let (bench, id) = on_site().await;
    bench.site().happened(What::Opened {
        message: id,
        claim: Digest::from([0; 32]),
        source: "\u{1b}]52;c;Y3VybA==\u{7}".to_owned(),
        readings_left: 0,
    });
    let next = bench.pull("dmz1").await;
    assert!(
        matches!(next, Next::Troubled(what) if what.word() == "event-unreadable"),
        "{next:?}"
    );
    assert_eq!(bench.stage(id).await, "on-site");
}

#[tokio::test]
async fn a_head_without_its_events_is_not_a_good_one() {
    let (bench, _) = on_site().await;
    bench.site().happened(What::Noise { pages: 1, misses: 0 });
    bench.site().state().tamper = Some(Box::new(|answer: &mut Events| answer.events.clear()));
    let next = bench.pull("dmz1").await;
    assert!(
        matches!(next, Next::Troubled(what) if what.word() == "event-missing"),
        "{next:?}"
    );
}

#[tokio::test]
async fn a_fork_stays_one_when_the_right_chain_is_shown_again() {
    let (bench, id) = on_site().await;
    bench.site().happened(What::Noise { pages: 1, misses: 0 });
    bench.pull("dmz1").await;
    let event = bench.site().state().events.pop().expect("one");
    bench.pull("dmz1").await;
    bench.site().state().events.push(event);
    let calls = bench.site().state().calls;
    let next = bench.pull("dmz1").await;
    assert!(
        matches!(next, Next::Troubled(what) if what.word() == "fork"),
        "{next:?}"
    );
    assert_eq!(
        bench.site().state().calls,
        calls,
        "to ask would let it hand messages out"
    );
    assert_eq!(bench.alarms("dmz1").await, ["fork"]);
    assert_eq!(bench.stage(id).await, "on-site");
}

#[tokio::test]
async fn a_flood_of_unknown_messages_makes_few_records() {
    let bench = Bench::new().await;
    for number in 0..300_u16 {
        let mut id = [0; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        bench.site().happened(What::Ended {
            message: Token::from(id),
            state: End::Read,
        });
    }
    assert_eq!(bench.pull("dmz1").await, Next::Slow);
    assert_eq!(bench.alarms("dmz1").await.len(), 50);
    assert_eq!(bench.audited("message-ended").await, 50);
}

#[tokio::test]
async fn more_than_was_asked_for_is_not_taken() {
    let bench = Bench::new().await;
    for _ in 0..600 {
        bench.site().happened(What::Noise { pages: 1, misses: 0 });
    }
    let all = bench.site().state().events.clone();
    bench.site().state().tamper = Some(Box::new(move |answer: &mut Events| {
        answer.events.clone_from(&all);
    }));
    assert!(matches!(bench.pull("dmz1").await, Next::Patience(_)));
    assert_eq!(bench.stored("dmz1").await.last.seq, 0);
}
