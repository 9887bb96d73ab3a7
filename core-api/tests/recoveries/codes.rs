//! Codes by mail: who gets one, who silently does not.

use std::time::Duration;

use contract::recovery::Stage;
use contract::{Method, Purpose};
use core_api::usecase::recovery::send_code::eight_digits;
use core_api::worker::outbox::{Outcome, prepare_one};
use domain::policy::Policy;

use crate::bench::{Bench, Person};
use crate::post::{Post, by_mail, enrol_mailbox, fates, waiting, with_steps, work};

const HOME: &str = "alice@home.example";

async fn asks_for_a_code<'b>(bench: &'b Bench, name: &str) -> Person<'b> {
    let mut person = bench.begin(Purpose::Reset, name).await;
    person
        .pick(Method::EmailCode)
        .await
        .expect("is offered to everybody");
    person
}

#[tokio::test]
async fn a_code_reaches_every_mailbox_that_counts_and_proves() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    let now = bench.core.now();
    enrol_mailbox(&bench, "alice", HOME, Some(now)).await;
    enrol_mailbox(&bench, "alice", "alice@second.example", Some(now)).await;
    enrol_mailbox(
        &bench,
        "alice",
        "alice@held.example",
        Some(now.plus(Duration::from_secs(1))),
    )
    .await;
    enrol_mailbox(&bench, "alice", "alice@unconfirmed.example", None).await;
    enrol_mailbox(&bench, "alice", "alice@mail.corp.example", Some(now)).await;
    let mut alice = asks_for_a_code(&bench, "alice").await;
    bench.resolve().await;
    work(&bench, &mailer).await;
    let mails = post.handed();
    let mut to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, [HOME, "alice@second.example"]);
    assert_eq!(mails[0].code(), mails[1].code());
    assert!(mails[0].source.contains("203.0.113.7") && mails[0].source.contains("set a new password"));
    assert_eq!(waiting(&bench).await, 0);
    assert_eq!(fates(&bench).await, ["queued"]);
    alice.prove(&mails[0].code()).await.expect("it is judged");
    assert!(
        matches!(alice.answer.view.stage, Stage::Proved { .. }),
        "{:?}",
        alice.answer.view.stage
    );
}

#[tokio::test]
async fn a_newer_code_voids_the_older() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    enrol_mailbox(&bench, "alice", HOME, Some(bench.core.now())).await;
    let mut alice = asks_for_a_code(&bench, "alice").await;
    bench.resolve().await;
    work(&bench, &mailer).await;
    alice.pick(Method::EmailCode).await.expect("once more");
    work(&bench, &mailer).await;
    let codes: Vec<String> = post.handed().iter().map(crate::post::Mail::code).collect();
    assert_ne!(codes[0], codes[1]);
    alice.prove(&codes[0]).await.expect("it is judged");
    assert!(
        matches!(alice.answer.view.stage, Stage::Challenge { .. }),
        "{:?}",
        alice.answer.view.stage
    );
    alice.prove(&codes[1]).await.expect("it is judged");
    assert!(
        matches!(alice.answer.view.stage, Stage::Proved { .. }),
        "{:?}",
        alice.answer.view.stage
    );
}

#[tokio::test]
async fn a_code_waits_for_the_directory_and_only_the_last_one_asked_for_is_sent() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    enrol_mailbox(&bench, "alice", HOME, Some(bench.core.now())).await;
    let mut alice = asks_for_a_code(&bench, "alice").await;
    alice.pick(Method::EmailCode).await.expect("a double click");
    assert_eq!(waiting(&bench).await, 1, "the first is overtaken");
    assert_eq!(
        prepare_one(&bench.core).await.expect("the store"),
        Outcome::PutOff
    );
    assert_eq!(
        prepare_one(&bench.core).await.expect("the store"),
        Outcome::Nothing
    );
    bench.resolve().await;
    bench.clock.forward(Duration::from_millis(200));
    work(&bench, &mailer).await;
    assert_eq!(post.handed().len(), 1);
    assert_eq!(fates(&bench).await, ["queued"]);
}

