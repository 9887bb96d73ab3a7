//! Forgotten, locked, changed: the three things that people come for.

use std::time::Duration;

use contract::recovery::{Refused, Stage};
use contract::{Action, Method, ProblemKind, Purpose};

use crate::bench::{Bench, kind, password_of};

const KEY: &str = "0123456789abcdef";
const KEY_2: &str = "fedcba9876543210";

#[tokio::test]
async fn a_forgotten_password_is_reset_and_every_step_is_in_the_audit() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    assert_eq!(
        alice.answer.view.stage,
        Stage::Choose {
            methods: vec![Method::Totp, Method::RecoveryCode]
        }
    );
    alice.prove_by_app(&app).await;
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    bench.asked.lock().expect("nobody panicked").clear();
    alice
        .act(Action::Reset, Some(sealed), KEY)
        .await
        .expect("it is done");
    assert_eq!(
        *bench.asked.lock().expect("nobody panicked"),
        ["directory.survey", "directory.reset"],
        "somebody waits for each question"
    );
    assert!(matches!(
        alice.answer.view.stage,
        Stage::Done {
            action: Action::Reset,
            unlocked: false,
            ..
        }
    ));
    assert!(bench.signs_in("alice", "Tidy-Otter-42").await);
    assert!(!bench.signs_in("alice", &password_of("alice")).await);
    assert_eq!(
        bench.events().await,
        ["begun", "resolved", "proof", "intent", "outcome"]
    );
}

#[tokio::test]
async fn a_refused_password_names_its_rules_and_keeps_the_proof() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("frank").await;
    let mut frank = bench.begin(Purpose::Reset, "CORP\\frank").await;
    frank.prove_by_app(&app).await;
    let sealed = frank.seal_passwords(Action::Reset, None, "Short-1");
    frank
        .act(Action::Reset, Some(sealed), KEY)
        .await
        .expect("an answer");
    let Stage::Proved {
        refused: Some(Refused::Rules { rules }),
        ..
    } = &frank.answer.view.stage
    else {
        panic!("{:?}", frank.answer.view.stage)
    };
    assert_eq!(
        rules
            .iter()
            .map(|rule| (rule.id.as_str(), rule.n))
            .collect::<Vec<_>>(),
        [("min-length", Some(14))]
    );
    let sealed = frank.seal_passwords(Action::Reset, None, "Long-enough-for-Finance-1");
    frank
        .act(Action::Reset, Some(sealed), KEY_2)
        .await
        .expect("the next one is taken");
    assert!(bench.signs_in("frank", "Long-enough-for-Finance-1").await);
}

#[tokio::test]
async fn a_lock_goes_without_a_reset_and_is_offered_first() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("bob").await;
    let mut bob = bench.begin(Purpose::Reset, "bob@corp.example").await;
    bob.prove_by_app(&app).await;
    let Stage::Proved { account, offers, .. } = &bob.answer.view.stage else {
        panic!()
    };
    assert!(account.locked && account.locked_until.is_some());
    assert_eq!(
        offers.iter().map(|offer| offer.action).collect::<Vec<_>>(),
        [Action::Unlock, Action::Reset]
    );
    bob.act(Action::Unlock, None, KEY).await.expect("it is done");
    assert!(matches!(
        bob.answer.view.stage,
        Stage::Done {
            action: Action::Unlock,
            unlocked: true,
            ..
        }
    ));
    assert!(bench.signs_in("bob", &password_of("bob")).await);
}

#[tokio::test]
async fn a_reset_of_a_locked_account_unlocks_it_too() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("bob").await;
    let mut bob = bench.begin(Purpose::Reset, "bob").await;
    bob.prove_by_app(&app).await;
    let sealed = bob.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    bob.act(Action::Reset, Some(sealed), KEY)
        .await
        .expect("it is done");
    assert!(matches!(
        bob.answer.view.stage,
        Stage::Done {
            action: Action::Reset,
            unlocked: true,
            ..
        }
    ));
    assert!(bench.signs_in("bob", "Tidy-Otter-42").await);
}

#[tokio::test]
async fn a_password_that_must_be_changed_is_changed() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("erin").await;
    let mut erin = bench.begin(Purpose::Change, "erin").await;
    erin.prove_by_app(&app).await;
    let Stage::Proved { account, .. } = &erin.answer.view.stage else {
        panic!()
    };
    assert!(account.must_change);
    let sealed = erin.seal_passwords(Action::Change, Some("not my password"), "Tidy-Otter-42");
    erin.act(Action::Change, Some(sealed), KEY)
        .await
        .expect("an answer");
    let Stage::Proved { refused, .. } = &erin.answer.view.stage else {
        panic!()
    };
    assert_eq!(
        *refused,
        Some(Refused::WrongPassword { tries_left: 2 }),
        "said plainly behind the proofs"
    );
    let sealed = erin.seal_passwords(Action::Change, Some(&password_of("erin")), "Tidy-Otter-42");
    erin.act(Action::Change, Some(sealed), KEY_2)
        .await
        .expect("an answer");
    assert!(
        matches!(
            erin.answer.view.stage,
            Stage::Done {
                action: Action::Change,
                ..
            }
        ),
        "{:?}",
        erin.answer.view.stage
    );
    assert!(bench.signs_in("erin", "Tidy-Otter-42").await);
}

#[tokio::test]
async fn who_is_switched_off_or_protected_is_told_so_after_the_proofs_and_offered_nothing() {
    let bench = Bench::new().await;
    for (name, protected) in [("carol", false), ("dave", false), ("padmin", true)] {
        let app = bench.enrol_totp(name).await;
        let mut person = bench.begin(Purpose::Reset, name).await;
        person.prove_by_app(&app).await;
        let Stage::Proved { account, offers, .. } = &person.answer.view.stage else {
            panic!()
        };
        assert!(offers.is_empty(), "{name}");
        assert_eq!(account.protected, protected, "{name}");
    }
}

#[tokio::test]
async fn three_resets_a_day_are_enough() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    for turn in 0..4 {
        bench.clock.forward(Duration::from_mins(1));
        let mut alice = bench.begin(Purpose::Reset, "alice").await;
        alice.prove_by_app(&app).await;
        let sealed = alice.seal_passwords(Action::Reset, None, &format!("Tidy-Otter-4{turn}"));
        alice
            .act(Action::Reset, Some(sealed), KEY)
            .await
            .expect("an answer");
        let refused = matches!(
            &alice.answer.view.stage,
            Stage::Proved {
                refused: Some(Refused::TooManyToday),
                ..
            }
        );
        assert_eq!(refused, turn == 3, "turn {turn}: {:?}", alice.answer.view.stage);
    }
}

#[tokio::test]
async fn time_and_cancelling_end_a_recovery() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.prove_by_app(&app).await;
    bench.clock.forward(Duration::from_mins(15));
    assert_eq!(kind(alice.look().await), ProblemKind::RecoveryOver);
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    assert_eq!(
        kind(alice.act(Action::Reset, Some(sealed), KEY).await),
        ProblemKind::RecoveryOver
    );
    assert!(bench.signs_in("alice", &password_of("alice")).await);
}
