//! An account that the service account cannot read whole: nothing may tell that it is there.

use contract::recovery::Stage;
use contract::{Method, Purpose};
use core_api::store::audit;

use crate::bench::Bench;
use crate::noted::Cut;

/// What the audit says of whom the identifiers mean, in order.
async fn found(bench: &Bench) -> Vec<String> {
    let rows = bench.core.store.read(|c| audit::after(c, 0, 1000)).await;
    let records = rows
        .expect("the audit")
        .into_iter()
        .map(|row| serde_json::from_slice::<serde_json::Value>(&row.record.event).expect("JSON"));
    records
        .filter_map(|record| record["found"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_settled_as_nobody() {
    let bench = Bench::new().await;
    bench.enrol_totp("alice").await;
    bench.line.cut(Cut::Unreadable);
    for name in ["alice", "nobody"] {
        let mut person = bench.begin(Purpose::Reset, name).await;
        bench.resolve().await;
        person.pick(Method::Totp).await.expect("is offered");
        person.prove("123456").await.expect("it is judged, and no outage");
        assert!(
            matches!(person.answer.view.stage, Stage::Challenge { wrong: true, .. }),
            "{name}: {:?}",
            person.answer.view.stage
        );
    }
    assert_eq!(found(&bench).await, ["unreadable", "unknown"]);
}
