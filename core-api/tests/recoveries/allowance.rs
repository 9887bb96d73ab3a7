//! Budgets and the lockout allowance: strangers use up what can be used up, and nobody is locked by us.

use std::time::Duration;

use contract::recovery::{Refused, Stage};
use contract::{Action, Method, ProblemKind, Purpose};
use core_api::store::factor::{self, Factor};
use core_api::store::{attempt, reap};
use core_api::usecase::UseCaseError;
use core_api::usecase::portal::pause::resume;
use directory::Directory as _;
use domain::Clock as _;

use crate::bench::{Bench, kind};

async fn guess(bench: &Bench, times: usize) {
    for _ in 0..times {
        let mut stranger = bench.begin(Purpose::Reset, "alice").await;
        bench.resolve().await;
        stranger.pick(Method::Totp).await.expect("is offered");
        stranger.prove("000000").await.expect("it is judged");
    }
}

#[tokio::test]
async fn ten_wrong_codes_a_day_silently_close_the_method_and_the_next_day_opens_it() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    guess(&bench, 10).await;
    bench.clock.forward(Duration::from_hours(1));
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    alice.pick(Method::Totp).await.expect("is offered as ever");
    alice.prove(&bench.code(&app)).await.expect("it is judged");
    assert!(
        matches!(alice.answer.view.stage, Stage::Challenge { wrong: true, .. }),
        "the budget is used up"
    );
    bench.clock.forward(Duration::from_hours(24));
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.prove_by_app(&app).await;
}

#[tokio::test]
async fn one_source_begins_twenty_an_hour() {
    let bench = Bench::new().await;
    for turn in 0..20 {
        bench.begin(Purpose::Reset, &format!("person{turn}")).await;
    }
    bench.clock.forward(Duration::from_mins(20));
    for _ in 0..3 {
        let refused = bench.begin_from("203.0.113.7", Purpose::Reset, "one-more").await;
        match refused.err() {
            Some(UseCaseError::TooManyFor(wait)) => {
                assert_eq!(wait, Duration::from_mins(40), "no less, no more");
            }
            other => panic!("{other:?}"),
        }
    }
    core_api::usecase::recovery::refused_beginnings::write_down(&bench.core)
        .await
        .expect("the store");
    let records = bench.records().await;
    let last = records.last().expect("a record");
    assert_eq!(
        (&last["event"], &last["why"], &last["count"]),
        (&"beginnings-refused".into(), &"too-many".into(), &3.into()),
        "one record, however many there were"
    );
    bench.clock.forward(Duration::from_mins(40));
    bench.begin(Purpose::Reset, "one-more").await;
}

#[tokio::test]
async fn wrong_current_passwords_never_lock_the_account() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Change, "alice").await;
    alice.prove_by_app(&app).await;
    let mut last = None;
    for turn in 0..8 {
        let sealed = alice.seal_passwords(
            Action::Change,
            Some(&format!("Wrong-{turn}-pass")),
            "Tidy-Otter-42",
        );
        alice
            .act(Action::Change, Some(sealed), &format!("key-0123456789-{turn}"))
            .await
            .expect("an answer");
        let Stage::Proved { refused, .. } = &alice.answer.view.stage else {
            panic!("{:?}", alice.answer.view.stage)
        };
        last.clone_from(refused);
    }
    assert_eq!(last, Some(Refused::NoMoreTries));
    let id = bench.account("alice").await;
    assert_eq!(
        bench.directory.bad_passwords(id).await.expect("a count").count,
        3,
        "two of five stay the owner's"
    );
    let account = bench
        .directory
        .read(id)
        .await
        .expect("the directory")
        .expect("alice");
    assert_eq!(account.state.locked, None);
}

