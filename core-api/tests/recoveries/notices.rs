//! Notices to every address on file, and the way to say "this was not me".

use std::time::Duration;

use contract::{Action, Method, ProblemKind, Purpose};
use core_api::store::freeze;
use core_api::usecase::recovery::not_me::not_me;

use crate::bench::{Bench, caller, kind};
use crate::post::{Mail, Post, enrol_mailbox, fates, work};

const KEY: &str = "0123456789abcdef";

async fn reset_alice(bench: &Bench) {
    let app = bench.enrol_totp("alice").await;
    let mut alice = bench.begin(Purpose::Reset, "alice").await;
    alice.prove_by_app(&app).await;
    let sealed = alice.seal_passwords(Action::Reset, None, "Tidy-Otter-42");
    alice
        .act(Action::Reset, Some(sealed), KEY)
        .await
        .expect("it is done");
}

fn to(mails: &[Mail]) -> Vec<&str> {
    mails.iter().map(|mail| mail.to.as_str()).collect()
}

async fn is_frozen(bench: &Bench) -> bool {
    let alice = bench.account("alice").await;
    bench
        .core
        .store
        .read(move |c| freeze::is_frozen(c, alice))
        .await
        .expect("the store")
}

/// The address that the embedded directory holds for Alice.
async fn on_file(bench: &Bench) -> String {
    let id = bench.account("alice").await;
    let account = directory::Directory::read(&*bench.directory, id)
        .await
        .expect("the directory");
    account.expect("an account").mail.remove(0)
}

#[tokio::test]
async fn after_a_reset_every_address_on_file_is_told_once() {
    let bench = Bench::new().await;
    let (post, mailer) = Post::new();
    let later = bench.core.now().plus(Duration::from_hours(24));
    let in_directory = on_file(&bench).await;
    enrol_mailbox(&bench, "alice", "alice@held.example", Some(later)).await;
    enrol_mailbox(&bench, "alice", "alice@unconfirmed.example", None).await;
    enrol_mailbox(&bench, "alice", &in_directory.to_uppercase(), Some(later)).await;
    reset_alice(&bench).await;
    work(&bench, &mailer).await;
    let mails = post.handed();
    let told = to(&mails);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.contains(&"alice@held.example"));
    assert!(
        told.iter()
            .any(|address| address.eq_ignore_ascii_case(&in_directory))
    );
    assert!(mails[0].source.contains("203.0.113.7") && mails[0].source.contains("password was reset"));
    assert!(
        mails
            .iter()
            .all(|mail| mail.token().is_some_and(|token| token.len() == 43)),
        "{mails:?}"
    );
    assert_ne!(mails[0].token(), mails[1].token());
}

#[tokio::test]
async fn the_link_stops_self_service_once_and_tells_everybody() {
    let bench = Bench::new().await;
    let (post, mailer) = Post::new();
    reset_alice(&bench).await;
    work(&bench, &mailer).await;
    let token = post.handed()[0].token().expect("a link");
    // Somebody is at it again.
    let mut mallory = bench.begin(Purpose::Reset, "alice").await;
    bench.resolve().await;
    mallory.pick(Method::Totp).await.expect("is offered");

    not_me(&bench.core, &caller(), &token, "198.51.100.4")
        .await
        .expect("the answer");
    assert!(is_frozen(&bench).await);
    assert_eq!(
        kind(mallory.look().await),
        ProblemKind::RecoveryOver,
        "what was under way is over"
    );
    let before = post.handed().len();
    work(&bench, &mailer).await;
    let told = post.handed().split_off(before);
    assert_eq!(to(&told), [on_file(&bench).await]);
    assert!(
        told[0]
            .source
            .contains("self-service for your account was stopped")
            && told[0].token().is_none()
    );
    assert_eq!(bench.events().await.last().map(String::as_str), Some("freeze"));

    let alice = bench.account("alice").await;
    assert!(
        bench
            .core
            .store
            .write(move |c| freeze::lift(c, alice))
            .await
            .expect("the store")
    );
    not_me(&bench.core, &caller(), &token, "198.51.100.4")
        .await
        .expect("the same answer");
    assert!(!is_frozen(&bench).await, "a link works once");
}

#[tokio::test]
async fn a_bad_or_old_token_gets_the_same_answer_and_stops_nothing() {
    let bench = Bench::new().await;
    let (post, mailer) = Post::new();
    reset_alice(&bench).await;
    work(&bench, &mailer).await;
    let token = post.handed()[0].token().expect("a link");
    let events = bench.events().await.len();
    for bad in ["", "x", &"A".repeat(43), &token[..42], &format!("{token}A")] {
        not_me(&bench.core, &caller(), bad, "198.51.100.4")
            .await
            .expect("the answer");
    }
    bench.clock.forward(Duration::from_hours(14 * 24 + 1));
    not_me(&bench.core, &caller(), &token, "198.51.100.4")
        .await
        .expect("the answer");
    assert!(!is_frozen(&bench).await);
    assert_eq!(bench.events().await.len(), events);
    assert_eq!(fates(&bench).await, Vec::<String>::new());
}
