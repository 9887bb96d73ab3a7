//! A link is mailed when it works and not before, and is kept nowhere afterwards.

use core_api::usecase::message::send::{SendError, Wish};

use crate::bench::{Bench, text};

fn to(address: &str) -> Wish {
    Wish {
        to: Some(address.to_owned()),
        ..Wish::default()
    }
}

#[tokio::test]
async fn a_link_is_mailed_with_the_receipt_and_then_kept_nowhere() {
    let bench = Bench::new().await;
    let (id, link) = bench
        .send(to("bob@home.example"), &text("x"), Some("pass phrase"))
        .await
        .expect("it is sent");
    assert!(bench.mails().await.is_empty(), "it does not work yet");
    assert!(bench.message(id).await.secret.is_some());
    bench.push().await;
    assert!(bench.message(id).await.secret.is_none());
    let mails = bench.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "bob@home.example");
    assert_eq!(mails[0].link(), Some(link.expose()));
    assert!(!mails[0].says("pass phrase") && mails[0].says("You need a passphrase"));
    assert_eq!(bench.letters_waiting().await, 0);
    assert_eq!(bench.site.read(link.expose(), Some("pass phrase")).text(), "x");
    bench.push().await;
    assert_eq!(bench.mails().await.len(), 1, "once");
}

#[tokio::test]
async fn mail_alone_opens_nothing_unless_it_is_allowed_and_never_a_password() {
    let bench = Bench::new().await;
    let refused = bench.send(to("bob@home.example"), &text("x"), None).await;
    assert!(matches!(refused, Err(SendError::PassphraseNeeded)));
    let bench = Bench::with(|messages| messages.allow_link_only_mail = true).await;
    let password = Wish {
        is_password: true,
        ..to("bob@home.example")
    };
    let refused = bench.send(password, &text("x"), None).await;
    assert!(matches!(refused, Err(SendError::PassphraseNeeded)));
    bench
        .send(to("bob@home.example"), &text("x"), None)
        .await
        .expect("it is allowed");
    bench.push().await;
    assert!(bench.mails().await[0].says("Do not forward"));
}

#[tokio::test]
async fn a_link_that_nobody_takes_is_erased_and_its_sender_is_told() {
    let bench = Bench::new().await;
    bench.post.refuse("gone@home.example");
    bench
        .send(to("gone@home.example"), &text("x"), Some("p"))
        .await
        .expect("it is sent");
    bench.push().await;
    let mails = bench.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "sender@corp.example");
    assert!(mails[0].says("could not be delivered") && mails[0].link().is_none());
    assert_eq!(bench.letters_waiting().await, 0);
    assert!(bench.audit().await.contains("\"kind\":\"message-link\""));
}

#[tokio::test]
async fn what_the_site_never_takes_is_not_sent_its_link_erased_and_its_sender_told() {
    let bench = Bench::new().await;
    let wish = Wish {
        expires_in: Some(60),
        ..to("bob@home.example")
    };
    let (id, _) = bench.send(wish, &text("x"), Some("p")).await.expect("it is sent");
    bench.forward(std::time::Duration::from_secs(61));
    bench.push().await;
    bench.pull().await;
    let message = bench.message(id).await;
    assert_eq!(message.state.stage(), "not-sent");
    assert!(message.secret.is_none());
    let mails = bench.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].to == "sender@corp.example" && mails[0].says("not sent"));
}