#[tokio::test]
async fn a_portal_that_does_more_than_its_share_is_paused_for_everybody() {
    let bench = Bench::with(|mut settings| {
        settings.limits.actions_by_portal.most = 1;
        settings
    })
    .await;
    let (app, other) = (bench.enrol_totp("bob").await, bench.enrol_totp("alice").await);
    let mut bob = bench.begin(Purpose::Unlock, "bob").await;
    bob.prove_by_app(&app).await;
    bob.act(Action::Unlock, None, "0123456789abcdef")
        .await
        .expect("the first one is done");
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.prove_by_app(&other).await;
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    let refused = alice.act(Action::Reset, Some(sealed), "0123456789abcdef").await;
    assert_eq!(kind(refused), ProblemKind::Paused);
    assert_eq!(kind(alice.look().await), ProblemKind::Paused);
    assert_eq!(bench.events().await.last().map(String::as_str), Some("pause"));
    assert!(!bench.signs_in("alice", "Tidy-Otter-42").await);

    bench.clock.forward(Duration::from_secs(1));
    let resumed = resume(&bench.core, "portal.test", "uid 0", "TESTREF001").await;
    assert!(resumed.expect("the store"));
    bench.clock.forward(Duration::from_secs(1));
    alice.look().await.expect("the page");
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    alice
        .act(Action::Reset, Some(sealed), "fedcba9876543210")
        .await
        .expect("what was done before counts no more");
    assert!(bench.signs_in("alice", "Tidy-Otter-42").await);
    let mut next = bench.begin(Purpose::Unlock, "bob").await;
    bench.clock.forward(Duration::from_mins(1));
    next.prove_by_app(&app).await;
    let braked = next.act(Action::Unlock, None, "0123456789abcdef").await;
    assert_eq!(kind(braked), ProblemKind::Paused, "what was done since does");
}

/// Wrong tries in a row of alice's app, as the store counts them.
async fn in_a_row(bench: &Bench) -> u32 {
    let account = bench.account("alice").await;
    let counted = bench
        .core
        .store
        .read(move |c| attempt::wrong_in_a_row(c, account, domain::Method::Totp));
    counted.await.expect("the store")
}

#[tokio::test]
async fn wrong_codes_are_counted_in_a_row_until_one_is_right_or_the_app_is_another() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    guess(&bench, 3).await;
    bench.clock.forward(Duration::from_hours(24 * 30));
    let now = bench.clock.now();
    let reaped = bench
        .core
        .store
        .write(move |c| reap::reap(c, now, Duration::from_hours(24 * 400), 1000));
    reaped.await.expect("the store");
    guess(&bench, 2).await;
    assert_eq!(in_a_row(&bench).await, 5, "a month is no end of it");

    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.prove_by_app(&app).await;
    assert_eq!(in_a_row(&bench).await, 0, "she was right");

    guess(&bench, 2).await;
    assert_eq!(in_a_row(&bench).await, 2);
    let (id, account, now) = ([9; 16], bench.account("alice").await, bench.clock.now());
    let pending = Factor {
        id,
        account,
        method: domain::Method::Totp,
        label: "another".to_owned(),
        secret: bench.core.at_rest.lock(&id, b"secret", &*bench.core.randomness),
        since: now,
        counts_from: None,
        last_step: 0,
    };
    let confirmed = bench.core.store.write(move |c| {
        factor::insert(c, &pending)?;
        factor::confirm(c, &id, now)
    });
    assert!(confirmed.await.expect("the store"));
    assert_eq!(
        in_a_row(&bench).await,
        0,
        "what was guessed at was another secret"
    );
}

/// Ten a day are a hundred after ten days: then only another secret opens the method, however long one waits.
#[tokio::test]
async fn a_hundred_wrong_codes_in_a_row_close_the_method_for_good() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    for _ in 0..10 {
        guess(&bench, 10).await;
        bench.clock.forward(Duration::from_hours(25));
    }
    assert_eq!(in_a_row(&bench).await, 100);
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    alice.pick(Method::Totp).await.expect("is offered as ever");
    alice.prove(&bench.code(&app)).await.expect("it is judged");
    assert!(matches!(
        alice.answer.view.stage,
        Stage::Challenge { wrong: true, .. }
    ));
}

