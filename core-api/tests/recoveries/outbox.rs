//! The outbox over hours without a mail server, and over an end in the middle.

use std::sync::Arc;
use std::time::Duration;

use contract::{Method, Purpose};
use core_api::mail::letter::{CodePurpose, Content, Letter, Secret};
use core_api::mail::{Fault, Mailer};
use core_api::store::recovery;
use core_api::worker::outbox::{self, Job, Outcome, deliver_one};
use domain::Timestamp;

use crate::bench::Bench;
use crate::post::{Mood, Post, by_mail, enrol_mailbox, fates, waiting, work};

const CODE_LIFETIME: Duration = Duration::from_mins(10);

fn away() -> Mood {
    Mood::Fails(Fault::TryAgain("no route".to_owned()))
}

async fn queue(bench: &Bench, to: &str, content: Content, until: Timestamp) {
    let job = Job::Mail(Letter {
        to: to.to_owned(),
        language: "en".to_owned(),
        content,
    });
    let (core, id, now) = (Arc::clone(&bench.core), bench.core.new_id(), bench.core.now());
    bench
        .core
        .store
        .write(move |c| outbox::queue(c, &core.at_rest, &*core.randomness, &id, &job, now, until))
        .await
        .expect("queued");
}

async fn queue_notice(bench: &Bench, to: &str) {
    let now = bench.core.now();
    queue(
        bench,
        to,
        Content::Frozen { at: now },
        now.plus(outbox::NOTICE_KEPT),
    )
    .await;
}

async fn queue_code(bench: &Bench, to: &str) {
    let asked = bench.core.now();
    let until = asked.plus(CODE_LIFETIME);
    let code = Secret::new("12345678".to_owned());
    let place = "203.0.113.7".to_owned();
    queue(
        bench,
        to,
        Content::Code {
            purpose: CodePurpose::Confirm,
            code,
            asked,
            until,
            place,
        },
        until,
    )
    .await;
}

/// When, in seconds from now, the post office was tried within `span`.
async fn tries(bench: &Bench, post: &Post, mailer: &Mailer, span: Duration) -> Vec<u64> {
    let (begun, mut at) = (post.handed().len(), vec![]);
    for second in 0..=span.as_secs() {
        work(bench, mailer).await;
        at.resize(post.handed().len() - begun, second);
        bench.clock.forward(Duration::from_secs(1));
    }
    at
}

#[tokio::test]
async fn a_mail_server_that_is_away_for_an_hour_gets_everything_afterwards_but_dead_codes() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    queue_notice(&bench, "alice@home.example").await;
    queue_code(&bench, "bob@home.example").await;
    post.next(away(), 1000);
    for _ in 0..360 {
        work(&bench, &mailer).await;
        bench.clock.forward(Duration::from_secs(10));
    }
    assert!(
        post.handed().len() < 60,
        "a server that is away is left alone: {} tries",
        post.handed().len()
    );
    assert_eq!(fates(&bench).await, ["gave up code"]);
    let before = post.handed().len();
    post.clear();
    for _ in 0..61 {
        work(&bench, &mailer).await;
        bench.clock.forward(Duration::from_secs(10));
    }
    let taken = &post.handed()[before..];
    assert_eq!(
        taken.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["alice@home.example"]
    );
    assert_eq!(waiting(&bench).await, 0);
}

#[tokio::test]
async fn the_pauses_grow() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    queue_notice(&bench, "alice@home.example").await;
    post.next(away(), 1000);
    let at = tries(&bench, &post, &mailer, Duration::from_mins(25)).await;
    assert_eq!(at[..5], [0, 1, 6, 36, 156]);
    for pair in at[4..].windows(2) {
        let pause = pair[1] - pair[0];
        assert!((300..=601).contains(&pause), "{at:?}");
    }
    assert!(at.len() > 5);
}

#[tokio::test]
async fn a_code_is_tried_again_before_it_dies() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    queue_code(&bench, "alice@home.example").await;
    post.next(away(), 5);
    let at = tries(&bench, &post, &mailer, CODE_LIFETIME).await;
    assert_eq!(at.len(), 6, "the sixth was taken: {at:?}");
    assert_eq!(fates(&bench).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_the_server_will_never_take_is_erased_and_written_down() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    queue_notice(&bench, "alice@home.example").await;
    queue_notice(&bench, "no address").await;
    post.next(
        Mood::Fails(Fault::GiveUp("the mail server answered 550".to_owned())),
        1,
    );
    work(&bench, &mailer).await;
    assert_eq!(fates(&bench).await, ["gave up frozen", "gave up frozen"]);
    assert_eq!((waiting(&bench).await, post.handed().len()), (0, 1));
}

