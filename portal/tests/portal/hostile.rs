//! What does not come from our own pages, or not in the shape that they send.

use crate::problems::has_reference;
use crate::site::{FORM, ORIGIN, Page, Site, cookie};

const STEP: usize = 2048;

fn is_padded_page(page: &Page) {
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert_eq!(page.body.len() % STEP, 0, "{}", page.body.len());
    assert!(page.body.trim_end().ends_with("</html>"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_host_changes_nothing() {
    let site = Site::new();
    let honest = site.ask("GET /forgot", &[], b"").await;
    is_padded_page(&honest);
    let forged = b"GET /forgot HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n";
    let forged = site.exchange(forged).await;
    assert_eq!(forged.body, honest.body);
    let led = b"GET /recovery HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(site.exchange(led).await.leads_to(), "/?news=over");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_can_make_nobody_act() {
    let site = Site::new();
    let own = format!("Origin: {ORIGIN}");
    for headers in [
        vec!["Origin: https://evil.example"],
        vec!["Sec-Fetch-Site: cross-site", own.as_str()],
        vec!["Sec-Fetch-Site: same-site"],
        vec!["Origin: null"],
        vec![],
    ] {
        for path in [
            "/forgot",
            "/recovery/act",
            "/recovery/send",
            "/enrol/remove",
            "/not-me",
        ] {
            let cookie = cookie();
            let all: Vec<&str> = [FORM, &cookie]
                .into_iter()
                .chain(headers.iter().copied())
                .collect();
            let page = site
                .ask(&format!("POST {path}"), &all, b"identifier=alice&token=t")
                .await;
            assert_eq!(page.status, 403, "{path} {headers:?}");
            is_padded_page(&page);
            assert!(page.body.contains("Please start from the first page") && has_reference(&page));
        }
    }
    assert!(site.core.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_gets_a_page_and_reaches_nobody() {
    let site = Site::new();
    let (cookie, site_header) = (cookie(), "Sec-Fetch-Site: same-origin");
    let form = [FORM, site_header, &cookie];
    let json = ["Content-Type: application/json", site_header, &cookie];
    let no_type = [site_header, cookie.as_str()];
    let large = format!("identifier={}", "a".repeat(17 * 1024));
    for (line, headers, body, status) in [
        ("POST /forgot", &form[..], large.as_bytes(), 413),
        ("POST /forgot", &json, b"{}", 415),
        ("POST /forgot", &no_type, b"identifier=alice", 415),
        ("POST /forgot", &form, b"identifier=%ff%fe", 400),
        ("POST /forgot", &form, b"identifier=\xff", 400),
        ("POST /forgot", &form, b"identifier=a&identifier=b", 400),
        ("POST /recovery/act", &form, b"action=delete&key=k", 400),
        ("POST /recovery/act", &form, b"", 400),
        ("GET /nothing-here", &form, b"", 404),
        ("GET /assets/0000000000000000/site.css", &form, b"", 404),
        ("DELETE /recovery", &form, b"", 405),
        ("GET /recovery/act", &form, b"", 405),
    ] {
        let page = site.ask(line, headers, body).await;
        assert_eq!(page.status, status, "{line}: {page:?}");
        is_padded_page(&page);
        assert!(has_reference(&page), "{line}");
    }
    assert!(site.core.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_may_be_kept_and_pages_may_not() {
    let site = Site::new();
    let home = site.ask("GET /", &[], b"").await;
    let css = home
        .body
        .split("href=\"")
        .find(|rest| rest.contains("site.css\""))
        .unwrap();
    let css = css.split('"').next().unwrap();
    let asset = site.ask(&format!("GET {css}"), &[], b"").await;
    assert_eq!(
        (asset.status, asset.header("content-type")),
        (200, "text/css; charset=utf-8")
    );
    assert!(asset.header("cache-control").contains("immutable"));
    let head = site.ask("HEAD /", &[], b"").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(
        site.ask("GET /robots.txt", &[], b"").await.body,
        "User-agent: *\nDisallow: /\n"
    );
}
