//! What people are answered who put something into a drop box.

use std::time::Duration;

use contract::sync::{DropRequest, Token};
use sha2::{Digest as _, Sha256};

use crate::line::request;
use crate::site::{HOST, ORIGIN, Site};

const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAQ";

/// A box for up to so many bytes, whose link holds the proof that this header line shows.
async fn drop_box(site: &Site, largest: u64) -> (DropRequest, String) {
    let hash = <[u8; 32]>::from(Sha256::digest([6; 16]));
    let drop_request = DropRequest {
        public_key: [4; 65].into(),
        upload: hash.into(),
        largest,
        expires_at: crate::site::NOW + 3_600_000,
    };
    let body = serde_json::to_vec(&drop_request).unwrap();
    let path = format!("/sync/v1/requests/{UNKNOWN}");
    let asked = site.core.send(&site.sync, "PUT", &path, &body).await;
    assert_eq!(asked.status, 204, "{}", asked.text());
    (drop_request, shown([6; 16]))
}

fn shown(proof: [u8; 16]) -> String {
    format!("Sallyport-Proof: {}", Token::from(proof))
}

const SEALED: &str = "Content-Type: application/octet-stream";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_right_proof_is_answered_before_his_body_is_awaited() {
    let site = Site::confirmed().await;
    let (_, right) = drop_box(&site, 2000).await;
    let wrong = shown([5; 16]);
    let begin = |headers: &[&str], length: usize| {
        let mut sent = request(HOST, &format!("POST /d/{UNKNOWN}"), headers, &vec![7; length]);
        sent.truncate(sent.len() - length + 1);
        let public = site.public.clone();
        async move { public.exchange(&sent).await.unwrap() }
    };
    let none = site.public.ask("POST /d/x", &[ORIGIN, SEALED, &right], b"").await;
    for headers in [&[ORIGIN, SEALED, &wrong][..], &[ORIGIN, SEALED]] {
        for length in [2000, 2001] {
            let answer = begin(headers, length).await;
            assert_eq!(answer.timeless(), none.timeless(), "{length} bytes declared");
        }
    }
    assert_eq!(begin(&[ORIGIN, SEALED, &right], 2001).await.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_gets_on_may_take_longer_than_the_deadline_and_one_that_stalls_may_not() {
    let mut site = Site::with(|config| config.public.deadline = Duration::from_secs(1)).await;
    site.confirm().await;
    let (_, right) = drop_box(&site, 600_000).await;
    let headers = [ORIGIN, SEALED, &right];
    let sent = request(HOST, &format!("POST /d/{UNKNOWN}"), &headers, &vec![7; 600_000]);
    // Longer than the connection is borne without any leeway.
    let pause = Duration::from_secs(4);
    let stalled = site.public.exchange(&sent[..5_000]).await;
    assert!(stalled.is_err() || stalled.is_ok_and(|answer| answer.status == 408));
    let (begun, rest) = sent.split_at(500_000);
    let answer = site.public.exchange_slowly(begun, pause, rest).await.unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_takes_one_thing_from_whoever_has_its_link() {
    let site = Site::confirmed().await;
    let (drop_request, right) = drop_box(&site, 2000).await;
    let key = site.public.ask(&format!("GET /d/{UNKNOWN}/key"), &[], b"").await;
    let expected = format!(r#"{{"key":"{}","largest":2000}}"#, drop_request.public_key);
    assert_eq!((key.status, key.text()), (200, expected));
    assert_eq!(
        site.public
            .ask("GET /d/AAAAAAAAAAAAAAAAAAAAAg/key", &[], b"")
            .await
            .status,
        404
    );

    let sealed = vec![7; 2000];
    let wrong = shown([5; 16]);
    let put = |id: &'static str, proof: Option<String>, body: Vec<u8>| {
        let public = site.public.clone();
        async move {
            let mut headers = vec![ORIGIN, SEALED];
            headers.extend(proof.as_deref());
            public.ask(&format!("POST /d/{id}"), &headers, &body).await
        }
    };
    let neutral = put(UNKNOWN, Some(wrong), sealed.clone()).await;
    assert_eq!((neutral.status, neutral.text().as_str()), (410, "{}"));
    assert_eq!(put(UNKNOWN, None, vec![1]).await.status, 410);
    assert_eq!(put("x", Some(right.clone()), vec![1]).await.status, 410);
    assert_eq!(put(UNKNOWN, Some(right.clone()), vec![7; 2001]).await.status, 413);
    assert_eq!(
        put(UNKNOWN, Some(right.clone()), sealed.clone()).await.status,
        201
    );
    let again = put(UNKNOWN, Some(right.clone()), sealed.clone()).await;
    assert_eq!(
        (again.status, again.text().as_str()),
        (200, "{}"),
        "the answer may be lost"
    );
    assert_eq!(
        put(UNKNOWN, Some(right), vec![8; 10]).await.status,
        410,
        "one thing"
    );
    let other = put(UNKNOWN, Some(shown([5; 16])), sealed.clone()).await;
    assert_eq!(other.timeless(), neutral.timeless());

    let drops = site.core.get(&site.sync, "/sync/v1/drops").await.text();
    assert!(
        drops.contains(UNKNOWN) && drops.contains("\"size\":2000"),
        "{drops}"
    );
    let path = format!("/sync/v1/drops/{UNKNOWN}");
    assert_eq!(site.core.get(&site.sync, &path).await.body, sealed);
    assert_eq!(site.core.send(&site.sync, "DELETE", &path, b"").await.status, 204);
    assert_eq!(site.core.get(&site.sync, &path).await.status, 404);
}
