//! Enrolment: what is set up, when it counts, and what nobody can do with it.

use std::time::Duration;

use contract::enrolment::Pending;
use contract::recovery::{ProofSecret, Stage};
use contract::{Method, ProblemKind, Purpose};
use core_api::core::Settings;
use core_api::usecase::enrolment;
use core_api::worker::outbox::{Outcome, prepare_one};
use domain::Timestamp;

use crate::bench::{Bench, Person, caller, password_of, seal_json, totp_code};
use crate::enrolling::{DAY, HOME, code_in, refused, two_steps};

#[tokio::test(flavor = "multi_thread")]
async fn a_first_enrolment_ends_with_recovery_codes_and_counts_after_the_hold() {
    let bench = Bench::new().await;
    let alice = bench.invited("alice").await;
    let empty = alice.factors().await;
    assert_eq!(
        (empty.factors.len(), empty.codes_missing, empty.hold_seconds),
        (0, true, DAY.as_secs())
    );
    assert_eq!(
        empty.offered,
        [Method::Totp, Method::RecoveryCode],
        "no e-mail in this policy"
    );

    let secret = alice.enrol_app().await;
    assert!(alice.factors().await.codes_missing);
    let codes = alice.ask_codes().await.expect("codes");
    assert_eq!(codes.len(), 10);
    assert!(
        alice.factors().await.codes_missing,
        "not before she says that they are kept"
    );
    let done = alice.confirm_codes().await.expect("confirmed");
    assert!(!done.codes_missing);
    assert_eq!(
        done.factors.iter().map(|f| f.label.as_str()).collect::<Vec<_>>(),
        ["", "10"]
    );
    assert!(
        done.factors
            .iter()
            .all(|f| f.counts_from == Timestamp(f.since).plus(DAY).0)
    );

    bench.clock.forward(DAY.saturating_sub(Duration::from_secs(2)));
    for (method, proof) in [
        (Method::Totp, bench.code(&secret)),
        (Method::RecoveryCode, codes[0].clone()),
    ] {
        let mut early = bench.begin(Purpose::Reset, "alice").await;
        bench.resolve().await;
        early.pick(method).await.expect("is offered");
        early.prove(&proof).await.expect("it is judged");
        assert!(
            matches!(early.answer.view.stage, Stage::Challenge { wrong: true, .. }),
            "{method:?} is on hold"
        );
    }
    bench.clock.forward(Duration::from_secs(31));
    for (method, proof) in [
        (Method::Totp, bench.code(&secret)),
        (Method::RecoveryCode, codes[0].clone()),
    ] {
        let mut later = bench.begin(Purpose::Reset, "alice").await;
        bench.resolve().await;
        later.pick(method).await.expect("is offered");
        later.prove(&proof).await.expect("it is judged");
        assert!(
            matches!(later.answer.view.stage, Stage::Proved { .. }),
            "{method:?} counts"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_only_the_password_or_only_an_invitation_enrols_nothing() {
    let bench = Bench::new().await;
    let code = bench.invite("alice").await;
    for (code, password) in [
        ("AAAA-AAAA-AAAA-AAAA-AAAA", password_of("alice")),
        (code.as_str(), "not the password".to_owned()),
    ] {
        let mut thief = bench.begin(Purpose::Enrol, "alice").await;
        bench.resolve().await;
        thief.pick(Method::Invitation).await.expect("is offered");
        thief.prove_invited(code, &password).await;
        assert!(matches!(
            thief.answer.view.stage,
            Stage::Challenge { wrong: true, .. }
        ));
        let looked = enrolment::look::look(&bench.core, &caller(), &thief.handle()).await;
        assert_eq!(refused(looked), ProblemKind::RecoveryOver);
        assert_eq!(refused(thief.begin_email(HOME).await), ProblemKind::RecoveryOver);
    }
    // Complete proofs for something else open no enrolment either.
    let app = bench.enrol_totp("bob").await;
    let mut bob = bench.begin(Purpose::Reset, "bob").await;
    bob.prove_by_app(&app).await;
    let looked = enrolment::look::look(&bench.core, &caller(), &bob.handle()).await;
    assert_eq!(refused(looked), ProblemKind::RecoveryOver);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_voids_the_pending_one_and_only_the_right_code_confirms_it_once() {
    let bench = Bench::new().await;
    let alice = bench.invited("alice").await;
    let first = alice.ask_totp().await;
    let second = alice.ask_totp().await;
    let after = alice
        .confirm_totp(&bench.code(&first))
        .await
        .expect("it is judged");
    assert!(after.wrong && after.pending == Some(Pending::Totp) && after.factors.is_empty());
    let right = alice.seal_step("totp-confirmation", &bench.code(&second)).await;
    let confirmed = enrolment::totp::confirm(&bench.core, &caller(), &alice.handle(), right.clone()).await;
    assert_eq!(confirmed.expect("it is judged").factors.len(), 1);
    let again = enrolment::totp::confirm(&bench.core, &caller(), &alice.handle(), right).await;
    assert_eq!(refused(again), ProblemKind::NothingPending);

    // The code that confirmed it does not also recover the account.
    bench.clock.forward(DAY);
    let mut reset = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    reset.pick(Method::Totp).await.expect("is offered");
    reset
        .prove(&totp_code(&second, bench.core.now().minus(DAY)))
        .await
        .expect("it is judged");
    assert!(matches!(
        reset.answer.view.stage,
        Stage::Challenge { wrong: true, .. }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_enrolment_left_pending_is_void() {
    let bench = Bench::new().await;
    let left = bench.invited("alice").await.ask_totp().await;
    bench.clock.forward(Duration::from_secs(30));
    let later = bench.invited("alice").await;
    assert_eq!(later.factors().await.pending, None);
    let secret = ProofSecret {
        code: bench.code(&left),
        current: None,
    };
    let block = later
        .block("totp")
        .await
        .replace(r#""action":"totp""#, r#""action":"totp-confirmation""#);
    let sealed = seal_json(&block, &serde_json::to_vec(&secret).expect("JSON"));
    let confirmed = enrolment::totp::confirm(&bench.core, &caller(), &later.handle(), sealed).await;
    assert_eq!(refused(confirmed), ProblemKind::NothingPending);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_serves_once_and_only_for_its_own_step() {
    let bench = Bench::new().await;
    let alice = bench.invited("alice").await;
    let (_key, sealed) = alice.ask("totp").await;
    let other =
        enrolment::recovery_codes::begin(&bench.core, &caller(), &alice.handle(), sealed.clone()).await;
    assert_eq!(refused(other), ProblemKind::RecoveryOver);
    enrolment::totp::begin(&bench.core, &caller(), &alice.handle(), sealed.clone())
        .await
        .expect("its own step");
    let again = enrolment::totp::begin(&bench.core, &caller(), &alice.handle(), sealed).await;
    assert_eq!(refused(again), ProblemKind::StaleStep);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_confirmed_by_the_code_that_went_there_and_everybody_on_file_is_told() {
    let bench = two_steps().await;
    let alice = bench.invited("alice").await;
    for unusable in ["alice@corp.example", "nobody", "a@home.example, b@home.example"] {
        assert_eq!(
            refused(alice.begin_email(unusable).await),
            ProblemKind::UnusableAddress
        );
    }
    let begun = alice.begin_email(HOME).await.expect("usable");
    assert_eq!((begun.pending, begun.factors.len()), (Some(Pending::Email), 0));
    let mails = bench.mails().await;
    assert!(mails.len() == 1 && mails[0].contains(&format!("To: {HOME}")));
    let code = code_in(&mails[0]);

    assert!(alice.confirm_email("00000000").await.expect("it is judged").wrong);
    let spaced = format!(" {} {}", &code[..4], &code[4..]);
    let done = alice.confirm_email(&spaced).await.expect("it is judged");
    assert!(!done.wrong && done.pending.is_none());
    assert_eq!(done.factors[0].label, "a•••e@post.example");
    assert_eq!(
        refused(alice.begin_email("Alice@Post.example").await),
        ProblemKind::UnusableAddress,
        "enrolled"
    );

    let told = bench.mails().await;
    let directory = bench.mail_of("alice").await;
    assert!(!directory.is_empty());
    for address in directory.iter().map(String::as_str).chain([HOME]) {
        assert!(
            told.iter().any(|mail| mail.contains(&format!("To: {address}"))),
            "{address} is told"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_tries_void_the_code_and_sendings_are_limited() {
    let bench = two_steps().await;
    let alice = bench.invited("alice").await;
    alice.begin_email(HOME).await.expect("usable");
    let code = code_in(&bench.mails().await[0]);
    for _ in 0..5 {
        assert!(alice.confirm_email("00000000").await.expect("it is judged").wrong);
    }
    assert_eq!(
        refused(alice.confirm_email(&code).await),
        ProblemKind::NothingPending
    );
    for _ in 0..2 {
        alice.begin_email(HOME).await.expect("three an hour");
    }
    assert_eq!(refused(alice.begin_email(HOME).await), ProblemKind::TooMany);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_factor_stays_and_none_is_removed_by_its_own_proof() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let by_app = bench.enrolling_by_app("alice", &app).await;
    let old = by_app.factors().await.factors[0].id.clone();
    assert_eq!(refused(by_app.remove(&old).await), ProblemKind::OtherProofNeeded);
    let codes = by_app.ask_codes().await.expect("there were none");
    by_app.confirm_codes().await.expect("confirmed");

    // An invitation adds, but takes away nothing that stood there before it.
    bench.clock.forward(DAY);
    let invited = bench.invited("alice").await;
    assert_eq!(refused(invited.remove(&old).await), ProblemKind::OtherProofNeeded);
    assert_eq!(refused(invited.ask_codes().await), ProblemKind::OtherProofNeeded);

    let mut by_code = bench.begin(Purpose::Enrol, "alice").await;
    bench.resolve().await;
    by_code.pick(Method::RecoveryCode).await.expect("is offered");
    by_code.prove(&codes[3]).await.expect("it is judged");
    assert_eq!(
        refused(by_code.ask_codes().await),
        ProblemKind::OtherProofNeeded,
        "would replace its own proof"
    );
    assert_eq!(
        refused(by_code.remove("AAAAAAAAAAAAAAAAAAAAAA").await),
        ProblemKind::NotFound
    );
    bench.mails().await;
    let left = by_code.remove(&old).await.expect("the codes are left");
    assert_eq!(
        left.factors.iter().map(|f| f.label.as_str()).collect::<Vec<_>>(),
        ["9"]
    );
    assert!(!bench.mails().await.is_empty(), "the removal is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_removed_while_only_what_is_on_hold_would_be_left() {
    let bench = Bench::new().await;
    let alice = bench.invited("alice").await;
    alice.enrol_app().await;
    let only = alice.factors().await.factors[0].id.clone();
    assert_eq!(refused(alice.remove(&only).await), ProblemKind::LastFactor);
    bench.clock.forward(Duration::from_mins(1));
    alice.ask_codes().await.expect("codes");
    let both = alice.confirm_codes().await.expect("confirmed");
    assert_eq!(
        refused(alice.remove(&only).await),
        ProblemKind::LastFactor,
        "the codes count a minute later"
    );
    alice
        .remove(&both.factors[1].id)
        .await
        .expect("the app counts first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_sheet_voids_the_former_one_when_it_is_confirmed() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let alice = bench.enrolling_by_app("alice", &app).await;
    alice.ask_codes().await.expect("codes");
    let first = alice.confirm_codes().await.expect("confirmed");
    let new = alice.ask_codes().await.expect("codes");
    assert_eq!(
        alice.factors().await.factors[1],
        first.factors[1],
        "good until the new one is kept"
    );
    let second = alice.confirm_codes().await.expect("confirmed");
    assert_eq!(second.factors.len(), 2);
    assert_ne!(second.factors[1].id, first.factors[1].id);
    assert_eq!(refused(alice.confirm_codes().await), ProblemKind::NothingPending);
    assert_eq!(new.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_former_sheet_is_good_until_the_new_one_counts() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    let alice = bench.enrolling_by_app("alice", &app).await;
    let old = alice.ask_codes().await.expect("codes");
    alice.confirm_codes().await.expect("confirmed");
    bench.clock.forward(DAY);
    let alice = bench.enrolling_by_app("alice", &app).await;
    let new = alice.ask_codes().await.expect("codes");
    let both = alice.confirm_codes().await.expect("confirmed");
    assert_eq!(
        both.factors.len(),
        3,
        "the app, the former sheet and the one on hold"
    );

    let tries = async |code: &str| {
        let mut later = bench.begin(Purpose::Reset, "alice").await;
        bench.resolve().await;
        later.pick(Method::RecoveryCode).await.expect("is offered");
        later.prove(code).await.expect("it is judged");
        matches!(later.answer.view.stage, Stage::Proved { .. })
    };
    assert!(tries(&old[0]).await && !tries(&new[0]).await, "during the hold");
    bench.clock.forward(DAY);
    assert!(!tries(&old[1]).await && tries(&new[0]).await, "after it");
    let later = bench.enrolling_by_app("alice", &app).await;
    assert_eq!(later.factors().await.factors.len(), 2);
    let retired = enrolment::retire_sheets::retire_sheets(&bench.core).await;
    assert_eq!(retired.expect("the store"), 1);
    assert_eq!(bench.events().await.last().expect("an event"), "factor");
    assert_eq!(later.factors().await.factors.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_got_the_code_can_go_while_another_one_that_got_it_stays() {
    let bench = two_steps().await;
    let app = bench.enrol_totp("alice").await;
    bench.enrol_mailbox("alice", HOME).await;
    let prove = async || {
        let mut alice = bench.enrolling_by_app_first("alice", &app).await;
        alice.pick(Method::EmailCode).await.expect("is offered");
        while prepare_one(&bench.core).await.expect("the store") != Outcome::Nothing {}
        let code = code_in(&bench.mails().await.concat());
        alice.look().await.expect("a page");
        alice.prove(&code).await.expect("it is judged");
        assert_eq!(alice.answer.view.stage, Stage::Enrolling);
        alice
    };
    let alice = prove().await;
    let first_address = async |person: &Person<'_>| {
        let mut factors = person.factors().await.factors.into_iter();
        factors
            .find(|factor| factor.method == Method::EmailCode)
            .expect("an address")
            .id
    };
    let only = first_address(&alice).await;
    assert_eq!(refused(alice.remove(&only).await), ProblemKind::OtherProofNeeded);

    alice.begin_email("alice@second.example").await.expect("usable");
    let code = code_in(&bench.mails().await.concat());
    alice.confirm_email(&code).await.expect("it is judged");
    assert_eq!(
        refused(alice.remove(&only).await),
        ProblemKind::OtherProofNeeded,
        "the new one proved nobody yet"
    );
    bench.clock.forward(DAY);
    let alice = prove().await;
    alice
        .remove(&only)
        .await
        .expect("the second one stands for the proof");
    let last = first_address(&alice).await;
    assert_ne!(last, only);
    assert_eq!(refused(alice.remove(&last).await), ProblemKind::OtherProofNeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn factors_stay_as_they_are_for_a_day_after_a_recovery() {
    let bench = Bench::new().await;
    let app = bench.enrol_totp("alice").await;
    bench.reset_by_app("alice", &app).await;
    let soon = bench.enrolling_by_app("alice", &app).await;
    assert_eq!(refused(soon.ask_codes().await), ProblemKind::TooSoon);
    let factor = soon.factors().await.factors[0].id.clone();
    assert_eq!(refused(soon.remove(&factor).await), ProblemKind::TooSoon);
    bench.clock.forward(DAY);
    let later = bench.enrolling_by_app("alice", &app).await;
    later.ask_codes().await.expect("a day later");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_lets_a_newcomer_change_factors_at_once() {
    let bench = Bench::with(|settings| Settings {
        demo: true,
        ..settings
    })
    .await;
    let app = bench.enrol_totp("alice").await;
    bench.reset_by_app("alice", &app).await;
    bench
        .enrolling_by_app("alice", &app)
        .await
        .ask_codes()
        .await
        .expect("at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_holds_no_secret_in_clear() {
    let bench = two_steps().await;
    let alice = bench.invited("alice").await;
    let secret = alice.enrol_app().await;
    let codes = alice.ask_codes().await.expect("codes");
    alice.confirm_codes().await.expect("confirmed");
    alice.begin_email(HOME).await.expect("usable");
    let disk = bench.bytes_on_disk();
    let found = |needle: &[u8]| disk.windows(needle.len()).any(|window| window == needle);
    assert!(
        found(b"a\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2e@post.example"),
        "the search sees what is in clear"
    );
    assert!(!found(&secret) && !found(data_encoding::BASE32_NOPAD.encode(&secret).as_bytes()));
    assert!(!found(HOME.as_bytes()));
    for code in &codes {
        assert!(!found(code.as_bytes()) && !found(&code.replace('-', "").as_bytes()[2..]));
    }
    let letter = bench
        .mails()
        .await
        .into_iter()
        .find(|mail| mail.contains(HOME))
        .expect("a letter");
    assert!(!found(code_in(&letter).as_bytes()));
}
