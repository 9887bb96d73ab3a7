//! A link is mailed when it works and not before, and is kept nowhere afterwards.

use std::time::Duration;

use contract::sync::{End, Order, Token};
use core_api::keys::Locked;
use core_api::mail::letter::Secret;
use core_api::store::outbox;
use core_api::usecase::message::command::{By, Ordered, order};
use core_api::usecase::message::send::{SendError, Wish};
use core_api::usecase::site::retire::retire;

use crate::bench::{Bench, SITE, text};
use crate::post::Mail;

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
    bench.forward(Duration::from_secs(61));
    bench.push().await;
    bench.pull().await;
    let message = bench.message(id).await;
    assert_eq!(message.state.stage(), "not-sent");
    assert!(message.secret.is_none());
    let mails = bench.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].to == "sender@corp.example" && mails[0].says("not sent"));
}

/// A message with its link in the outbox, and a mail server that does not answer.
async fn not_mailed_yet(bench: &Bench) -> (Token, Secret) {
    bench.post.is_away(true);
    let (id, link) = bench
        .send(to("bob@home.example"), &text("x"), Some("p"))
        .await
        .expect("it is sent");
    bench.push().await;
    assert!(bench.mails().await.is_empty(), "it is tried in vain");
    assert!(holds(bench, &link).await, "and waits");
    (id, link)
}

