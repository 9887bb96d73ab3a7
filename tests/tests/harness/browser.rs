//! The browser verifies certificates, does what people do, and sees what axe-core sees.

use tests::browser::{Browser, Look, Scripts};
use tests::folder::Folder;
use tests::pki::{Authority, Validity};

use super::https::serve;

const FORM: &str = r#"<!doctype html><html lang="en"><head><title>Form</title>
<meta name="viewport" content="width=device-width"></head><body><main><h1>Form</h1>
<form action="/answer"><label for="name">User name or e-mail</label> <input id="name" name="name">
<label><input type="radio" name="how"> E-mail code</label><button>Continue</button></form>
<noscript><p>No scripts here</p></noscript></main></body></html>"#;
const ANSWER: &str = r#"<!doctype html><html lang="en"><head><title>Answer</title></head><body><main><h1>Thank you</h1>
</main></body></html>"#;
const FAULTY: &str = r#"<!doctype html><html lang="en"><head><title>Faulty</title></head><body><main><h1>Faulty</h1>
<input name="nameless"><p>averyveryveryveryveryveryveryveryveryveryveryveryveryverylongword</p></main></body></html>"#;
const PAGES: &[(&str, &str)] = &[("/", FORM), ("/answer", ANSWER), ("/faulty", FAULTY)];

#[tokio::test(flavor = "multi_thread")]
async fn a_person_fills_a_form_and_reads_the_answer() {
    let (folder, authority) = (Folder::new(), Authority::new("test CA"));
    let port = serve(&authority.issue(&["portal.localhost"], Validity::Now), PAGES).await;
    for scripts in [Scripts::On, Scripts::Off] {
        let browser = Browser::start(&[&authority.write(&folder)], scripts).await;
        browser.open(&format!("https://portal.localhost:{port}/")).await;
        assert_eq!(
            browser.text().await.contains("No scripts here"),
            scripts == Scripts::Off
        );
        browser.fill("User name or e-mail", "alice").await;
        browser.choose("E-mail code").await;
        browser.press("Continue").await;
        browser.expect("Thank you").await;
        assert!(browser.address().await.contains("/answer?name=alice&how=on"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_foreign_expired_or_of_another_name_is_refused() {
    let (folder, authority) = (Folder::new(), Authority::new("test CA"));
    let browser = Browser::start(&[&authority.write(&folder)], Scripts::On).await;
    let cases = [
        (
            Authority::new("test CA").issue(&["portal.localhost"], Validity::Now),
            "ERR_CERT_AUTHORITY_INVALID",
        ),
        (
            authority.issue(&["portal.localhost"], Validity::Expired),
            "ERR_CERT_DATE_INVALID",
        ),
        (
            authority.issue(&["console.localhost"], Validity::Now),
            "ERR_CERT_COMMON_NAME_INVALID",
        ),
    ];
    for (issued, refusal) in cases {
        let port = serve(&issued, PAGES).await;
        let error = browser
            .try_open(&format!("https://portal.localhost:{port}/"))
            .await
            .expect_err(refusal);
        assert!(error.contains(refusal), "{refusal} expected, but: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_accessibility_and_of_width_are_seen_and_a_sound_page_has_none() {
    let (folder, authority) = (Folder::new(), Authority::new("test CA"));
    let port = serve(&authority.issue(&["portal.localhost"], Validity::Now), PAGES).await;
    let browser = Browser::start(&[&authority.write(&folder)], Scripts::On).await;
    browser.look(Look::Narrow).await;
    browser.open(&format!("https://portal.localhost:{port}/")).await;
    browser.expect_accessible().await;
    assert!(!browser.overflows().await);
    browser
        .open(&format!("https://portal.localhost:{port}/faulty"))
        .await;
    let found = browser.accessibility().await;
    assert!(
        found
            .iter()
            .any(|one| one.id == "label" && one.places == ["input"]),
        "{found:?}"
    );
    assert!(browser.overflows().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_seen_in_each_look() {
    let (folder, authority) = (Folder::new(), Authority::new("test CA"));
    let port = serve(&authority.issue(&["portal.localhost"], Validity::Now), PAGES).await;
    let browser = Browser::start(&[&authority.write(&folder)], Scripts::On).await;
    browser.open(&format!("https://portal.localhost:{port}/")).await;
    let file = folder.join("look.png");
    for (look, width, dark) in [
        (Look::Light, 1280, false),
        (Look::Dark, 1280, true),
        (Look::Narrow, 320, false),
    ] {
        browser.look(look).await;
        let seen = "return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]";
        assert_eq!(browser.script(seen, &[]).await, serde_json::json!([width, dark]));
        browser.screenshot(&file).await;
        let picture = std::fs::read(&file).expect("a picture was written");
        // PNG (RFC 2083): eight bytes of signature, then the header chunk with the width.
        assert_eq!(picture[16..20], u32::to_be_bytes(width));
    }
}
