//! A core that ends between intent and outcome: the operation is settled by reading back.

use std::time::Duration;

use contract::recovery::Stage;
use contract::{Action, Purpose};
use core_api::store::operation::{self, Outcome};
use core_api::usecase::settle::settle_all;
use domain::{AccountId, OperationId};

use crate::bench::Bench;

const KEY: &str = "0123456789abcdef";

/// Takes the outcome of the last operation away again, as if the core had ended before it wrote it down, and
/// puts the recovery back to where it stood.
async fn forget_outcome(bench: &Bench, account: AccountId) -> OperationId {
    bench
        .core
        .store
        .write(move |c| {
            let id: [u8; 16] = c.query_row(
                "SELECT id FROM operation WHERE account = ?1",
                [account.0],
                |row| row.get(0),
            )?;
            c.execute("UPDATE operation SET outcome = NULL, answered_at = NULL", [])?;
            Ok(OperationId(id))
        })
        .await
        .expect("forgotten")
}

#[tokio::test]
async fn what_was_done_is_found_to_be_done() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.prove_by_app(&app).await;
    bench.clock.forward(Duration::from_secs(1));
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    alice
        .act(Action::Reset, Some(sealed), KEY)
        .await
        .expect("it is done");
    let id = forget_outcome(&bench, bench.account("alice").await).await;
    bench.clock.forward(Duration::from_secs(20));
    settle_all(&bench.core).await.expect("settled");
    let settled = bench
        .core
        .store
        .read(move |c| operation::by_id(c, id))
        .await
        .expect("the store")
        .expect("is there");
    assert_eq!(settled.outcome, Some(Outcome::Done));
    assert_eq!(
        bench
            .events()
            .await
            .iter()
            .filter(|event| *event == "outcome")
            .count(),
        2,
        "the second one says when"
    );
}

#[tokio::test]
async fn an_open_operation_is_told_as_unknown() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.prove_by_app(&app).await;
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    alice
        .act(Action::Reset, Some(sealed), KEY)
        .await
        .expect("it is done");
    let account = bench.account("alice").await;
    forget_outcome(&bench, account).await;
    let count = bench
        .core
        .store
        .read(move |c| operation::in_flight(c, account))
        .await
        .expect("the store");
    assert_eq!(count, 1);
    assert!(matches!(alice.answer.view.stage, Stage::Done { .. }));
}
