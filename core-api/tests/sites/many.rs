//! A site was gone for a day.

use contract::sync::What;
use core_api::worker::pull::Next;

use crate::bench::{Bench, Tried};

const MANY: usize = 10_000;

#[tokio::test]
async fn ten_thousand_that_waited_go_in_batches_and_what_happened_comes_back_whole() {
    let bench = Bench::new().await;
    let ids = bench.send_many("dmz1", MANY).await;
    let calls = bench.site().state().calls;
    let mut settled = 0;
    let mut line = bench.line("dmz1");
    while settled < MANY {
        match core_api::worker::push::try_one(&bench.core, &mut line)
            .await
            .unwrap()
        {
            Tried::Settled(some) => settled += some,
            other => panic!("{other:?} after {settled}"),
        }
    }
    let calls = bench.site().state().calls - calls;
    assert!(calls <= 60, "{calls} calls");
    assert_eq!(bench.waiting("dmz1").await, 0);

    for id in &ids {
        bench.site().open(*id);
        bench.site().happened(What::Noise { pages: 1, misses: 0 });
        bench.site().done(*id);
    }
    let events = bench.site().state().events.len();
    let mut puller = bench.puller("dmz1");
    while bench.stored("dmz1").await.last.seq < u64::try_from(events).unwrap() {
        assert_eq!(puller.try_one(0).await.unwrap(), Next::GoOn);
    }
    assert_eq!(bench.audited("message-opened").await, MANY);
    assert_eq!(bench.stage(ids[MANY - 1]).await, "read");
    assert!(bench.alarms("dmz1").await.is_empty());
}
