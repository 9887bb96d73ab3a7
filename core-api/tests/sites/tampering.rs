//! What does not follow from what is known is not taken, and each way has its own alarm.

use contract::sync::{Events, What};
use core_api::worker::pull::Next;
use journal::{Head, Link, SigningKey, Statement as _};

use crate::bench::{Bench, NOON, Tried};

/// Three events that concern no message.
async fn with_three() -> Bench {
    let bench = Bench::new().await;
    for pages in 1..=3 {
        bench.site().happened(What::Noise { pages, misses: 0 });
    }
    bench
}

fn flip(answer: &mut Events) {
    answer.events[1].event = answer.events[1].event.replace("\"pages\":2", "\"pages\":9");
}

fn delete(answer: &mut Events) {
    answer.events.remove(1);
}

fn swap(answer: &mut Events) {
    let [_, second, third] = answer.events.as_mut_slice() else {
        return;
    };
    std::mem::swap(&mut second.event, &mut third.event);
    std::mem::swap(&mut second.hash, &mut third.hash);
    std::mem::swap(&mut second.tag, &mut third.tag);
}

fn forge_tag(answer: &mut Events) {
    answer.events[2].tag = [0; 32].into();
}

fn forge_head(answer: &mut Events) {
    let link = Link {
        seq: 3,
        hash: [0; 32].into(),
    };
    let stranger = SigningKey::from_bytes(&[99; 32]);
    answer.head = Head::of("dmz1", 1, link, NOON).sign(&stranger).to_string();
}

fn other_head(answer: &mut Events) {
    let link = Link {
        seq: 3,
        hash: [0; 32].into(),
    };
    // The site's own key in its first epoch.
    let own = SigningKey::from_bytes(&[1; 32]);
    answer.head = Head::of("dmz1", 1, link, NOON).sign(&own).to_string();
}

fn old_head(answer: &mut Events) {
    let first = &answer.events[0];
    let link = Link {
        seq: 1,
        hash: (*first.hash.as_bytes()).into(),
    };
    let own = SigningKey::from_bytes(&[1; 32]);
    answer.head = Head::of("dmz1", 1, link, NOON).sign(&own).to_string();
}

fn head_of_another(answer: &mut Events) {
    let last = answer.events.last().expect("three");
    let link = Link {
        seq: 3,
        hash: (*last.hash.as_bytes()).into(),
    };
    let own = SigningKey::from_bytes(&[1; 32]);
    answer.head = Head::of("dmz2", 1, link, NOON).sign(&own).to_string();
}

#[tokio::test]
async fn each_change_has_its_alarm_and_nothing_is_taken() {
    for (word, tamper) in [
        ("event-changed", flip as fn(&mut Events)),
        ("event-missing", delete),
        ("events-swapped", swap),
        ("bad-tag", forge_tag),
        ("bad-head", forge_head),
        ("bad-head", other_head),
        ("bad-head", old_head),
        ("bad-head", head_of_another),
    ] {
        let bench = with_three().await;
        bench.site().state().tamper = Some(Box::new(tamper));
        for _ in 0..2 {
            assert!(
                matches!(bench.pull("dmz1").await, Next::Troubled(what) if what.word() == word),
                "{word}"
            );
        }
        assert_eq!(bench.alarms("dmz1").await, [word]);
        assert_eq!(bench.audited(word).await, 1, "not repeated every second");
        let stored = bench.stored("dmz1").await;
        assert_eq!((stored.last.seq, stored.trouble.as_deref()), (0, Some(word)));

        let id = bench.send("dmz1").await;
        assert_eq!(
            bench.push("dmz1").await,
            Tried::Nothing,
            "nothing is entrusted to it"
        );
        assert_eq!(bench.stage(id).await, "waiting");

        // It was on the way, or somebody put the right rows back.
        bench.site().state().tamper = None;
        assert_eq!(bench.pull("dmz1").await, Next::GoOn, "{word}");
        assert!(bench.alarms("dmz1").await.is_empty());
        assert_eq!(bench.push("dmz1").await, Tried::Settled(1));
    }
}

#[tokio::test]
async fn a_site_from_an_older_copy_is_a_fork_until_it_is_keyed_anew() {
    let bench = with_three().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.pull("dmz1").await;
    bench.site().state().events.pop();
    let next = bench.pull("dmz1").await;
    assert!(
        matches!(next, Next::Troubled(what) if what.word() == "fork"),
        "{next:?}"
    );
    assert_eq!(bench.stage(id).await, "on-site");
    core_api::usecase::site::new_epoch::new_epoch(&bench.core, "dmz1", "", "")
        .await
        .unwrap();
    assert_eq!(bench.stage(id).await, "lost");
    assert_eq!(bench.pull("dmz1").await, Next::GoOn);
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn an_event_of_a_kind_from_next_year_stops_and_loses_nothing() {
    let bench = Bench::new().await;
    let id = bench.send("dmz1").await;
    bench.push("dmz1").await;
    bench.site().open(id);
    bench.site().state().tamper = Some(Box::new(|answer: &mut Events| {
        answer.events[0].event = "{\"at\":1,\"what\":{\"sung\":{}}}".to_owned();
    }));
    // Changed on the way it is just that; as the site wrote it, it is chained and unreadable, which `follow` tells.
    assert!(matches!(bench.pull("dmz1").await, Next::Troubled(_)));
    assert_eq!(bench.stage(id).await, "on-site");
}
