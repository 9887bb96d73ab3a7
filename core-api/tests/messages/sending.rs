//! What is sealed comes to the site as it was sealed, and what is not allowed is not sent.

use std::time::Duration;

use core_api::usecase::message::seal::seal;
use core_api::usecase::message::send::{SendError, Sender, Wish, reserve};
use core_api::usecase::message::show::{list, show};
use seal::{Content, File};
use zeroize::Zeroizing;

use crate::bench::{Bench, sender, text};

#[tokio::test]
async fn what_was_sealed_is_read_with_the_link_and_with_the_passphrase() {
    let bench = Bench::new().await;
    let (id, link) = bench
        .send(Wish::default(), &text("hunter2"), None)
        .await
        .expect("it is sent");
    assert_eq!(bench.message(id).await.state.stage(), "waiting");
    bench.push().await;
    assert_eq!(bench.message(id).await.state.stage(), "on-site");
    assert_eq!(bench.site.read(link.expose(), None).text(), "hunter2");
    let policy = bench.site.head(id).policy;
    assert_eq!((policy.readings, policy.max_wrong), (1, 5));
    assert_eq!(
        policy.expires_at,
        bench.core.now().plus(Duration::from_hours(24)).0
    );

    let file = File::new("../a\u{202e}b.txt", "text/plain", Zeroizing::new(vec![7; 5000]));
    let content = Content::new(Zeroizing::new("both".to_owned()), vec![file]).expect("small");
    let wish = Wish {
        readings: Some(3),
        expires_in: Some(3600),
        ..Wish::default()
    };
    let (id, link) = bench
        .send(wish, &content, Some("correct horse"))
        .await
        .expect("it is sent");
    bench.push().await;
    assert_eq!(
        link.expose().rsplit_once('.').map(|(_, profile)| profile),
        Some("p1")
    );
    let read = bench.site.read(link.expose(), Some("correct horse"));
    assert_eq!(
        (read.text(), read.files()[0].bytes()),
        ("both", [7; 5000].as_slice())
    );
    assert_eq!(bench.site.head(id).policy.readings, 3);
}

#[tokio::test]
async fn an_id_serves_one_message_of_whom_it_was_given_to() {
    let bench = Bench::new().await;
    let wish = Wish::default();
    let (id, plan) = reserve(&bench.core, &sender(), &wish).await.expect("an id");
    let sealed = || seal(&id, &plan.address(&id), &text("x"), None);
    let other = Sender {
        name: "uid 1001".to_owned(),
        ..sender()
    };
    let foreign = bench.hand_in(&other, id, wish.clone(), sealed()).await;
    assert!(matches!(foreign, Err(SendError::NotReserved)));
    let invented = bench.hand_in(&sender(), [1; 16], wish.clone(), sealed()).await;
    assert!(matches!(invented, Err(SendError::NotReserved)));
    bench
        .hand_in(&sender(), id, wish.clone(), sealed())
        .await
        .expect("it is his");
    let again = bench.hand_in(&sender(), id, wish, sealed()).await;
    assert!(matches!(again, Err(SendError::NotReserved)));
    assert_eq!(list(&bench.core, None, None).await.unwrap().len(), 1);
}

