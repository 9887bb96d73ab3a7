//! In which language a person is answered.

use std::sync::Arc;

use ui::Lang;

use crate::fake_core::FakeCore;
use crate::site::Site;

const GERMAN: &str = "Accept-Language: de-AT,de;q=0.9,en;q=0.5";

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_proposes_and_the_person_chooses() {
    let site = Site::new();
    let is = |body: &str, lang: &str| body.contains(&format!("<html lang=\"{lang}\">"));
    assert!(is(&site.ask("GET /", &[], b"").await.body, "en"));
    let german = site.ask("GET /", &[GERMAN], b"").await;
    assert!(is(&german.body, "de") && german.headers("set-cookie").is_empty());
    assert!(is(
        &site.ask("GET /nothing-here", &[GERMAN], b"").await.body,
        "de"
    ));

    let chosen = site.ask("GET /forgot?lang=en", &[GERMAN], b"").await;
    assert!(is(&chosen.body, "en"));
    let expected = "__Host-sallyport-lang=en; HttpOnly; SameSite=Strict; Secure; Path=/";
    assert_eq!(chosen.headers("set-cookie"), [expected]);
    let later = site
        .ask("GET /", &[GERMAN, "Cookie: __Host-sallyport-lang=en"], b"")
        .await;
    assert!(is(&later.body, "en"));
    let nonsense = site
        .ask(
            "GET /?lang=xx",
            &[GERMAN, "Cookie: __Host-sallyport-lang=%00"],
            b"",
        )
        .await;
    assert!(is(&nonsense.body, "de") && nonsense.headers("set-cookie").is_empty());
}

/// What the layers in front of the pages refuse is said in the same language as the pages.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_follow_the_choice_too() {
    let site = Site::new();
    let chosen = "Cookie: __Host-sallyport-lang=de";
    for (request, headers) in [
        ("GET /nothing-here", &[chosen, "Accept-Language: en"][..]),
        ("GET /nothing-here?lang=de", &["Accept-Language: en"]),
        (
            "POST /forgot",
            &[chosen, "Accept-Language: en", "Sec-Fetch-Site: cross-site"],
        ),
    ] {
        let refused = site.ask(request, headers, b"").await;
        assert!(refused.status >= 400, "{request}");
        assert!(refused.body.contains("<html lang=\"de\">"), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_that_is_not_offered_is_not_used() {
    let site = Site::with(Arc::new(FakeCore::new()), |config| {
        config.look.languages = vec![Lang::De];
    });
    for headers in [&["Accept-Language: en"][..], &[]] {
        assert!(
            site.ask("GET /?lang=en", headers, b"")
                .await
                .body
                .contains("<html lang=\"de\">")
        );
    }
}
