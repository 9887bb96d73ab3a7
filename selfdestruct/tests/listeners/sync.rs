//! What the core is answered, and who is not the core.

use std::time::Duration;

use contract::sync::{
    Certificate, CertificateAnswer, CertificateRefusal, Events, Pushed, Unbelieved, push_body,
};
use journal::Statement as _;
use journal::site::{CoreRequest, SiteTime};
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DnType, KeyPair,
    generate_simple_self_signed,
};

use crate::core::{Core, mutual};
use crate::line::{Answer, Line};
use crate::site::{HOST, NOW, Site};

const EPOCHS: &str = "/sync/v1/epochs";

/// The site's signed time in an answer that says that it does not believe.
fn doubt(core: &Core, answer: &Answer) -> SiteTime {
    assert_eq!(answer.status, 401, "{}", answer.text());
    let Unbelieved { time } = serde_json::from_slice(&answer.body).unwrap();
    SiteTime::open(&time.parse().unwrap(), &core.site_key()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_with_another_key_gets_as_far_as_http() {
    let site = Site::new().await;
    let stranger = generate_simple_self_signed(vec!["core".to_owned()]).unwrap();
    let line = Line {
        tls: mutual(&site.config, &stranger),
        ..site.sync.clone()
    };
    let signature = site.core.sign(&site.core.says("GET", "/sync/v1/inventory", b""));
    let request = crate::line::request("selfdestruct", "GET /sync/v1/inventory", &[&signature], b"");
    assert!(line.exchange(&request).await.is_err(), "the handshake fails");
    assert_eq!(site.core.get(&site.sync, "/sync/v1/inventory").await.status, 200);
}

/// The key of the link alone lets in nothing that takes room.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_cores_signature_no_body_is_awaited() {
    let site = Site::new().await;
    let (path, body) = ("/sync/v1/messages", vec![7; 400_000]);
    let signature = site.core.sign(&site.core.says("POST", path, &body));
    let spent = crate::line::request("selfdestruct", &format!("POST {path}"), &[&signature], &body);
    assert_ne!(site.sync.exchange(&spent).await.unwrap().status, 401);
    for headers in [[].as_slice(), &[signature.as_str()]] {
        let mut head = crate::line::request("selfdestruct", &format!("POST {path}"), headers, &body);
        head.truncate(head.len() - body.len());
        assert_eq!(site.sync.exchange(&head).await.unwrap().status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_the_core_did_not_mean_is_answered_with_the_signed_time() {
    let site = Site::new().await;
    let core = &site.core;
    let (path, body) = (EPOCHS, b"{}".as_slice());
    let send = |signature: Option<String>, body: &'static [u8]| {
        let line = site.sync.clone();
        async move {
            let headers: Vec<&str> = signature.as_deref().into_iter().collect();
            line.ask(&format!("POST {path}"), &headers, body).await
        }
    };
    let changed = |change: fn(&mut CoreRequest)| {
        let mut said = core.says("POST", path, body);
        change(&mut said);
        let nonce = said.nonce.clone();
        (Some(core.sign(&said)), nonce)
    };
    assert_eq!(doubt(core, &send(None, body).await).nonce, "");
    assert_eq!(
        doubt(
            core,
            &send(Some("sallyport-core-signature: x y".to_owned()), body).await
        )
        .nonce,
        ""
    );
    for change in [
        (|said| said.site = "dmz2".to_owned()) as fn(&mut CoreRequest),
        |said| said.method = "PUT".to_owned(),
        |said| said.path.push_str("?x=1"),
        |said| said.time_ms -= 5 * 60_000 + 1,
        |said| said.time_ms += 5 * 60_000 + 1,
        |said| said.generation -= 1,
    ] {
        let (signature, nonce) = changed(change);
        let told = doubt(core, &send(signature, body).await);
        assert_eq!((told.nonce, told.site.as_str()), (nonce, "dmz1"));
        assert!(told.time_ms >= NOW, "{}", told.time_ms);
    }
    // Another body under the same signature.
    let (signature, nonce) = changed(|_| {});
    assert_eq!(doubt(core, &send(signature.clone(), b"{ }").await).nonce, nonce);
    // The very request: believed (and malformed), and not a second time.
    assert_eq!(send(signature.clone(), body).await.status, 400);
    assert_eq!(doubt(core, &send(signature, body).await).nonce, nonce);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_set_shows_in_the_signed_time() {
    let site = Site::new().await;
    site.clock.set(NOW + 3_600_000);
    let told = doubt(&site.core, &site.core.get(&site.sync, "/sync/v1/inventory").await);
    assert_eq!(told.time_ms, NOW + 3_600_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_was_seen_is_not_undercut() {
    let site = Site::new().await;
    let mut said = site.core.says("GET", "/sync/v1/inventory", b"");
    said.generation = 6;
    let newer = [site.core.sign(&said)];
    let newer: Vec<&str> = newer.iter().map(String::as_str).collect();
    assert_eq!(
        site.sync.ask("GET /sync/v1/inventory", &newer, b"").await.status,
        200
    );
    doubt(&site.core, &site.core.get(&site.sync, "/sync/v1/inventory").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_mebibytes_are_taken_and_one_byte_more_is_not() {
    let site = Site::confirmed().await;
    let content = vec![0x5a; 10 << 20];
    let message = site.push(1, None, &content).await;
    let again = push_body(&message.head(), &content);
    let path = format!("/sync/v1/messages/{}", message.id);
    let repeated = site.core.send(&site.sync, "PUT", &path, &again).await;
    assert_eq!(repeated.status, 200, "{}", repeated.text());
    let opened = site.open(&message.id.to_string(), &message.proofs(1)).await;
    assert_eq!(opened.status, 200);
    assert!(opened.body == content, "the same bytes");

    let other = contract::sync::PushHead {
        id: [2; 16].into(),
        ..message.head()
    };
    let larger = push_body(&other, &vec![0x5a; (10 << 20) + 1]);
    let path = format!("/sync/v1/messages/{}", other.id);
    let refused = site.core.send(&site.sync, "PUT", &path, &larger).await;
    assert!([400, 413].contains(&refused.status), "{}", refused.status);
    let beyond = vec![0; (10 << 20) + (128 << 10)];
    let refused = site.core.send(&site.sync, "PUT", &path, &beyond).await;
    assert_eq!(refused.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_in_another_epoch_is_not_taken() {
    let site = Site::confirmed().await;
    let message = crate::site::Message::new(11, None, NOW);
    let push = push_body(&message.head(), b"sealed content of it");
    let path = format!("/sync/v1/messages/{}", message.id);
    let batch = [&u32::try_from(push.len()).unwrap().to_be_bytes(), push.as_slice()].concat();
    let asked = contract::sync::DropRequest {
        public_key: [4; 65].into(),
        upload: [1; 32].into(),
        largest: 100,
        expires_at: NOW + 1_000_000,
    };
    let request = format!("/sync/v1/requests/{}", message.id);
    for (method, path, body) in [
        ("PUT", path.as_str(), push.clone()),
        ("POST", "/sync/v1/messages", batch),
        ("PUT", &request, serde_json::to_vec(&asked).unwrap()),
    ] {
        let mut said = site.core.says(method, path, &body);
        said.epoch += 1;
        let signature = site.core.sign(&said);
        let late = site
            .sync
            .ask(&format!("{method} {path}"), &[&signature], &body)
            .await;
        assert_eq!(late.status, 503, "{method} {path}: {}", late.text());
        let of_now = site.core.send(&site.sync, method, path, &body).await;
        assert!(
            (200..300).contains(&of_now.status),
            "{method} {path}: {}",
            of_now.text()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_tells_what_became_of_it() {
    let site = Site::confirmed().await;
    let message = site.push(3, None, b"sealed content of it").await;
    let path = format!("/sync/v1/messages/{}", message.id);
    let other = push_body(&message.head(), b"other sealed content");
    let conflict = site.core.send(&site.sync, "PUT", &path, &other).await;
    assert_eq!(
        (conflict.status, conflict.header("content-type")),
        (409, "application/problem+json")
    );

    site.open(&message.id.to_string(), &message.proofs(1)).await;
    let headers = [crate::site::ORIGIN, "Content-Type: application/json"];
    let claim = br#"{"claim":"AQEBAQEBAQEBAQEBAQEBAQ"}"#;
    site.public
        .ask(&format!("POST /m/{}/done", message.id), &headers, claim)
        .await;
    let same = push_body(&message.head(), b"sealed content of it");
    let gone = site.core.send(&site.sync, "PUT", &path, &same).await;
    assert_eq!(gone.status, 410);
    assert!(
        matches!(serde_json::from_slice(&gone.body), Ok(Pushed::Ended(_))),
        "{}",
        gone.text()
    );

    let mut batch = Vec::new();
    for body in [&same, &other] {
        batch.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
        batch.extend_from_slice(body);
    }
    let answer = site
        .core
        .send(&site.sync, "POST", "/sync/v1/messages", &batch)
        .await;
    let pushed: Vec<Pushed> = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(pushed.len(), 2, "{}", answer.text());
    batch.pop();
    assert_eq!(
        site.core
            .send(&site.sync, "POST", "/sync/v1/messages", &batch)
            .await
            .status,
        400
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_is_told_while_the_core_waits() {
    let site = Site::confirmed().await;
    let message = site.push(4, None, b"sealed content of it").await;
    let first = site.core.get(&site.sync, &site.core.events(0)).await;
    let path = beyond_the_last(&first);
    let waits = async {
        let began = std::time::Instant::now();
        (site.core.get(&site.sync, &path).await, began.elapsed())
    };
    let id = message.id.to_string();
    let body = message.proofs(1);
    let (waited, opened) = tokio::join!(waits, site.open(&id, &body));
    assert_eq!(opened.status, 200);
    assert!(waited.0.text().contains("opened"), "{}", waited.0.text());
    assert!(waited.1 < Duration::from_secs(15), "it did not wait for the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_when_the_site_ends_is_answered() {
    // So short that readiness shows when the long poll has arrived: it confirms the chain anew.
    let site = Site::with(|config| config.confirm_within = Duration::from_secs(5)).await;
    let first = site.core.get(&site.sync, &site.core.events(0)).await;
    let path = beyond_the_last(&first);
    until(&site, "waiting for the core").await;
    let request = site.core.signed(&site.sync, "GET", &path, b"");
    let line = site.sync.clone();
    let waits = tokio::spawn(async move { line.exchange(&request).await });
    until(&site, "has confirmed the chain").await;

    site.stop().await;
    let answer = waits.await.unwrap().expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told: Events = serde_json::from_slice(&answer.body).unwrap();
    assert!(told.events.is_empty(), "{told:?}");
}

/// The path of a long poll for what comes after what this answer tells.
fn beyond_the_last(answer: &Answer) -> String {
    let told: Events = serde_json::from_slice(&answer.body).unwrap();
    let last = told.events.last().expect("the start is told");
    format!(
        "/sync/v1/events?epoch=1&after={}&hash={}&limit=10&wait=20",
        last.seq, last.hash
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_the_core_does_not_know_is_a_fork() {
    let site = Site::confirmed().await;
    let message = site.push(5, None, b"sealed content of it").await;
    let path = format!(
        "/sync/v1/events?epoch=1&after=0&hash={}&limit=10&wait=0",
        contract::sync::Digest::from([1; 32])
    );
    let fork = site.core.get(&site.sync, &path).await;
    assert_eq!(fork.status, 409);
    assert!(
        fork.text().contains("urn:sallyport:problem:fork"),
        "{}",
        fork.text()
    );
    assert_eq!(
        site.open(&message.id.to_string(), &message.proofs(1))
            .await
            .status,
        503
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ready_and_what_is_waited_for_are_told_apart() {
    let mut site = Site::new().await;
    let told = until(&site, "waiting for the core").await;
    assert!(
        told.contains("503 ") && told.contains("\"ready\":false"),
        "{told}"
    );
    site.confirm().await;
    let told = until(&site, "\"ready\":true").await;
    assert!(
        told.contains("200 ") && told.contains("has confirmed the chain"),
        "{told}"
    );
}

/// What is told is looked up once a second.
async fn until(site: &Site, word: &str) -> String {
    for _ in 0..600 {
        let told = site.told("/readyz").await;
        if told.contains(word) {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never told: {word}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_certificate_is_renewed_from_inside_and_shown_at_once() {
    let site = Site::new().await;
    let certificate = async |order: &Certificate| {
        let body = serde_json::to_vec(order).unwrap();
        let answer = site
            .core
            .send(&site.sync, "POST", "/sync/v1/certificate", &body)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_slice::<CertificateAnswer>(&answer.body).unwrap()
    };
    let take = |chain: String| Certificate::Take { chain };
    assert_eq!(
        certificate(&take("none".to_owned())).await,
        CertificateAnswer::Refused(CertificateRefusal::NothingOpen)
    );
    let CertificateAnswer::InUse(first) = certificate(&Certificate::Show).await else {
        panic!("one is in use");
    };
    assert_eq!(first.names, [HOST]);
    let CertificateAnswer::Request(request) = certificate(&Certificate::Request).await else {
        panic!("a request is made");
    };
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Another");
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let request = CertificateSigningRequestParams::from_pem(&request).unwrap();
    let fresh = request.signed_by(&issuer).unwrap();

    let stranger = generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
    assert_eq!(
        certificate(&take(stranger.cert.pem())).await,
        CertificateAnswer::Refused(CertificateRefusal::OtherKey)
    );
    assert_eq!(
        site.public.ask("GET /", &[], b"").await.status,
        200,
        "the old one is kept"
    );

    let CertificateAnswer::InUse(second) = certificate(&take(fresh.pem())).await else {
        panic!("it fits");
    };
    assert_eq!(second.issuer, "CN=Another");
    let old = crate::line::request(HOST, "GET /", &[], b"");
    assert!(
        site.public.exchange(&old).await.is_err(),
        "the new one is not signed by the old one"
    );
    let written = std::fs::read_to_string(site.folder.path().join("public.pem")).unwrap();
    assert_eq!(written, fresh.pem());
    let again = certificate(&take(fresh.pem())).await;
    assert_eq!(again, CertificateAnswer::InUse(second), "an answer may be lost");
}