#[tokio::test]
async fn an_end_in_the_middle_of_a_delivery_repeats_the_same_message() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    queue_notice(&bench, "alice@home.example").await;
    post.next(Mood::Silent, 1);
    // The core ends while the server has the message and has not answered.
    tokio::select! {
        done = deliver_one(&bench.core, &mailer) => panic!("{done:?}"),
        () = eventually(async || post.handed().len() == 1) => {}
    }
    assert_eq!(
        deliver_one(&bench.core, &mailer).await.expect("the store"),
        Outcome::Nothing
    );
    bench.clock.forward(Duration::from_mins(1));
    assert_eq!(
        deliver_one(&bench.core, &mailer).await.expect("the store"),
        Outcome::Done
    );
    let mails = post.handed();
    assert_eq!((mails.len(), waiting(&bench).await), (2, 0));
    assert_eq!(mails[0].message_id, mails[1].message_id);
}

#[tokio::test]
async fn the_outbox_holds_nothing_readable() {
    let bench = by_mail().await;
    queue_code(&bench, "alice@home.example").await;
    let payload: Vec<u8> = bench
        .core
        .store
        .read(|c| Ok(c.query_row("SELECT payload FROM outbox", [], |row| row.get(0))?))
        .await
        .expect("a row");
    for secret in [&b"12345678"[..], b"alice"] {
        assert!(!payload.windows(secret.len()).any(|bytes| bytes == secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_letters_hold_up_neither_the_preparation_of_a_code_nor_its_letter() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    post.next(Mood::Silent, 100);
    for n in 0..8 {
        queue_notice(&bench, &format!("person{n}@home.example")).await;
    }
    enrol_mailbox(&bench, "alice", "alice@home.example", Some(bench.core.now())).await;
    let life = server::Life::new();
    let (core, mailer) = (Arc::clone(&bench.core), Arc::new(mailer));
    let worker = tokio::spawn(outbox::run(core, mailer, life.stop()));
    eventually(async || post.handed().len() == 3).await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    alice.pick(Method::EmailCode).await.expect("is offered");
    eventually(async || fates(&bench).await == ["queued"]).await;
    eventually(async || post.handed().len() == 4).await;
    assert_eq!(
        post.handed()[3].to,
        "alice@home.example",
        "the place that is kept for codes"
    );
    let open = bench.core.store.read(recovery::open).await.expect("the store");
    assert_eq!(open.len(), 1);
    worker.abort();
}

/// More codes are asked for than can be prepared, and the directory says nothing.
#[tokio::test(flavor = "multi_thread")]
async fn codes_that_are_asked_for_do_not_hold_up_letters() {
    let bench = by_mail().await;
    let (post, mailer) = Post::new();
    let (core, now) = (Arc::clone(&bench.core), bench.core.now());
    let until = now.plus(CODE_LIFETIME);
    let queued = bench.core.store.write(move |c| {
        for _ in 0..600 {
            let job = Job::SendCode {
                recovery: core.new_id(),
                challenge: core.new_id(),
                method: domain::Method::EmailCode,
            };
            outbox::queue(
                c,
                &core.at_rest,
                &*core.randomness,
                &core.new_id(),
                &job,
                now,
                until,
            )?;
        }
        Ok(())
    });
    queued.await.expect("queued");
    queue_notice(&bench, "alice@home.example").await;
    let life = server::Life::new();
    let (core, mailer) = (Arc::clone(&bench.core), Arc::new(mailer));
    let worker = tokio::spawn(outbox::run(core, mailer, life.stop()));
    eventually(async || post.handed().len() == 1).await;
    let left = waiting(&bench).await;
    assert!(left > 300, "the letter left while codes were waiting: {left}");
    worker.abort();
}

/// Waits for a state; a minute is enough for anything here.
async fn eventually(mut state: impl AsyncFnMut() -> bool) {
    for _ in 0..6000 {
        if state().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the state was not reached within a minute");
}
