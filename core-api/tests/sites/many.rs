//! A site was gone for a day.

use std::time::Duration;

use contract::sync::{Token, What};
use core_api::worker::pull::Next;

use crate::bench::{Bench, Tried};

/// Of each lifetime.
const MANY: usize = 5_000;
const A_DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn ten_thousand_waited_for_a_day_and_what_still_lives_goes_in_batches_and_comes_back_whole() {
    let bench = Bench::new().await;
    let (short, long) = (send(&bench, A_DAY).await, send(&bench, 3 * A_DAY).await);
    let mut puller = bench.puller("dmz1");
    assert_eq!(puller.try_one(0).await.unwrap(), Next::GoOn);
    bench.site().state().away = true;
    // Some are tried before it is known that the site is gone, and nobody knows whether they arrived.
    let mut pusher = bench.pusher("dmz1");
    assert!(matches!(pusher.try_one().await.unwrap(), Tried::Away(_)));

    // Their time is over while the site is gone: what it never heard of is not sent. Of the others it has to be asked.
    bench.forward(A_DAY);
    let mut left = usize::MAX;
    while waiting(&bench).await < left {
        left = waiting(&bench).await;
        assert!(matches!(pusher.try_one().await.unwrap(), Tried::Away(_)));
    }
    let tried = left - long.len();
    assert!(tried > 0 && tried < short.len(), "{tried} were tried");
    assert_eq!(told(&bench).await, short.len() - tried);
    bench.forward(Duration::from_hours(1));
    assert!(matches!(puller.try_one(0).await.unwrap(), Next::Patience(_)));
    let alarms = bench.alarms("dmz1").await;
    let overdue = alarms.iter().filter(|alarm| *alarm == "overdue").count();
    assert!(alarms.contains(&"stale".to_owned()), "{alarms:?}");
    assert!(overdue > 0 && overdue + 1 == alarms.len(), "{alarms:?}");

    bench.site().state().away = false;
    assert_eq!(puller.try_one(0).await.unwrap(), Next::GoOn);
    let alarms = bench.alarms("dmz1").await;
    assert!(alarms.iter().all(|alarm| alarm == "overdue"), "{alarms:?}");
    let calls = bench.site().state().calls;
    let mut settled = 0;
    while settled < tried + long.len() {
        match pusher.try_one().await.unwrap() {
            Tried::Settled(some) => settled += some,
            other => panic!("{other:?} after {settled}"),
        }
    }
    let calls = bench.site().state().calls - calls;
    assert!(calls <= 40, "{calls} calls");
    assert_eq!(waiting(&bench).await, 0);
    assert!(bench.alarms("dmz1").await.is_empty());
    assert_eq!(
        bench.site().state().held.len(),
        long.len(),
        "what is over is not there"
    );
    assert_all(&bench, &short, "not-sent").await;
    assert_all(&bench, &long, "on-site").await;
    assert_eq!(bench.audited("not-sent").await, short.len());
    assert_eq!(
        told(&bench).await,
        short.len(),
        "each sender of what was not sent"
    );

    for id in &long {
        bench.site().open(*id);
        bench.site().happened(What::Noise { pages: 1, misses: 0 });
        bench.site().done(*id);
    }
    let events = bench.site().state().events.len();
    while bench.stored("dmz1").await.last.seq < u64::try_from(events).unwrap() {
        assert_eq!(puller.try_one(0).await.unwrap(), Next::GoOn);
    }
    assert_eq!(bench.audited("message-opened").await, long.len());
    assert_all(&bench, &long, "read").await;
    assert_all(&bench, &short, "not-sent").await;
    assert_eq!(
        told(&bench).await,
        short.len() + long.len(),
        "and of what was opened"
    );
    assert!(bench.alarms("dmz1").await.is_empty());
}

async fn send(bench: &Bench, lifetime: Duration) -> Vec<Token> {
    bench.send_lasting("dmz1", &vec![1024; MANY], lifetime).await
}

async fn waiting(bench: &Bench) -> usize {
    usize::try_from(bench.waiting("dmz1").await).expect("few")
}

async fn told(bench: &Bench) -> usize {
    usize::try_from(bench.letters().await).expect("few")
}

async fn assert_all(bench: &Bench, ids: &[Token], stage: &str) {
    for id in ids {
        assert_eq!(bench.stage(*id).await, stage, "{id}");
    }
}
