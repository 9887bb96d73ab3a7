//! What was sent plain is sealed on arrival; what the browser sealed is passed on untouched.

use std::sync::Arc;

use contract::recovery::{Method, Stage};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use seal::{KeyRing, SealBlock, os_random};

use crate::fake_core::{FakeCore, HANDLE};
use crate::site::Site;

fn choose() -> Stage {
    Stage::Choose {
        methods: vec![Method::Totp],
    }
}

/// The box in what the core was sent.
fn boxed(asked: &str) -> String {
    asked
        .split("\"box\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_fields_arrive_at_the_core_in_a_box_and_nowhere_else() {
    let site = Site::new();
    let block = site.core.block(Some("change"));
    let (old, new) = ("Geheim 1 & \"ß\" ", "N€ues-Kennwort-7");
    let form = [
        ("action", "change"),
        ("key", "AAAAAAAAAAAAAAAAAAAAAA"),
        ("seal", &block),
        ("current", old),
        ("new", new),
        ("repeat", new),
    ];
    site.core.will_show(choose());
    assert_eq!(site.post("/recovery/act", &form).await.leads_to(), "/recovery");
    let asked = site.core.asked().concat();
    for secret in [old, new] {
        let json = serde_json::to_string(secret).unwrap();
        let forms = [
            secret.to_owned(),
            json.trim_matches('"').to_owned(),
            BASE64.encode(secret.as_bytes()),
            HEXLOWER.encode(secret.as_bytes()),
        ];
        for form in forms {
            assert!(!asked.contains(&form), "{form}");
        }
    }
    let plain = site.core.ring.open(&block, &boxed(&asked)).unwrap();
    let plain: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(
        plain,
        serde_json::json!({"current": old, "new": new, "repeat": new})
    );

    site.core.will_show(choose());
    site.post("/recovery/prove", &[("seal", &block), ("code", "123456")])
        .await;
    let plain = site
        .core
        .ring
        .open(&block, &boxed(&site.core.asked().concat()))
        .unwrap();
    assert_eq!(plain.as_slice(), br#"{"code":"123456"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_of_the_browser_is_passed_on_as_it_is() {
    let site = Site::new();
    site.core.will_show(choose());
    let form = [
        ("seal", "{\"any\": \"text\"}"),
        ("box", "Ym94"),
        ("code", "left over"),
    ];
    site.post("/recovery/prove", &form).await;
    assert_eq!(
        site.core.asked(),
        [format!(
            r#"prove {HANDLE} {{"seal":"{{\"any\": \"text\"}}","box":"Ym94"}}"#
        )]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sealed_to_a_key_that_the_core_did_not_publish() {
    let site = Site::new();
    let stranger = KeyRing::generate(0, &mut os_random);
    let block = SealBlock::new(stranger.block_key(), "rid".into(), "reset", None, "c", 1).to_json();
    let page = site
        .post("/recovery/prove", &[("seal", &block), ("code", "123456")])
        .await;
    assert_eq!(page.status, 409);
    assert!(page.body.contains("This page was too old") && page.body.contains("href=\"/recovery\""));
    let page = site
        .post("/recovery/prove", &[("seal", "{}"), ("code", "123456")])
        .await;
    assert_eq!(page.status, 400);
    let page = site.post("/recovery/prove", &[("code", "123456")]).await;
    assert_eq!(page.status, 400);
    assert!(site.core.asked().is_empty());

    let unpinned = Site::with(Arc::new(FakeCore::new()), |config| {
        config.core.signing_key = seal::SigningKey::generate(&mut os_random).pinned();
    });
    let block = unpinned.core.block(None);
    let page = unpinned
        .post("/recovery/prove", &[("seal", &block), ("code", "123456")])
        .await;
    assert_eq!(page.status, 500, "a document that the pinned key did not sign");
    assert!(unpinned.core.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_browsers_must_seal_nothing_plain_has_a_name_or_is_taken() {
    let site = Site::with(Arc::new(FakeCore::new()), |config| {
        config.require_browser_sealing = true;
    });
    let seal = site.core.block(None);
    site.core.will_show(Stage::Challenge {
        method: Method::Totp,
        methods: vec![Method::Totp],
        seal: seal.clone(),
        wrong: false,
        sent_an_hour: None,
    });
    let page = site.get("/recovery").await;
    assert!(page.body.contains("data-secret=\"code\"") && !page.body.contains("name=\"code\""));
    assert_eq!(BASE64URL_NOPAD.decode(HANDLE.as_bytes()).unwrap().len(), 32);
    site.core.asked();
    let page = site
        .post("/recovery/prove", &[("seal", &seal), ("code", "123456")])
        .await;
    assert_eq!(page.status, 400);
    assert!(site.core.asked().is_empty());
}