#[tokio::test]
async fn nothing_is_sent_to_whom_nothing_may_be_sent_and_the_page_is_the_same() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    let now = bench.core.now();
    enrol_mailbox(
        &bench,
        "carol",
        "carol@home.example",
        Some(now.plus(Duration::from_hours(24))),
    )
    .await;
    enrol_mailbox(&bench, "dave", "dave@corp.example", Some(now)).await;
    for name in ["nobody", "alice", "carol", "dave"] {
        let person = asks_for_a_code(&bench, name).await;
        assert!(
            matches!(person.answer.view.stage, Stage::Challenge { .. }),
            "{name}"
        );
    }
    bench.resolve().await;
    work(&bench, &mailer).await;
    assert_eq!(post.handed(), []);
    assert_eq!(waiting(&bench).await, 0);
    assert_eq!(
        fates(&bench).await,
        ["nobody", "no-address", "no-address", "no-address"]
    );
}

#[tokio::test]
async fn a_stranger_cannot_use_up_the_codes_of_a_later_step() {
    let bench = Bench::with(|settings| {
        // Others are asked for a mail code first, so everybody is offered it first; staff only afterwards.
        let mut settings = with_steps(settings, &[&[domain::Method::Totp], &[domain::Method::EmailCode]]);
        let others = Policy {
            name: "others".to_owned(),
            groups: ["CN=Others".to_owned()].into(),
            steps: vec![[domain::Method::EmailCode].into()],
            ..settings.policies.0[0].clone()
        };
        settings.policies.0.push(others);
        settings
    })
    .await;
    let (post, mailer) = Post::new();
    enrol_mailbox(&bench, "alice", HOME, Some(bench.core.now())).await;
    asks_for_a_code(&bench, "alice").await;
    bench.resolve().await;
    work(&bench, &mailer).await;
    assert_eq!(
        (post.handed().len(), fates(&bench).await),
        (0, vec!["not-taken".to_owned()])
    );
}

#[tokio::test]
async fn codes_are_limited_by_account_and_by_destination_without_a_word() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    let now = bench.core.now();
    enrol_mailbox(&bench, "alice", HOME, Some(now)).await;
    let ask = async |name: &str, times: usize| {
        let before = post.handed().len();
        for _ in 0..times {
            asks_for_a_code(&bench, name).await;
        }
        bench.resolve().await;
        work(&bench, &mailer).await;
        post.handed().len() - before
    };
    assert_eq!(ask("alice", 4).await, 3, "three an hour");
    bench.clock.forward(Duration::from_mins(61));
    assert_eq!(ask("alice", 4).await, 3);
    bench.clock.forward(Duration::from_mins(61));
    assert_eq!(ask("alice", 1).await, 0, "six a day");
    for name in ["bob", "carol", "dave", "erin"] {
        enrol_mailbox(&bench, name, "Shared@home.example", Some(now)).await;
        bench.clock.forward(Duration::from_mins(1));
        assert_eq!(
            ask(name, 3).await,
            if name == "erin" { 1 } else { 3 },
            "ten to one destination: {name}"
        );
    }
}

#[test]
fn codes_have_eight_digits_and_no_code_is_likelier() {
    struct Fixed(std::sync::Mutex<Vec<u32>>);
    impl domain::Randomness for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            let next = self.0.lock().expect("one thread").remove(0);
            bytes.copy_from_slice(&next.to_be_bytes());
        }
    }
    let digits = |numbers: &[u32]| eight_digits(&Fixed(std::sync::Mutex::new(numbers.to_vec()))).to_string();
    assert_eq!(digits(&[7]), "00000007");
    assert_eq!(digits(&[4_199_999_999]), "99999999");
    assert_eq!(
        digits(&[4_200_000_000, u32::MAX, 12_345_678]),
        "12345678",
        "what would tip the scale is drawn again"
    );
}