fn not_allowed() -> Vec<(Wish, &'static str)> {
    let to = |address: &str| Some(address.to_owned());
    vec![
        (
            Wish {
                expires_in: Some(48 * 3600 + 1),
                ..Wish::default()
            },
            "1 minute to 2 days",
        ),
        (
            Wish {
                expires_in: Some(59),
                ..Wish::default()
            },
            "1 minute",
        ),
        (
            Wish {
                readings: Some(0),
                ..Wish::default()
            },
            "1 to 2 times",
        ),
        (
            Wish {
                readings: Some(3),
                ..Wish::default()
            },
            "1 to 2 times",
        ),
        (
            Wish {
                site: to("dmz9"),
                ..Wish::default()
            },
            "dmz9",
        ),
        (
            Wish {
                reason: Some("a\nb".to_owned()),
                ..Wish::default()
            },
            "one line",
        ),
        (
            Wish {
                reason: Some("a".repeat(501)),
                ..Wish::default()
            },
            "500 bytes",
        ),
        (
            Wish {
                notify: to("nobody"),
                ..Wish::default()
            },
            "news",
        ),
        (
            Wish {
                to: to("bob@partner.example"),
                ..Wish::default()
            },
            "passphrase",
        ),
        (
            Wish {
                to: to("bob@home.example"),
                with_passphrase: true,
                ..Wish::default()
            },
            "may not be mailed",
        ),
        (
            Wish {
                to: to("bob@notpartner.example"),
                with_passphrase: true,
                ..Wish::default()
            },
            "may not be mailed",
        ),
    ]
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_in_words_before_anybody_seals() {
    let bench = Bench::with(|messages| {
        messages.longest_expiry = Duration::from_hours(48);
        messages.most_readings = 2;
        messages.recipients = vec!["partner.example".to_owned()];
    })
    .await;
    for (wish, words) in not_allowed() {
        let refused = reserve(&bench.core, &sender(), &wish)
            .await
            .expect_err(words)
            .to_string();
        assert!(refused.contains(words), "{refused}");
    }
    let below = Wish {
        to: Some("bob@mail.partner.example".to_owned()),
        with_passphrase: true,
        ..Wish::default()
    };
    assert!(reserve(&bench.core, &sender(), &below).await.is_ok());
}

#[tokio::test]
async fn to_a_site_that_is_not_paired_or_in_trouble_nothing_is_sent() {
    let bench = Bench::unpaired(|_| {});
    let refused = reserve(&bench.core, &sender(), &Wish::default()).await;
    assert!(matches!(refused, Err(SendError::NotPaired(_))));
    let bench = Bench::new().await;
    bench
        .core
        .store
        .write(|c| core_api::store::site::set_trouble(c, "dmz1", Some("its chain is broken")))
        .await
        .unwrap();
    let refused = reserve(&bench.core, &sender(), &Wish::default()).await;
    assert!(
        refused
            .expect_err("it stands")
            .to_string()
            .contains("its chain is broken")
    );
}

#[tokio::test]
async fn an_envelope_that_does_not_fit_its_wish_is_refused() {
    let bench = Bench::new().await;
    let to = Some("bob@home.example".to_owned());
    for with_passphrase in [false, true] {
        let wish = Wish {
            to: to.clone(),
            with_passphrase: true,
            ..Wish::default()
        };
        let (id, plan) = reserve(&bench.core, &sender(), &wish).await.expect("an id");
        let passphrase = seal::Passphrase::new("x").filter(|_| with_passphrase);
        let mut sealed = seal(&id, &plan.address(&id), &text("x"), passphrase.as_ref());
        if with_passphrase {
            // The link is another message's.
            sealed.link = seal(&[1; 16], &plan.address(&[1; 16]), &text("x"), passphrase.as_ref()).link;
        }
        let refused = bench.hand_in(&sender(), id, wish, sealed).await;
        assert!(matches!(refused, Err(SendError::Malformed)), "{with_passphrase}");
    }
    let (id, plan) = reserve(&bench.core, &sender(), &Wish::default())
        .await
        .expect("an id");
    let mut sealed = seal(&id, &plan.address(&id), &text("x"), None);
    sealed.envelope.header = r#"{"v":2,"p":"","k":"text"}"#.to_owned();
    let refused = bench.hand_in(&sender(), id, Wish::default(), sealed).await;
    assert!(matches!(refused, Err(SendError::Malformed)));
}

#[tokio::test]
async fn a_sender_sees_what_became_of_it_with_reason_and_from_where() {
    let bench = Bench::new().await;
    let wish = Wish {
        reason: Some("first password".to_owned()),
        ..Wish::default()
    };
    let (id, _) = bench.send(wish, &text("x"), None).await.expect("it is sent");
    bench.push().await;
    bench.site.fake.open(id);
    bench.site.fake.done(id);
    bench.pull().await;
    let view = show(&bench.core, Some("uid 1000"), *id.as_bytes())
        .await
        .expect("it is his");
    assert_eq!(
        (view.state.as_str(), view.arrival.as_deref()),
        ("read", Some("confirmed"))
    );
    assert_eq!(view.reason.as_deref(), Some("first password"));
    let events: Vec<(&str, Option<&str>)> = view
        .events
        .iter()
        .map(|event| (event.kind.as_str(), event.source.as_deref()))
        .collect();
    assert_eq!(
        events,
        [
            ("opened", Some("203.0.113.9")),
            ("delivered", None),
            ("read", None)
        ]
    );
    assert!(show(&bench.core, Some("uid 1001"), *id.as_bytes()).await.is_err());
    let audit = bench.audit().await;
    for words in [
        "message-sent",
        "first password",
        "message-opened",
        "message-ended",
    ] {
        assert!(audit.contains(words), "{words} is not in\n{audit}");
    }
}
