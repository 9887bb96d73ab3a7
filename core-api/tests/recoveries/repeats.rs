//! Lost answers, double clicks, replays, and twenty requests at once.

use std::time::Duration;

use contract::recovery::Stage;
use contract::{Action, Method, ProblemKind, Purpose};
use core_api::keys::Handle;

use crate::bench::{Bench, kind, password_of};

const KEY: &str = "0123456789abcdef";

#[tokio::test]
async fn a_lost_answer_is_given_again_for_a_minute_and_to_the_same_box_only() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    alice.pick(Method::Totp).await.expect("is offered");
    let sealed = alice.seal_code(&bench.code(&app));
    let other = alice.seal_code(&bench.code(&app));
    let mut lost = alice.clone();
    alice.send_proof(sealed.clone()).await.expect("it passes");
    let mut again = lost.clone();
    again.send_proof(sealed.clone()).await.expect("the same answer");
    assert_eq!(again.handle, alice.handle);
    assert!(matches!(again.answer.view.stage, Stage::Proved { .. }));
    assert_eq!(kind(lost.send_proof(other).await), ProblemKind::RecoveryOver);
    assert_eq!(
        kind(lost.look().await),
        ProblemKind::RecoveryOver,
        "an old handle opens nothing else"
    );
    bench.clock.forward(Duration::from_mins(1));
    assert_eq!(kind(lost.send_proof(sealed).await), ProblemKind::RecoveryOver);
}

#[tokio::test]
async fn a_box_is_opened_once_even_if_it_was_wrong() {
    let bench = Bench::new().await;
    bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    alice.pick(Method::Totp).await.expect("is offered");
    let wrong = alice.seal_code("000000");
    alice.send_proof(wrong.clone()).await.expect("it is judged");
    assert!(matches!(
        alice.answer.view.stage,
        Stage::Challenge { wrong: true, .. }
    ));
    assert_eq!(kind(alice.send_proof(wrong).await), ProblemKind::StaleStep);
}

#[tokio::test]
async fn a_code_of_the_app_is_good_once_over_all_recoveries() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut first = bench.begin(Purpose::Reset, "alice").await;
    first.prove_by_app(&app).await;
    let mut second = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    second.pick(Method::Totp).await.expect("is offered");
    second.prove(&bench.code(&app)).await.expect("it is judged");
    assert!(
        matches!(second.answer.view.stage, Stage::Challenge { wrong: true, .. }),
        "replayed"
    );
}

#[tokio::test]
async fn a_box_of_another_recovery_and_one_for_another_purpose_are_refused() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut mine = bench.begin(Purpose::Reset, "alice").await;
    let mut other = bench.begin(Purpose::Unlock, "alice").await;
    bench.resolve().await;
    mine.pick(Method::Totp).await.expect("is offered");
    other.pick(Method::Totp).await.expect("is offered");
    let sealed = other.seal_code(&bench.code(&app));
    assert_eq!(kind(mine.send_proof(sealed).await), ProblemKind::RecoveryOver);
    let mut changed = mine.seal_code(&bench.code(&app));
    changed.seal = changed.seal.replace("\"step\":0", "\"step\":1");
    assert_eq!(
        kind(mine.send_proof(changed).await),
        ProblemKind::Malformed,
        "the block is bound into the box"
    );
}

#[tokio::test]
async fn steps_out_of_order_are_refused() {
    let bench = Bench::new().await;
    bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    assert_eq!(
        kind(alice.act(Action::Unlock, None, KEY).await),
        ProblemKind::RecoveryOver,
        "nothing is proved"
    );
    assert_eq!(
        kind(alice.pick(Method::EmailCode).await),
        ProblemKind::RecoveryOver,
        "is not offered"
    );
    alice.handle = Handle::generate(&core_api::keys::OsRandomness).to_text();
    assert_eq!(kind(alice.look().await), ProblemKind::RecoveryOver);
}

#[tokio::test]
async fn a_silent_directory_costs_neither_try_nor_code() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.pick(Method::Totp).await.expect("is offered");
    let sealed = alice.seal_code(&bench.code(&app));
    assert_eq!(
        kind(alice.send_proof(sealed.clone()).await),
        ProblemKind::DirectoryAway,
        "nobody resolved it"
    );
    bench.resolve().await;
    alice
        .send_proof(sealed)
        .await
        .expect("the same box is still good");
    assert!(matches!(alice.answer.view.stage, Stage::Proved { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_spend_one_proof_once() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    alice.pick(Method::Totp).await.expect("is offered");
    let tries = (0..20).map(|_| {
        let mut same = alice.clone();
        let sealed = alice.seal_code(&bench.code(&app));
        async move { same.send_proof(sealed).await.is_ok() }
    });
    let passed = futures_util::future::join_all(tries)
        .await
        .into_iter()
        .filter(|passed| *passed)
        .count();
    assert_eq!(passed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_at_once_do_one_action_once_and_all_are_told_the_same() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.prove_by_app(&app).await;
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    let clicks = (0..20).map(|_| {
        let (mut same, sealed) = (alice.clone(), sealed.clone());
        async move {
            same.act(Action::Reset, Some(sealed), KEY)
                .await
                .expect("an answer");
            same.answer.view.stage
        }
    });
    let told = futures_util::future::join_all(clicks).await;
    assert!(
        told.iter().all(|stage| matches!(
            stage,
            Stage::Done {
                action: Action::Reset,
                ..
            }
        )),
        "{told:?}"
    );
    let events = bench.events().await;
    assert_eq!(events.iter().filter(|event| *event == "intent").count(), 1);
    assert!(bench.signs_in("alice", "Tidy-Otter-42").await);
    assert!(!bench.signs_in("alice", &password_of("alice")).await);
}

#[tokio::test]
async fn a_box_for_a_retired_key_asks_for_a_fresh_page() {
    let bench = Bench::with(|mut settings| {
        settings.lifetime = Duration::from_hours(72);
        settings
    })
    .await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    alice.pick(Method::Totp).await.expect("is offered");
    let old = alice.seal_code("000000");
    bench.clock.forward(Duration::from_hours(24));
    bench.core.rotate_if_due();
    let mut same = alice.clone();
    same.send_proof(old.clone())
        .await
        .expect("somebody may be typing while the key is turned");
    bench.clock.forward(Duration::from_hours(24));
    bench.core.rotate_if_due();
    assert_eq!(kind(alice.send_proof(old).await), ProblemKind::UnknownKey);
    alice.look().await.expect("a fresh page");
    alice.prove(&bench.code(&app)).await.expect("which works");
    assert!(matches!(alice.answer.view.stage, Stage::Proved { .. }));
}
