//! A sender is told once of each thing that he would want to know.

use std::time::Duration;

use contract::sync::{Digest, End, Order, What};
use core_api::usecase::message::command::{By, Ordered, order};
use core_api::usecase::message::send::Wish;
use core_api::usecase::site::retire::retire;

use crate::bench::{Bench, text};
use crate::post::Mail;

/// What the sender was told. What operators were is another matter.
async fn subjects(bench: &Bench) -> Vec<String> {
    let mails = bench.mails().await;
    mails
        .iter()
        .filter(|mail| mail.to != "operations@corp.example")
        .map(|mail| {
            assert_eq!(mail.to, "sender@corp.example");
            assert!(mail.link().is_none());
            let subject = mail
                .source
                .lines()
                .find_map(|line| line.strip_prefix("Subject: "));
            subject.expect("a subject").to_owned()
        })
        .collect()
}

#[tokio::test]
async fn of_readings_and_of_a_lock_with_the_readers_address() {
    let bench = Bench::new().await;
    let wish = Wish {
        readings: Some(2),
        reason: Some("first password".to_owned()),
        ..Wish::default()
    };
    let (id, _) = bench.send(wish, &text("x"), Some("p")).await.expect("it is sent");
    bench.push().await;
    bench.site.fake.open(id);
    bench.site.fake.done(id);
    for _ in 0..5 {
        bench.site.fake.wrong_passphrase(id);
    }
    bench.pull().await;
    bench.pull().await;
    assert_eq!(
        subjects(&bench).await,
        ["Corp: your message was opened", "Corp: your message is locked"]
    );
    let mails = bench.mails().await;
    assert!(mails[0].says("203.0.113.9") && mails[0].says("first password"));
}

#[tokio::test]
async fn of_an_end_that_nobody_saw_but_not_of_one_that_he_wanted() {
    let bench = Bench::new().await;
    let (unread, _) = bench
        .send(Wish::default(), &text("x"), None)
        .await
        .expect("it is sent");
    let twice = Wish {
        readings: Some(2),
        ..Wish::default()
    };
    let (read_once, _) = bench.send(twice, &text("x"), None).await.expect("it is sent");
    let (revoked, _) = bench
        .send(Wish::default(), &text("x"), None)
        .await
        .expect("it is sent");
    bench.push().await;
    bench.site.fake.open(read_once);
    let by = By {
        operator: "uid 0".to_owned(),
        through: "command".to_owned(),
        reference: "REF".to_owned(),
    };
    let ordered = order(&bench.core, *revoked.as_bytes(), Order::Revoke, by).await;
    assert!(matches!(ordered, Ok(Ordered::Queued(_))));
    bench.forward(Duration::from_secs(24 * 3600 + 1));
    bench.site.fake.end(unread, End::Expired);
    bench.site.fake.end(read_once, End::Expired);
    bench.site.fake.end(revoked, End::Revoked);
    bench.pull().await;
    assert_eq!(
        subjects(&bench).await,
        ["Corp: your message was opened", "Corp: your message was not read"]
    );
}

#[tokio::test]
async fn of_a_reading_that_should_not_have_been() {
    let bench = Bench::new().await;
    let (id, _) = bench
        .send(Wish::default(), &text("x"), None)
        .await
        .expect("it is sent");
    bench.push().await;
    for _ in 0..3 {
        bench.site.fake.happened(What::Opened {
            message: id,
            claim: Digest::from([0; 32]),
            source: "203.0.113.66".to_owned(),
            readings_left: 0,
        });
    }
    bench.pull().await;
    assert_eq!(
        subjects(&bench).await,
        [
            "Corp: your message was opened",
            "Corp: your message was opened when it should not have been"
        ],
        "once, however often the site says so"
    );
    let beyond = |mail: &Mail| mail.says("opened when it should not have been") && mail.says("203.0.113.66");
    assert!(bench.mails().await.iter().any(beyond));
}

#[tokio::test]
async fn operators_are_told_once_of_a_kind_of_alarm_while_it_stands() {
    let bench = Bench::new().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (id, _) = bench
            .send(Wish::default(), &text("x"), None)
            .await
            .expect("it is sent");
        ids.push(id);
    }
    bench.push().await;
    for message in [ids[0], ids[0], ids[0], ids[1], ids[1]] {
        bench.site.fake.happened(What::Opened {
            message,
            claim: Digest::from([0; 32]),
            source: "203.0.113.66".to_owned(),
            readings_left: 0,
        });
    }
    bench.pull().await;
    let mails = bench.mails().await;
    let told: Vec<_> = mails
        .iter()
        .filter(|mail| mail.to == "operations@corp.example")
        .collect();
    assert_eq!(told.len(), 1, "two messages, one kind");
    assert!(told[0].says("Subject: Corp: alarm contradiction at the site dmz1"));
    assert!(told[0].says(&ids[0].to_string()) && told[0].says("core-api message show"));
}

#[tokio::test]
async fn of_a_message_that_is_lost() {
    let bench = Bench::new().await;
    bench
        .send(Wish::default(), &text("x"), None)
        .await
        .expect("it is sent");
    bench.push().await;
    retire(&bench.core, "dmz1", "REF", "uid 0")
        .await
        .expect("it is retired");
    assert_eq!(
        subjects(&bench).await,
        ["Corp: your message may have been read, or not"]
    );
}

#[tokio::test]
async fn nobody_is_told_who_is_not_named() {
    let bench = Bench::new().await;
    let wish = Wish {
        notify: Some("boss@corp.example".to_owned()),
        ..Wish::default()
    };
    let (id, _) = bench.send(wish, &text("x"), None).await.expect("it is sent");
    bench.push().await;
    bench.site.fake.open(id);
    bench.pull().await;
    let mails = bench.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "boss@corp.example");
}