/// Whether anything sealed in the database still says what opens the message.
async fn holds(bench: &Bench, link: &Secret) -> bool {
    let (_, fragment) = link.expose().split_once('#').expect("a link");
    let sealed: Vec<([u8; 16], Locked)> = bench
        .core
        .store
        .read(|c| {
            let mut rows = c.prepare(
                "SELECT id, key_id, payload FROM outbox
                 UNION ALL SELECT id, secret_key_id, secret FROM message WHERE secret IS NOT NULL",
            )?;
            let rows = rows.query_map([], |row| {
                let (key_id, bytes) = (row.get(1)?, row.get(2)?);
                Ok((row.get(0)?, Locked { key_id, bytes }))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
        .expect("the database works");
    sealed.iter().any(|(id, locked)| {
        let plain = bench.core.at_rest.open(id, locked).expect("it opens");
        String::from_utf8_lossy(&plain).contains(fragment)
    })
}

async fn ordered(bench: &Bench, id: Token, what: Order) {
    let by = By {
        operator: "uid 0".to_owned(),
        through: "command".to_owned(),
        reference: "REF".to_owned(),
    };
    let ordered = order(&bench.core, *id.as_bytes(), what, by).await;
    assert!(matches!(ordered, Ok(Ordered::Queued(_))), "{ordered:?}");
}

/// The mail server is back, and everything is due again: what it is handed. What operators are told is another matter.
async fn mailed_when_it_is_back(bench: &Bench) -> Vec<Mail> {
    bench.post.is_away(false);
    bench.forward(Duration::from_mins(11));
    let mut mails = bench.mails().await;
    mails.retain(|mail| mail.to != "operations@corp.example");
    mails
}

#[tokio::test]
async fn a_link_is_erased_and_not_mailed_from_the_order_on_that_takes_its_message_back() {
    let bench = Bench::new().await;
    let (id, link) = not_mailed_yet(&bench).await;
    bench.site.fake.state().away = true;
    ordered(&bench, id, Order::Revoke).await;
    assert!(!holds(&bench, &link).await, "though the site does not know yet");
    bench.site.fake.state().away = false;
    bench.push().await;
    bench.pull().await;
    assert_eq!(bench.message(id).await.state.stage(), "revoked");
    assert!(mailed_when_it_is_back(&bench).await.is_empty());
    assert!(!bench.audit().await.contains("mail-given-up"));
}

#[tokio::test]
async fn a_link_that_waits_for_the_site_is_erased_when_its_message_is_taken_back() {
    let bench = Bench::new().await;
    let wish = to("bob@home.example");
    let (id, link) = bench.send(wish, &text("x"), Some("p")).await.expect("it is sent");
    // The site has it, and its answer is lost: only the site can end it.
    bench.site.fake.state().lose_answers = 1;
    bench.push().await;
    assert!(holds(&bench, &link).await);
    ordered(&bench, id, Order::Revoke).await;
    assert!(!holds(&bench, &link).await);
}

#[tokio::test]
async fn a_link_is_mailed_all_the_same_when_the_end_of_its_message_is_refused_for_too_many_orders() {
    let bench = Bench::new().await;
    let (id, link) = not_mailed_yet(&bench).await;
    for _ in 0..5 {
        bench.site.fake.wrong_passphrase(id);
    }
    bench.pull().await;
    let end = bench.message(id).await.expires_at;
    for minutes in 1..=16 {
        let expires_at = end.plus(Duration::from_mins(minutes)).0;
        ordered(&bench, id, Order::Extend { expires_at }).await;
    }
    let by = By {
        operator: "uid 0".to_owned(),
        through: "command".to_owned(),
        reference: "REF".to_owned(),
    };
    let destroyed = order(&bench.core, *id.as_bytes(), Order::Destroy, by).await;
    assert!(matches!(destroyed, Ok(Ordered::TooMany)), "{destroyed:?}");
    assert!(holds(&bench, &link).await);
}

#[tokio::test]
async fn a_link_is_erased_and_not_mailed_when_its_message_ends_and_its_sender_is_told_of_the_end_only() {
    for (how, told) in [
        (End::Destroyed, vec!["is locked"]),
        (End::Expired, vec!["was not read"]),
        (End::Read, vec!["was opened"]),
    ] {
        let bench = Bench::new().await;
        let (id, link) = not_mailed_yet(&bench).await;
        match how {
            End::Destroyed => {
                for _ in 0..5 {
                    bench.site.fake.wrong_passphrase(id);
                }
                bench.pull().await;
                ordered(&bench, id, Order::Destroy).await;
                bench.push().await;
            }
            End::Expired => {
                bench.forward(Duration::from_hours(24));
                bench.site.fake.end(id, how);
            }
            _ => {
                bench.site.fake.open(id);
                bench.site.fake.done(id);
            }
        }
        bench.pull().await;
        assert!(bench.message(id).await.state.ended().is_some(), "{how:?}");
        assert!(!holds(&bench, &link).await, "{how:?}");
        let mails = mailed_when_it_is_back(&bench).await;
        assert_eq!(mails.len(), told.len(), "{how:?} {mails:?}");
        for (mail, words) in mails.iter().zip(told) {
            assert!(mail.to == "sender@corp.example" && mail.says(words), "{how:?}");
        }
        assert!(!bench.audit().await.contains("mail-given-up"), "{how:?}");
    }
}

#[tokio::test]
async fn a_link_is_erased_and_not_mailed_when_its_message_is_lost() {
    let bench = Bench::new().await;
    let (_, link) = not_mailed_yet(&bench).await;
    retire(&bench.core, SITE, "REF", "uid 0")
        .await
        .expect("it is retired");
    assert!(!holds(&bench, &link).await);
    let mails = mailed_when_it_is_back(&bench).await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].to == "sender@corp.example" && mails[0].says("may have been read, or not"));
}

/// As a worker has it that took it before the end, or a former release that left it.
#[tokio::test]
async fn a_letter_that_outlived_its_message_is_erased_and_its_sender_hears_nothing_of_it() {
    // Past its time, or not; and of a message that has ended, or whose end is ordered while its site is away.
    for (past, ended) in [(false, true), (true, true), (false, false)] {
        let bench = Bench::new().await;
        let (id, link) = not_mailed_yet(&bench).await;
        bench.forward(Duration::from_mins(11));
        let now = bench.core.now();
        let claimed = bench
            .core
            .store
            .write(move |c| outbox::claim(c, "mail", now, now))
            .await
            .expect("the database works")
            .expect("it is due");
        ordered(&bench, id, Order::Revoke).await;
        if ended {
            bench.push().await;
            bench.pull().await;
        }
        let until = if past { now } else { claimed.until };
        bench
            .core
            .store
            .write(move |c| outbox::insert(c, &claimed.id, "mail", None, &claimed.payload, now, until))
            .await
            .expect("the database works");
        assert!(holds(&bench, &link).await);
        assert_eq!(mailed_when_it_is_back(&bench).await, []);
        assert_eq!(bench.letters_waiting().await, 0);
        assert!(!bench.audit().await.contains("mail-given-up"));
    }
}

#[tokio::test]
async fn a_link_is_tried_until_the_new_end_of_its_message_and_tells_it() {
    let bench = Bench::new().await;
    let (id, link) = not_mailed_yet(&bench).await;
    let former = bench.message(id).await.expires_at;
    let expires_at = former.plus(Duration::from_hours(24)).0;
    ordered(&bench, id, Order::Extend { expires_at }).await;
    bench.push().await;
    bench.pull().await;
    bench.forward(former.since(bench.core.now()) + Duration::from_hours(1));
    let mails = mailed_when_it_is_back(&bench).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].link(), Some(link.expose()));
    let end = jiff::Timestamp::from_millisecond(expires_at).expect("a time");
    let end = end.strftime("until %-d %b %Y").to_string();
    assert!(mails[0].says(&end), "{end}: {}", mails[0].source);
}

#[tokio::test]
async fn a_link_is_tried_for_72_hours_however_long_its_message_is_extended() {
    let bench = Bench::new().await;
    let (id, _) = not_mailed_yet(&bench).await;
    let expires_at = bench.core.now().plus(Duration::from_hours(24 * 7)).0;
    ordered(&bench, id, Order::Extend { expires_at }).await;
    bench.push().await;
    bench.pull().await;
    bench.forward(Duration::from_hours(72));
    let mails = mailed_when_it_is_back(&bench).await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].says("could not be delivered") && mails[0].link().is_none());
}