/// Everything that a stranger can use up of alice's is used up, and she recovers all the same.
#[tokio::test]
async fn a_recovery_code_works_whatever_a_stranger_used_up() {
    let bench = Bench::with(|mut settings| {
        settings.limits.begun_by_source.most = 1000;
        settings.limits.begun_by_identifier.most = 1000;
        settings
    })
    .await;
    bench.enrol_totp("alice").await;
    let code = bench.enrol_recovery_code("alice").await;
    guess(&bench, 12).await;
    for _ in 0..12 {
        let mut stranger = bench.begin(Purpose::Reset, "alice").await;
        bench.resolve().await;
        stranger.pick(Method::RecoveryCode).await.expect("is offered");
        stranger
            .prove("AAAA-AAAA-AAAA-AAAA-AA")
            .await
            .expect("it is judged");
    }
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    alice.pick(Method::RecoveryCode).await.expect("is offered");
    alice.prove(&code).await.expect("it is judged");
    assert!(
        matches!(alice.answer.view.stage, Stage::Proved { .. }),
        "{:?}",
        alice.answer.view.stage
    );
    let mut again = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    again.pick(Method::RecoveryCode).await.expect("is offered");
    again.prove(&code).await.expect("it is judged");
    assert!(
        matches!(again.answer.view.stage, Stage::Challenge { wrong: true, .. }),
        "each code is good once"
    );
}

/// Two policies: what strangers try at a method that alice's policy takes only later must not use up her budget.
#[tokio::test]
async fn tries_at_a_method_that_the_policy_does_not_take_here_are_not_the_accounts() {
    let bench = Bench::with(|mut settings| {
        let mut other = settings.policies.0[0].clone();
        other.steps = vec![[domain::Method::Totp].into()];
        settings.policies.0[0].steps = vec![
            [domain::Method::RecoveryCode].into(),
            [domain::Method::Totp].into(),
        ];
        settings.policies.0.push(other);
        settings.limits.begun_by_source.most = 1000;
        settings
    })
    .await;
    let app = bench.enrol_totp("alice").await;
    let code = bench.enrol_recovery_code("alice").await;
    guess(&bench, 12).await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    alice.pick(Method::RecoveryCode).await.expect("is offered");
    alice.prove(&code).await.expect("it is judged");
    alice.pick(Method::Totp).await.expect("is offered");
    alice.prove(&bench.code(&app)).await.expect("it is judged");
    assert!(
        matches!(alice.answer.view.stage, Stage::Proved { .. }),
        "{:?}",
        alice.answer.view.stage
    );
}

#[tokio::test]
async fn one_recovery_takes_forty_boxes_and_twenty_picks() {
    let bench = Bench::new().await;
    let mut stranger = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    stranger.pick(Method::Totp).await.expect("is offered");
    for _ in 0..40 {
        stranger.prove("000000").await.expect("it is judged");
    }
    let sealed = stranger.seal_code("000000");
    assert_eq!(kind(stranger.send_proof(sealed).await), ProblemKind::RecoveryOver);
    let mut stranger = bench.begin(Purpose::Reset, "alice").await;
    for _ in 0..20 {
        stranger.pick(Method::Totp).await.expect("is offered");
    }
    assert_eq!(kind(stranger.pick(Method::Totp).await), ProblemKind::RecoveryOver);
}

/// A try whose answer is lost was counted by the directory, so it is counted here; and it is counted before it is
/// made, so that hanging up in the middle wins nothing.
#[tokio::test]
async fn an_abandoned_try_of_a_password_is_counted() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Change, "alice").await;
    alice.prove_by_app(&app).await;
    bench.line.cut(crate::noted::Cut::Before);
    let sealed = alice.seal_passwords(Action::Change, Some("Wrong-pass-1"), "Tidy-Otter-42");
    let act = alice.act(Action::Change, Some(sealed), "0123456789abcdef");
    tokio::select! {
        done = act => panic!("it is not under way: {done:?}"),
        () = bench.line.reached() => {}
    }
    let (id, now) = (bench.account("alice").await, bench.core.now());
    let counted = bench
        .core
        .store
        .read(move |c| attempt::wrong_passwords(c, id, Duration::from_hours(24), now))
        .await
        .expect("the store");
    assert_eq!(counted, 1);
}
