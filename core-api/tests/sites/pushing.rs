//! A message is on the site when its receipt is here.

use std::time::Duration;

use contract::sync::{End, What};

use crate::bench::{Bench, Tried};

#[tokio::test]
async fn its_body_is_kept_until_the_receipt_and_erased_with_it() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    assert_eq!(bench.stage(id).await, "waiting");
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    assert_eq!(
        (bench.stage(id).await, bench.waiting("dmz1").await),
        ("on-site", 0)
    );
    let message = bench.message(id).await;
    assert_eq!(message.epoch, Some(1));
    assert!(message.stored_at.is_some());
    assert_eq!(bench.push("dmz1").await, Tried::Nothing);
}

#[tokio::test]
async fn a_receipt_must_be_the_sites_for_exactly_this() {
    for (what, twist) in [
        (
            "another site",
            (|r| r.site = "dmz2".to_owned()) as fn(&mut journal::site::Receipt),
        ),
        ("another epoch", |r| r.epoch += 1),
        ("another message", |r| r.id = "AAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        ("another body", |r| r.digest = [0; 32].into()),
    ] {
        let bench = Bench::new().await;
        bench.site().state().twist = Some(twist);
        let id = bench.send("dmz1").await;
        assert_eq!(bench.push("dmz1").await, Tried::Later, "{what}");
        assert_eq!(bench.stage(id).await, "waiting", "{what}");
        assert_eq!(bench.alarms("dmz1").await, ["bad-receipt"], "{what}");
        bench.site().state().twist = None;
        assert_eq!(bench.push("dmz1").await, Tried::Settled(1), "{what}");
        assert!(bench.alarms("dmz1").await.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_bad_receipt_is_no_news_any_more_once_its_message_ended() {
    let bench = Bench::new().await;
    bench.site().state().twist = Some(|receipt| receipt.epoch += 1);
    let id = bench.send("dmz1").await;
    assert_eq!(bench.push("dmz1").await, Tried::Later);
    assert_eq!(bench.alarms("dmz1").await, ["bad-receipt"]);
    bench.forward(Duration::from_hours(24));
    let (message, state) = (id, End::Expired);
    bench.site().happened(What::Ended { message, state });
    bench.pull("dmz1").await;
    assert_eq!(
        (bench.stage(id).await, bench.waiting("dmz1").await),
        ("expired", 0)
    );
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn a_lost_answer_costs_nothing() {
    let bench = Bench::new().await;
    let ids = bench.send_many("dmz1", 3).await;
    bench.site().state().lose_answers = 1;
    assert!(matches!(bench.push("dmz1").await, Tried::Away(_)));
    assert_eq!(bench.site().state().held.len(), 3, "it had arrived");
    assert_eq!(bench.push("dmz1").await, Tried::Settled(3));
    assert_eq!(bench.stage(ids[2]).await, "on-site");
}

#[tokio::test]
async fn what_was_read_before_its_receipt_came_is_read() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.site().state().lose_answers = 1;
    assert!(matches!(bench.push("dmz1").await, Tried::Away(_)));
    bench.site().open(id);
    bench.site().done(id);
    // The push is repeated first, and answered with the end: what happened is told by the events alone.
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "read");
    assert_eq!(bench.audited("message-opened").await, 1);
    assert_eq!(bench.audited("message-ended").await, 1);
    assert!(bench.alarms("dmz1").await.is_empty());
    assert_eq!(
        bench.message(id).await.secret,
        None,
        "there is no letter to be written"
    );
}

#[tokio::test]
async fn events_may_be_here_before_the_receipt() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.site().state().lose_answers = 1;
    assert!(matches!(bench.push("dmz1").await, Tried::Away(_)));
    bench.site().open(id);
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "opened");
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    assert_eq!(bench.stage(id).await, "opened");
    bench.site().done(id);
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "read");
}

#[tokio::test]
async fn what_is_refused_is_not_sent_and_what_found_no_room_waits() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.site().state().full = true;
    assert_eq!(bench.push("dmz1").await, Tried::Later);
    assert_eq!(bench.stage(id).await, "waiting");
    bench.site().state().full = false;
    // It was tried, so the site is asked once more, though its time is over.
    bench.forward(Duration::from_hours(25));
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    assert_eq!(
        (bench.stage(id).await, bench.waiting("dmz1").await),
        ("not-sent", 0)
    );
}

#[tokio::test]
async fn what_the_site_has_no_room_for_holds_up_nothing_that_is_smaller() {
    let bench = Bench::new().await;
    bench.site().state().room = 50_000;
    let large = bench.send_sized("dmz1", &[2_000_000, 60_000, 3_000_000]).await;
    bench.forward(Duration::from_secs(1));
    let small = bench.send_many("dmz1", 300).await;
    assert_eq!(bench.push("dmz1").await, Tried::Settled(300));
    for id in small {
        assert_eq!(bench.stage(id).await, "on-site");
    }
    for id in &large {
        assert_eq!(bench.stage(*id).await, "waiting");
    }
    assert_eq!(bench.push("dmz1").await, Tried::Later);
    bench.site().state().room = usize::MAX;
    while bench.push("dmz1").await != Tried::Nothing {}
    for id in large {
        assert_eq!(bench.stage(id).await, "on-site");
    }
}

#[tokio::test]
async fn what_expired_before_it_was_ever_tried_is_not_sent_though_the_site_is_away() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.site().state().away = true;
    bench.forward(Duration::from_hours(25));
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    assert_eq!(bench.stage(id).await, "not-sent");
    assert_eq!(bench.audited("not-sent").await, 1);
}

#[tokio::test]
async fn what_expired_there_while_its_answer_was_lost_is_expired() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.site().state().lose_answers = 1;
    assert!(matches!(bench.push("dmz1").await, Tried::Away(_)));
    bench.forward(Duration::from_hours(25));
    bench.site().end(id, End::Expired);
    assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "expired");
}
