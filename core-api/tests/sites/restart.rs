//! The core ends between any two steps: only the store remembers, and everything happens once.

use contract::sync::{Order, Token};
use core_api::usecase::message::command::{By, order};

use crate::bench::Bench;

/// What is done, one step after the other; each is done again after the restart, as a worker would.
async fn step(bench: &Bench, number: usize, ids: [Token; 2]) {
    let [read, revoked] = ids;
    match number {
        0 | 3 | 6 => drop(bench.push("dmz1").await),
        1 => bench.site().open(read),
        2 | 5 | 7 => drop(bench.pull("dmz1").await),
        4 => bench.site().done(read),
        _ => {
            let by = By {
                operator: String::new(),
                through: "command".to_owned(),
                reference: String::new(),
            };
            let ordered = order(&bench.core, *revoked.as_bytes(), Order::Revoke, by).await;
            ordered.expect("the database works");
        }
    }
}

#[tokio::test]
async fn whatever_is_cut_off_goes_on() {
    const STEPS: [usize; 11] = [0, 1, 2, 8, 3, 4, 5, 0, 6, 7, 7];
    for cut in 0..STEPS.len() {
        for lost in [false, true] {
            let mut bench = Bench::new().await;
            let ids = [bench.send("dmz1").await, bench.send("dmz1").await];
            for (place, number) in STEPS.into_iter().enumerate() {
                if place == cut {
                    // The answer to whatever is asked next is lost, and then the core ends.
                    bench.site().state().lose_answers = u32::from(lost);
                    if !matches!(number, 1 | 4) {
                        step(&bench, number, ids).await;
                    }
                    bench.site().state().lose_answers = 0;
                    bench.restart().await;
                }
                step(&bench, number, ids).await;
            }
            let stages = [bench.stage(ids[0]).await, bench.stage(ids[1]).await];
            assert_eq!(stages, ["read", "revoked"], "cut before {cut}, lost {lost}");
            assert_eq!(
                bench.audited("message-opened").await,
                1,
                "cut before {cut}, lost {lost}"
            );
            assert_eq!(
                bench.audited("message-ended").await,
                2,
                "cut before {cut}, lost {lost}"
            );
            assert!(
                bench.alarms("dmz1").await.is_empty(),
                "cut before {cut}, lost {lost}"
            );
            assert_eq!(bench.waiting("dmz1").await, 0);
        }
    }
}
