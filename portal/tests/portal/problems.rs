//! What the core refuses, as a person sees it.

use std::time::Duration;

use client::ClientError;
use contract::ProblemKind;
use contract::recovery::{Method, Stage};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fake_core::lost;
use crate::site::{Page, Site};

#[tokio::test(flavor = "multi_thread")]
async fn each_problem_has_its_page_its_status_and_a_reference() {
    let site = Site::new();
    for (kind, status, words) in [
        (ProblemKind::RecoveryOver, 410, "This attempt is over"),
        (ProblemKind::DirectoryAway, 503, "We cannot help you right now"),
        (ProblemKind::TooSlow, 503, "We cannot help you right now"),
        (ProblemKind::TooMany, 429, "A little slower"),
        (ProblemKind::Paused, 503, "Self-service is paused"),
        (ProblemKind::Malformed, 400, "We could not read that"),
        (ProblemKind::TooLarge, 413, "That was too much text"),
        (ProblemKind::TooSoon, 409, "Please come back later"),
        (ProblemKind::OtherProofNeeded, 409, "in another way"),
        (ProblemKind::NotAllowed, 500, "Something went wrong on our side"),
        (ProblemKind::Internal, 500, "Something went wrong on our side"),
    ] {
        site.core.will_refuse(kind);
        let page = site.get("/recovery").await;
        assert_eq!(page.status, status, "{kind:?}");
        assert!(page.body.contains(words), "{kind:?}: {}", page.body);
        assert!(kind == ProblemKind::TooMany || has_reference(&page), "{kind:?}");
        assert!(page.body.contains("+49 30 123 4567"), "{kind:?}");
        let forgets = page.header("set-cookie").contains("Max-Age=0");
        assert_eq!(forgets, kind == ProblemKind::RecoveryOver, "{kind:?}");
    }
    for kind in [ProblemKind::StaleStep, ProblemKind::UnknownKey] {
        site.core.will_refuse(kind);
        let block = site.core.block(None);
        let page = site
            .post("/recovery/prove", &[("seal", &block), ("box", "Ym94")])
            .await;
        assert_eq!(page.leads_to(), "/recovery?stale=1", "{kind:?}");
        site.core.will_show(Stage::Challenge {
            method: Method::Totp,
            methods: vec![Method::Totp],
            seal: block,
            wrong: true,
            sent_an_hour: None,
        });
        let page = site.get("/recovery?stale=1").await;
        assert!(page.body.contains("no try was used up"));
        assert!(!page.body.contains("This was not accepted"), "nothing was judged");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_wait_is_told_for_how_long() {
    let site = Site::new();
    for (seconds, words) in [(45, "wait 45 seconds"), (60 * 40 + 1, "wait 41 minutes")] {
        site.core.will_refuse_for(ProblemKind::TooMany, seconds);
        let page = site.get("/recovery").await;
        assert_eq!(
            (page.status, page.header("retry-after")),
            (429, seconds.to_string().as_str())
        );
        assert!(page.body.contains(words), "{}", page.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_that_is_away_is_told_kindly_and_for_how_long() {
    let site = Site::new();
    for error in [lost(), ClientError::TimedOut] {
        site.core.will_answer(Err(error));
        let page = site.get("/recovery").await;
        assert_eq!((page.status, page.header("retry-after")), (503, "30"));
        assert!(page.body.contains("href=\"/recovery\"") && page.body.contains("tel:+49301234567"));
        assert!(
            !page.body.contains("connection reset"),
            "nothing of the inside gets out"
        );
    }
    site.core
        .will_answer(Err(ClientError::Protocol("the answer is too large")));
    let page = site.get("/recovery").await;
    assert_eq!(page.status, 500);
    assert!(!page.body.contains("too large"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_once_the_core_has_proved_who_it_is() {
    let well = Site::new();
    assert!(ready(&well).await.contains("\"ready\":true"));
    let foreign = Site::with(std::sync::Arc::clone(&well.core), |config| {
        config.core.signing_key = seal::SigningKey::generate(&mut seal::os_random).pinned();
    });
    // A proof has it ask for the keys once more, so that by now it has seen what the wrong one signed.
    let block = foreign.core.block(None);
    let page = foreign
        .post("/recovery/prove", &[("seal", &block), ("code", "123456")])
        .await;
    assert_eq!(page.status, 500, "{}", page.body);
    let answer = ask_ready(&foreign).await;
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("has not answered yet"),
        "{answer}"
    );
}

/// Waits until it is ready, for a bounded time: the first question to the core is under way.
async fn ready(site: &Site) -> String {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..3000 {
        let answer = ask_ready(site).await;
        if answer.starts_with("HTTP/1.1 200") {
            return answer;
        }
        ticks.tick().await;
    }
    ask_ready(site).await
}

async fn ask_ready(site: &Site) -> String {
    let mut stream = TcpStream::connect(site.health).await.unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Ten characters of our own, the portal's and not the core's.
pub(crate) fn has_reference(page: &Page) -> bool {
    let code = page
        .body
        .split("<code>")
        .nth(1)
        .and_then(|rest| rest.split("</code>").next());
    code.is_some_and(|code| code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
