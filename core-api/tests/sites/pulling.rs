//! What happens on a site is here once, in order, with all that follows from it.

use std::sync::Arc;
use std::time::Duration;

use contract::sync::{Digest, What};
use core_api::store::site_event;
use core_api::worker::pull::{self, Next};
use core_api::worker::push;
use server::Life;
use tokio::time::{sleep, timeout};

use crate::bench::Bench;

#[tokio::test]
async fn a_reading_is_told_and_audited_once_and_then_acked() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.site().open(id);
    assert_eq!(bench.pull("dmz1").await, Next::GoOn);
    assert_eq!(bench.stage(id).await, "opened");
    let acked = bench.site().state().acked.last().copied().expect("it was acked");
    assert_eq!(acked.seq, 1);
    bench.site().done(id);
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "read");
    assert_eq!(bench.audited("message-opened").await, 1);
    assert_eq!(bench.audited("message-ended").await, 1);
    let events = bench
        .core
        .store
        .read(move |c| site_event::of_message(c, "dmz1", id.as_bytes()))
        .await
        .unwrap();
    assert_eq!(events.len(), 3);
    assert!(matches!(&events[0].what, What::Opened { source, .. } if source == "203.0.113.9"));
}

#[tokio::test]
async fn an_event_that_comes_twice_is_kept_once() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    let before = bench.stored("dmz1").await;
    bench.site().open(id);
    bench.pull("dmz1").await;
    // A core that was restored reads again from its older place.
    bench.put_back(&before).await;
    assert_eq!(bench.pull("dmz1").await, Next::GoOn);
    assert_eq!(bench.audited("message-opened").await, 1);
    assert!(bench.alarms("dmz1").await.is_empty());
    assert_eq!(bench.stored("dmz1").await.last.seq, 1);
}

#[tokio::test]
async fn lost_answers_and_lost_acks_harm_nothing() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.site().open(id);
    bench.site().state().lose_answers = 1;
    let mut puller = bench.puller("dmz1");
    assert!(matches!(puller.try_one(0).await.unwrap(), Next::Patience(_)));
    assert_eq!(bench.stage(id).await, "on-site");
    assert_eq!(puller.try_one(0).await.unwrap(), Next::GoOn);
    assert_eq!(bench.stage(id).await, "opened");

    bench.site().done(id);
    bench.site().state().acked.clear();
    bench.site().state().tamper = None;
    assert_eq!(puller.try_one(0).await.unwrap(), Next::GoOn);
    assert_eq!(bench.site().state().acked.len(), 1);
    assert_eq!(puller.try_one(0).await.unwrap(), Next::GoOn);
    assert_eq!(bench.site().state().acked.len(), 1, "nothing new to be acked");
}

#[tokio::test]
async fn a_reading_too_many_is_an_alarm_and_in_the_audit() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    for _ in 0..2 {
        bench.site().happened(What::Opened {
            message: id,
            claim: Digest::from([0; 32]),
            source: "203.0.113.9".to_owned(),
            readings_left: 0,
        });
    }
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["contradiction"]);
    assert_eq!(bench.audited("message-opened").await, 2);
}

#[tokio::test]
async fn a_reading_of_what_nobody_made_is_an_alarm_and_in_the_audit() {
    let bench = Bench::new().await;
    bench.site().happened(What::Opened {
        message: [1; 16].into(),
        claim: Digest::from([0; 32]),
        source: "203.0.113.9".to_owned(),
        readings_left: 0,
    });
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["unknown-message"]);
    assert_eq!(bench.audited("message-opened").await, 1);
}

#[tokio::test]
async fn events_that_concern_no_message_move_the_cursor_only() {
    let bench = Bench::new().await;
    bench.site().happened(What::Started {
        version: "0.1.0".to_owned(),
    });
    bench.site().happened(What::Noise { pages: 3, misses: 4 });
    bench.pull("dmz1").await;
    assert_eq!(bench.stored("dmz1").await.last.seq, 2);
}

#[tokio::test]
async fn two_sites_do_not_hold_each_other_up() {
    let bench = Bench::with(&["dmz1", "dmz2"]).await;
    let (one, two) = (bench.send("dmz1").await, bench.send("dmz2").await);
    bench.site().state().away = true;
    bench.push("dmz1").await;
    bench.push("dmz2").await;
    bench.sites["dmz2"].open(two);
    assert!(matches!(bench.pull("dmz1").await, Next::Patience(_)));
    assert_eq!(bench.pull("dmz2").await, Next::GoOn);
    assert_eq!(bench.stage(one).await, "waiting");
    assert_eq!(bench.stage(two).await, "opened");
    bench.site().state().away = false;
    bench.push("dmz1").await;
    assert_eq!(bench.stage(one).await, "on-site");
}

#[tokio::test]
async fn a_site_cannot_speak_of_anothers_message() {
    let bench = Bench::with(&["dmz1", "dmz2"]).await;
    let one = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.sites["dmz2"].happened(What::Ended {
        message: one,
        state: contract::sync::End::Read,
    });
    bench.pull("dmz2").await;
    assert_eq!(bench.stage(one).await, "on-site");
    assert_eq!(bench.alarms("dmz2").await, ["unknown-message"]);
}

#[tokio::test]
async fn locked_unlocked_and_delivered_are_followed() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.site().wrong_passphrase(id);
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "on-site");
    bench.site().wrong_passphrase(id);
    bench.pull("dmz1").await;
    assert_eq!(bench.stage(id).await, "locked");
    assert_eq!(bench.audited("message-locked").await, 1);
    bench.forward(Duration::from_secs(1));
}

/// Waits until the core has called so often.
async fn calls(bench: &Bench, count: u32) {
    while bench.site().state().calls < count {
        sleep(Duration::from_millis(20)).await;
    }
}

/// A site hands nothing out before it is asked, and the link may be on its way as soon as it has taken the message.
#[tokio::test]
async fn a_site_that_is_back_for_one_worker_is_back_for_the_other() {
    let bench = Bench::new().await;
    bench.site().state().away = true;
    let life = Life::new();
    let core = Arc::clone(&bench.core);
    life.spawn("pull", move |stop| {
        pull::run(Arc::clone(&core), "dmz1".to_owned(), stop)
    });
    let before = bench.site().state().calls;
    // From then on it waits four seconds at least.
    calls(&bench, before + 4).await;
    bench.send("dmz1").await;
    let core = Arc::clone(&bench.core);
    life.spawn("push", move |stop| {
        push::run(Arc::clone(&core), "dmz1".to_owned(), stop)
    });
    calls(&bench, before + 5).await;
    bench.forward(Duration::from_mins(5));
    bench.site().state().away = false;

    while bench.waiting("dmz1").await > 0 {
        sleep(Duration::from_millis(20)).await;
    }
    let asked = timeout(Duration::from_secs(2), async {
        while bench.stored("dmz1").await.head_at.is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    asked.await.expect("what happened there is asked for at once");
}
