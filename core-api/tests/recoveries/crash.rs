//! A core that ends between intent and outcome: the operation is settled by reading back.

use std::time::Duration;

use contract::recovery::{Refused, Stage};
use contract::{Action, Purpose};
use core_api::store::freeze;
use core_api::usecase::recovery::settle::settle_all;

use crate::bench::{Bench, password_of};
use crate::noted::Cut;

const KEY: &str = "0123456789abcdef";

/// Asks for a reset and drops the work in the middle, as a killed core would.
async fn cut_off(bench: &Bench, place: Cut) -> crate::bench::Person<'_> {
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.prove_by_app(&app).await;
    bench.clock.forward(Duration::from_secs(1));
    bench.line.cut(place);
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    let act = alice.act(Action::Reset, Some(sealed), KEY);
    tokio::select! {
        done = act => panic!("it is not under way: {done:?}"),
        () = bench.line.reached() => {}
    }
    bench.line.cut(Cut::Nowhere);
    assert_eq!(bench.events().await.last().map(String::as_str), Some("intent"));
    alice
}

#[tokio::test]
async fn what_was_done_is_found_to_be_done_and_everybody_is_told() {
    let bench = Bench::new().await;
    let mut alice = cut_off(&bench, Cut::After).await;
    alice.look().await.expect("the page");
    assert!(matches!(
        alice.answer.view.stage,
        Stage::Acting {
            action: Action::Reset
        }
    ));
    bench.clock.forward(Duration::from_secs(6));
    alice.look().await.expect("the page");
    assert!(
        matches!(
            alice.answer.view.stage,
            Stage::Unknown {
                action: Action::Reset,
                ..
            }
        ),
        "told as it is"
    );
    bench.clock.forward(Duration::from_secs(14));
    settle_all(&bench.core).await.expect("settled");
    alice.look().await.expect("the page");
    assert!(matches!(
        alice.answer.view.stage,
        Stage::Done {
            action: Action::Reset,
            ..
        }
    ));
    assert!(bench.signs_in("alice", "Tidy-Otter-42").await);
    assert_eq!(bench.events().await.last().map(String::as_str), Some("outcome"));
    let waiting = bench
        .core
        .store
        .read(core_api::store::outbox::depth)
        .await
        .expect("the store");
    assert!(waiting > 0, "the notices are queued");
}

#[tokio::test]
async fn what_was_not_done_leads_back_to_the_proofs() {
    let bench = Bench::new().await;
    let mut alice = cut_off(&bench, Cut::Before).await;
    bench.clock.forward(Duration::from_secs(5));
    settle_all(&bench.core).await.expect("settled");
    assert_eq!(
        bench.events().await.last().map(String::as_str),
        Some("intent"),
        "it could still be on its way"
    );
    bench.clock.forward(Duration::from_secs(15));
    settle_all(&bench.core).await.expect("settled");
    alice.look().await.expect("the page");
    let Stage::Proved { refused, .. } = &alice.answer.view.stage else {
        panic!("{:?}", alice.answer.view.stage)
    };
    assert_eq!(*refused, Some(Refused::DirectoryAway));
    assert!(bench.signs_in("alice", &password_of("alice")).await);
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-43");
    alice
        .act(Action::Reset, Some(sealed), "fedcba9876543210")
        .await
        .expect("another try");
    assert!(matches!(alice.answer.view.stage, Stage::Done { .. }));
}

/// "This was not me", pressed while the directory is being asked: the thief's next password is not written.
#[tokio::test]
async fn a_freeze_reaches_a_recovery_that_is_acting() {
    let bench = Bench::new().await;
    let mut thief = cut_off(&bench, Cut::Before).await;
    let (account, now) = (bench.account("alice").await, bench.core.now());
    bench
        .core
        .store
        .write(move |c| freeze::set(c, account, "not me", now))
        .await
        .expect("frozen");
    bench.clock.forward(Duration::from_secs(20));
    settle_all(&bench.core).await.expect("settled");
    assert!(thief.look().await.is_err(), "it is over");
    assert!(bench.signs_in("alice", &password_of("alice")).await);
}

#[tokio::test]
async fn nothing_is_done_to_a_frozen_account() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut thief = bench.begin(Purpose::Reset, "alice").await;
    thief.prove_by_app(&app).await;
    let (account, now) = (bench.account("alice").await, bench.core.now());
    bench
        .core
        .store
        .write(move |c| freeze::set(c, account, "not me", now))
        .await
        .expect("frozen");
    let sealed = thief.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    assert!(thief.act(Action::Reset, Some(sealed), KEY).await.is_err());
    assert!(bench.signs_in("alice", &password_of("alice")).await);
}
