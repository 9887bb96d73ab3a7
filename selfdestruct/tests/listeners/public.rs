//! What people are answered.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::line::request;
use crate::site::{HOST, Message, ORIGIN, Site, proofs};

const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAQ";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_the_same_bytes_for_every_id_and_sets_no_cookie() {
    let site = Site::confirmed().await;
    let live = site.push(1, None, b"sealed content of it").await.id.to_string();
    for (folder, post) in [("m", "open"), ("d", "key")] {
        let page = site.public.ask(&format!("GET /{folder}/{live}"), &[], b"").await;
        assert_eq!(page.status, 200);
        assert!(page.text().ends_with("</html>") && !page.text().contains(&live));
        assert!(
            !page.head.to_ascii_lowercase().contains("set-cookie"),
            "{}",
            page.head
        );
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(
            page.header("content-security-policy")
                .contains("connect-src 'self'")
        );
        for id in [
            UNKNOWN,
            "anything",
            "%00",
            "..%2f..",
            "a'%22%3Cscript%3E",
            &"x".repeat(3000),
        ] {
            let other = site.public.ask(&format!("GET /{folder}/{id}"), &[], b"").await;
            assert!(other.timeless() == page.timeless(), "{id}: {}", other.head);
        }
        let german = site
            .public
            .ask(&format!("GET /{folder}/x?lang=de"), &[], b"")
            .await;
        let accepted = ["Accept-Language: de-AT, en;q=0.5"];
        assert!(german.text().contains("lang=\"de\"") && german.body != page.body);
        let same = site
            .public
            .ask(&format!("GET /{folder}/{live}"), &accepted, b"")
            .await;
        assert_eq!(same.body, german.body);
        let none = site
            .public
            .ask(&format!("GET /{folder}/{live}/{post}/x?lang=de"), &[], b"")
            .await;
        assert_eq!(none.status, 404);
        assert!(none.text().contains("<html lang=\"de\""), "as it was chosen");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_burns_nothing() {
    let site = Site::confirmed().await;
    let message = site.push(2, None, b"sealed content of it").await;
    let id = message.id;
    for line in [
        format!("GET /m/{id}"),
        format!("HEAD /m/{id}"),
        format!("OPTIONS /m/{id}"),
        format!("GET /m/{id}/open"),
        format!("HEAD /m/{id}/open"),
        format!("OPTIONS /m/{id}/open"),
        format!("GET /m/{id}/done"),
    ] {
        let answer = site.public.ask(&line, &[], b"").await;
        assert!(
            [200, 403, 404, 405].contains(&answer.status),
            "{line}: {}",
            answer.status
        );
        assert!(!line.starts_with("HEAD") || answer.body.is_empty());
    }
    // What another site's page sends, and what is no form of ours.
    let own = message.proofs(1);
    for (headers, status) in [
        (
            vec!["Origin: https://evil.example", "Content-Type: application/json"],
            403,
        ),
        (
            vec![
                "Sec-Fetch-Site: cross-site",
                ORIGIN,
                "Content-Type: application/json",
            ],
            403,
        ),
        (vec!["Content-Type: application/json"], 403),
        (vec![ORIGIN, "Content-Type: text/plain"], 415),
    ] {
        let answer = site
            .public
            .ask(&format!("POST /m/{id}/open"), &headers, own.as_bytes())
            .await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
    for body in [
        "",
        "{}",
        "null",
        r#"{"link":"AA","claim":"AA"}"#,
        &"[".repeat(5000),
    ] {
        let answer = site.open(&id.to_string(), body).await;
        assert!([400, 413].contains(&answer.status), "{body}: {}", answer.status);
    }
    let opened = site.open(&id.to_string(), &message.proofs(1)).await;
    assert_eq!(
        (opened.status, opened.body.as_slice()),
        (200, b"sealed content of it".as_slice())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_opened_once_and_its_reader_may_ask_again() {
    let site = Site::confirmed().await;
    let message = site.push(3, None, b"sealed content of it").await;
    let id = message.id.to_string();
    let opened = site.open(&id, &message.proofs(1)).await;
    assert_eq!(opened.status, 200);
    assert_eq!(opened.header("content-type"), "application/octet-stream");
    assert_eq!(opened.header("sallyport-header"), r#"{"v":1,"p":"","k":"text"}"#);
    assert_eq!(opened.header("sallyport-nonce"), "CQkJCQkJCQkJCQkJ");
    assert_eq!(opened.body, b"sealed content of it");
    assert_eq!(
        site.open(&id, &message.proofs(1)).await.body,
        opened.body,
        "the answer may be lost"
    );

    let headers = [ORIGIN, "Content-Type: application/json"];
    let claim = br#"{"claim":"AQEBAQEBAQEBAQEBAQEBAQ"}"#;
    for (id, body) in [
        (id.as_str(), &claim[..]),
        (UNKNOWN, claim),
        ("x", b""),
        (&id, b"{"),
    ] {
        let done = site
            .public
            .ask(&format!("POST /m/{id}/done"), &headers, body)
            .await;
        assert_eq!((done.status, done.body.len()), (204, 0));
    }
    let again = site.open(&id, &message.proofs(2)).await;
    assert_eq!(again.status, 410);
    assert!(again.text().contains(r#""state":"read""#), "{}", again.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_right_proof_of_the_link_one_answer_is_given_for_everything() {
    let mut site = Site::confirmed().await;
    let expired = site.push(11, None, b"sealed content of it").await;
    site.core.now_ms += 2 * 3_600_000;
    site.clock.set(site.core.now_ms);
    // Believed by the core, the clock counts.
    site.confirm().await;
    let answer = site.open(&expired.id.to_string(), &expired.proofs(1)).await;
    assert_eq!(answer.status, 410);
    assert!(
        answer.text().contains(r#""state":"expired""#),
        "{}",
        answer.text()
    );
    let live = site.push(4, None, b"sealed content of it").await;
    let read = site.push(5, None, b"sealed content of it").await;
    assert_eq!(site.open(&read.id.to_string(), &read.proofs(1)).await.status, 200);
    let headers = [ORIGIN, "Content-Type: application/json"];
    let done = format!("POST /m/{}/done", read.id);
    site.public
        .ask(&done, &headers, br#"{"claim":"AQEBAQEBAQEBAQEBAQEBAQ"}"#)
        .await;
    let revoked = site.push(6, None, b"sealed content of it").await;
    let command = format!(
        r#"{{"id":"AAAAAAAAAAAAAAAAAAAAAA","message":"{}","order":"revoke"}}"#,
        revoked.id
    );
    let answer = site
        .core
        .send(&site.sync, "POST", "/sync/v1/commands", command.as_bytes())
        .await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "\"done\""));

    let wrong = proofs([0xaa; 32], None, 9);
    let with_passphrase = proofs([0xaa; 32], Some([1; 32]), 9);
    let neutral = site.open(UNKNOWN, &wrong).await;
    assert_eq!((neutral.status, neutral.text().as_str()), (410, "{}"));
    for id in [live.id, read.id, revoked.id, expired.id]
        .map(|id| id.to_string())
        .iter()
        .map(String::as_str)
        .chain(["x", "", "%ff"])
    {
        for body in [&wrong, &with_passphrase] {
            if id.is_empty() {
                continue; // that is another address
            }
            assert_eq!(site.open(id, body).await.timeless(), neutral.timeless(), "{id}");
        }
    }
    assert_eq!(site.open(&live.id.to_string(), &live.proofs(1)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_wrong_proofs_of_the_link_neither_burn_the_message_nor_tell_of_it() {
    let site = Site::confirmed().await;
    let message = site.push(12, Some([8; 32]), b"sealed content of it").await;
    let id = message.id.to_string();
    let neutral = site.open(UNKNOWN, &proofs([0xaa; 32], None, 9)).await.timeless();
    let guesses = (0..10_u8).map(|worker| {
        let (public, id, neutral) = (site.public.clone(), id.clone(), neutral.clone());
        tokio::spawn(async move {
            for number in 0..100 {
                let mut wrong = [worker; 32];
                wrong[0] = number;
                let body = proofs(wrong, Some([8; 32]), number);
                let headers = [
                    ORIGIN,
                    "Sec-Fetch-Site: same-origin",
                    "Content-Type: application/json",
                ];
                let line = format!("POST /m/{id}/open");
                let answer = public.ask(&line, &headers, body.as_bytes()).await;
                assert_eq!(answer.timeless(), neutral, "{worker} {number}");
            }
        })
    });
    for guess in guesses.collect::<Vec<_>>() {
        guess.await.unwrap();
    }
    // Not one of them was counted against the passphrase.
    let refused = site.open(&id, &message.wrong_passphrase(1)).await;
    assert_eq!(refused.text(), r#"{"tries_left":4}"#);
    assert_eq!(site.open(&id, &message.proofs(1)).await.status, 200);
    let events = site.core.get(&site.sync, &site.core.events(0)).await.text();
    assert!(events.matches("\"seq\":").count() <= 5, "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passphrases_are_counted_behind_the_right_link_only() {
    let site = Site::confirmed().await;
    let message = site.push(7, Some([8; 32]), b"sealed content of it").await;
    let id = message.id.to_string();
    for left in (0..5).rev() {
        let refused = site.open(&id, &message.wrong_passphrase(1)).await;
        assert_eq!(
            (refused.status, refused.text()),
            (403, format!(r#"{{"tries_left":{left}}}"#))
        );
    }
    assert_eq!(
        site.open(&id, &message.proofs(1)).await.text(),
        r#"{"tries_left":0}"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_core_has_confirmed_nothing_is_opened_whatever_the_id() {
    let mut site = Site::new().await;
    let message = site.push(8, None, b"sealed content of it").await;
    let id = message.id.to_string();
    let away = site.open(UNKNOWN, &proofs([1; 32], None, 1)).await;
    assert_eq!((away.status, away.header("retry-after")), (503, "5"));
    for (id, body) in [
        (id.as_str(), message.proofs(1)),
        (&id, proofs([1; 32], None, 1)),
        ("x", message.proofs(1)),
    ] {
        assert_eq!(site.open(id, &body).await.timeless(), away.timeless(), "{id}");
    }
    site.confirm().await;
    assert_eq!(site.open(&id, &message.proofs(1)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_ids_stops_nobody_from_reading() {
    let site = Site::confirmed().await;
    let message = site.push(9, None, b"sealed content of it").await;
    let public = site.public.clone();
    let flood = (0..8).map(|worker: u8| {
        let public = public.clone();
        tokio::spawn(async move {
            let headers = [ORIGIN, "Content-Type: application/json"];
            for n in 0..25_u8 {
                let id = contract::sync::Token::from([worker.wrapping_mul(31) ^ n ^ 0x80; 16]);
                let body = proofs([n; 32], None, worker);
                let answer = public
                    .ask(&format!("POST /m/{id}/open"), &headers, body.as_bytes())
                    .await;
                assert_eq!(answer.status, 410);
            }
        })
    });
    let flood: Vec<_> = flood.collect();
    let opened = site.open(&message.id.to_string(), &message.proofs(1)).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    for worker in flood {
        worker.await.unwrap();
    }
    // The chain holds the start and the opening, and at most a minute's sum.
    let events = site.core.get(&site.sync, &site.core.events(0)).await.text();
    assert!(events.matches("\"seq\":").count() <= 4, "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_takes_his_time_is_not_waited_for() {
    let site = Site::with(|config| config.public.deadline = Duration::from_secs(1)).await;
    let mut slow = request(
        HOST,
        "POST /m/x/open",
        &[ORIGIN, "Content-Type: application/json"],
        &[b' '; 100],
    );
    slow.truncate(slow.len() - 50);
    let answer = site.public.exchange(&slow).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 408));
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_listener_knows_the_others_addresses() {
    let site = Site::confirmed().await;
    for line in [
        "GET /sync/v1/events",
        "PUT /sync/v1/messages/x",
        "POST /sync/v1/epochs",
    ] {
        let answer = site.public.ask(line, &[ORIGIN], b"").await;
        assert_eq!(answer.status, 404, "{line}");
        assert!(answer.text().ends_with("</html>"));
    }
    for path in ["/", "/m/x", "/robots.txt", "/healthz"] {
        assert_eq!(site.core.get(&site.sync, path).await.status, 404, "{path}");
    }
}

/// Whoever has the link of a large message may ask for it again and again while his lease lasts, and take it as slowly as he
/// likes: each answer is held in memory. What finds no place is not lost: no reading was taken.
#[tokio::test(flavor = "multi_thread")]
async fn one_visitor_has_four_large_openings_on_their_way_and_then_waits() {
    let site = Site::confirmed().await;
    let large = vec![7; 8 << 20];
    let further = site.push(1, None, &large).await;
    let mut messages = Vec::new();
    for number in 2..6 {
        messages.push(site.push(number, None, &large).await);
    }
    let headers = [ORIGIN, "Content-Type: application/json"];
    let connector = TlsConnector::from(Arc::clone(&site.public.tls));
    let begin = async |message: &Message, claim: u8| {
        let open = format!("POST /m/{}/open", message.id);
        let asked = request(HOST, &open, &headers, message.proofs(claim).as_bytes());
        let stream = TcpStream::connect(site.public.address).await.unwrap();
        let name = ServerName::try_from(HOST).unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        stream.write_all(&asked).await.unwrap();
        // What was written may still lie in the TLS session: reading alone does not send it.
        stream.flush().await.unwrap();
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).await.unwrap();
        (stream, String::from_utf8(begun.to_vec()).unwrap())
    };
    let mut slow = Vec::new();
    // Who asks again for what he opened has places of his own: without one he would lose it with his lease.
    for message in messages.iter().chain([&messages[0], &messages[0]]) {
        let (stream, status) = begin(message, 1).await;
        assert_eq!(status, "HTTP/1.1 200");
        slow.push(stream);
    }
    assert_eq!(begin(&messages[0], 1).await.1, "HTTP/1.1 503");
    assert_eq!(begin(&further, 1).await.1, "HTTP/1.1 503");
    let small = site.push(9, None, b"sealed content of it").await;
    let opened = site.open(&small.id.to_string(), &small.proofs(1)).await;
    assert_eq!(opened.status, 200, "a small one needs no place");
    drop(slow);
    let taken = async {
        while begin(&further, 2).await.1 != "HTTP/1.1 200" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let taken = tokio::time::timeout(Duration::from_mins(1), taken).await;
    taken.expect("a place that was left is free, and nobody has read the message");
}
