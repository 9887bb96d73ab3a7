//! Whatever is asked, the answer has the headers, says nothing from the inside, and can be referred to.

use std::time::{Duration, Instant};

use server::{Life, Visitors};

use crate::support::{Authority, Client, Kind, ORIGIN, browsers, rate, settings, start, start_with};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Two values that lie behind each other as they came lie in one buffer. Memory of their own begins at even places.
#[tokio::test(flavor = "multi_thread")]
async fn a_header_does_not_hold_the_buffer_that_it_came_in() {
    let authority = Authority::new();
    let site = start(
        &settings(&authority.issue("localhost", Kind::Server), None),
        browsers(),
    );
    let mut client = Client::new(site.address, &authority.ca()).await;
    let headers = ["X-First: a", "X-Second: b"];
    let in_buffer = "a\r\nX-Second: ".len();
    assert_eq!(in_buffer % 2, 1);
    let apart = client.ask("GET /distance", &headers, "").await;
    assert_eq!(apart.status, 200);
    assert_ne!(apart.body, in_buffer.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_every_header_and_no_word_from_the_inside() {
    let authority = Authority::new();
    let mut settings = settings(&authority.issue("localhost", Kind::Server), None);
    let impatient = start(&settings, browsers());
    settings.deadline = Duration::from_secs(30);
    let site = start(&settings, browsers());
    let own = format!("Origin: {ORIGIN}");
    let form = "Content-Type: application/x-www-form-urlencoded";
    let large = format!("number={}", "1".repeat(2000));
    let asked: [(u16, &str, &[&str], &str); 13] = [
        (200, "GET /page", &[], ""),
        (
            200,
            "GET /page",
            &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"],
            "",
        ),
        (400, "POST /form", &[&own, form], "number=many"),
        (
            403,
            "POST /form",
            &["Sec-Fetch-Site: cross-site", form],
            "number=1",
        ),
        (403, "POST /form", &[form], "number=1"),
        (
            403,
            "GET /page",
            &["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"],
            "",
        ),
        (404, "GET /nowhere", &[], ""),
        (404, "GET /number/inside", &[], ""),
        (405, "POST /page", &[&own], ""),
        (408, "GET /never", &[], ""),
        (413, "POST /form", &[&own, form], &large),
        (415, "POST /form", &[&own], "number=1"),
        (500, "GET /fail", &[], ""),
    ];
    for (status, line, headers, body) in asked {
        let address = if status == 408 {
            impatient.address
        } else {
            site.address
        };
        let answer = Client::new(address, &authority.ca())
            .await
            .ask(line, headers, body)
            .await;
        assert_eq!(answer.status, status, "{line} {headers:?}: {answer:?}");
        check_headers(line, &answer);
        if status >= 400 {
            assert!(
                answer.body.contains("Reference: 7777777777"),
                "{line}: {answer:?}"
            );
            assert!(!answer.body.contains("inside"), "{line}: {answer:?}");
        }
    }
}

fn check_headers(line: &str, answer: &crate::support::Answer) {
    for (name, value) in [
        ("strict-transport-security", "max-age=31536000"),
        ("content-security-policy", POLICY),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex, nofollow"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name} of {line}");
    }
    assert!(
        answer
            .header("permissions-policy")
            .is_some_and(|value| value.contains("camera=()")),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_answered_and_the_connection_lives_on() {
    let authority = Authority::new();
    let site = start(
        &settings(&authority.issue("localhost", Kind::Server), None),
        browsers(),
    );
    let mut client = Client::new(site.address, &authority.ca()).await;
    let answer = client.get("/panic").await;
    assert_eq!(answer.status, 500);
    check_headers("panic", &answer);
    assert!(
        answer.body.contains("Reference: 7777777777") && !answer.body.contains("inside"),
        "{answer:?}"
    );
    assert_eq!(client.get("/page").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_may_be_kept_and_a_handlers_own_error_page_stays() {
    let authority = Authority::new();
    let site = start(
        &settings(&authority.issue("localhost", Kind::Server), None),
        browsers(),
    );
    let mut client = Client::new(site.address, &authority.ca()).await;
    let kept = client.get("/asset").await;
    assert_eq!(
        kept.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    let own = client.get("/own-error").await;
    assert_eq!((own.status, own.body.as_str()), (409, "<p>own</p>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_forwarded_address_is_ignored_and_a_trusted_proxys_is_believed() {
    let authority = Authority::new();
    let mut settings = settings(&authority.issue("localhost", Kind::Server), None);
    for (proxies, believed) in [
        (vec![], "127.0.0.1"),
        (vec!["127.0.0.0/8".parse().unwrap()], "198.51.100.7"),
    ] {
        settings.trusted_proxies = proxies;
        let site = start(&settings, browsers());
        let mut client = Client::new(site.address, &authority.ca()).await;
        let forwarded = "X-Forwarded-For: 6.6.6.6, 198.51.100.7";
        assert_eq!(client.ask("GET /source", &[forwarded], "").await.body, believed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_asks_too_often_is_told_to_wait() {
    let authority = Authority::new();
    let mut settings = settings(&authority.issue("localhost", Kind::Server), None);
    settings.rate = Some(rate(1, 3));
    let site = start(&settings, browsers());
    let mut client = Client::new(site.address, &authority.ca()).await;
    let (mut statuses, began) = (Vec::new(), Instant::now());
    for _ in 0..4 {
        statuses.push(client.get("/page").await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    let refused = Client::new(site.address, &authority.ca())
        .await
        .get("/page")
        .await;
    let wait = refused.header("retry-after").and_then(|wait| wait.parse().ok());
    assert!(
        wait.is_some_and(|wait: u64| (60 - began.elapsed().as_secs()..=60).contains(&wait)),
        "a minute since the first page: {wait:?}"
    );
    assert_eq!(
        refused.header("connection"),
        Some("close"),
        "who asks too often keeps no place"
    );
    check_headers("429", &refused);

    settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let site = start(&settings, browsers());
    let mut proxy = Client::new(site.address, &authority.ca()).await;
    let visitor = "X-Forwarded-For: 198.51.100.7";
    for _ in 0..3 {
        assert_eq!(proxy.ask("GET /page", &[visitor], "").await.status, 200);
    }
    assert_eq!(proxy.ask("GET /page", &[visitor], "").await.status, 429);
    let other = "X-Forwarded-For: 198.51.100.8";
    assert_eq!(
        proxy.ask("GET /page", &[other], "").await.status,
        200,
        "a proxy's connection serves others too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_problem_documents() {
    let authority = Authority::new();
    let explained = Visitors::Programs;
    let api = start(
        &settings(&authority.issue("localhost", Kind::Server), None),
        explained,
    );
    let answer = Client::new(api.address, &authority.ca())
        .await
        .get("/nowhere")
        .await;
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem: contract::Problem = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem, {
        let mut expected = contract::Problem::new(contract::ProblemKind::NotFound, "7777777777");
        expected.status = 404;
        expected
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_answer_on_loopback_without_tls() {
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use server::observe::{Check, install_metrics, routes};

    let authority = Authority::new();
    let metrics = install_metrics().unwrap();
    let checks = Arc::new(|| {
        vec![Check {
            name: "core".into(),
            ok: false,
            detail: "no answer".into(),
        }]
    });
    let mut local = settings(&authority.issue("localhost", Kind::Server), None);
    local.tls = None;
    let health = start_with(&local, Visitors::Programs, routes(checks, metrics), &Life::new());
    let mut answers = String::new();
    for path in ["/healthz", "/readyz", "/metrics"] {
        let mut stream = tokio::net::TcpStream::connect(health.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_to_string(&mut answers).await.unwrap();
    }
    assert!(
        answers.contains("200 OK") && answers.contains("503 Service Unavailable"),
        "{answers}"
    );
    assert!(answers.contains(r#""detail":"no answer""#), "{answers}");
    assert!(
        answers.contains("http_requests_total{") && answers.contains(r#"route="/healthz""#),
        "{answers}"
    );

    local.address = ([0, 0, 0, 0], 0).into();
    assert!(
        server::Listener::bind("naked", &local, Visitors::Programs).is_err(),
        "no TLS beyond this host"
    );
}
