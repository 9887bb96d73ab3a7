//! A site's public pages, fetched over TLS from something that shows what a test wants.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::ClientError;
use client::page::PageClient;
use contract::sync::{Token, What};
use core_api::config::SiteSettings;
use core_api::site::pages::{Digests, Found, Ids, Public, WITHIN, expected, look};
use core_api::worker::pages::Watch;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use selfdestruct::http::drawn::{Drawn, Page};
use server::headers;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use ui::{Assets, Lang};

use crate::authority::Authority;
use crate::bench::Bench;

/// What is sent back for a path and the language that is asked for; nothing, and the connection ends.
type Answers = Box<dyn Fn(&str, &str) -> Option<Vec<u8>> + Send>;

/// Something that stands where a site's public listener should be.
struct Outside {
    authority: Authority,
    address: SocketAddr,
    answers: Arc<Mutex<Answers>>,
}

impl Outside {
    async fn new() -> Self {
        let authority = Authority::new();
        let (chain, key) = authority.issue();
        let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("they fit");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("an address");
        let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(Box::new(|_, _| None)));
        let (shown, acceptor) = (Arc::clone(&answers), TlsAcceptor::from(Arc::new(tls)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut head = String::new();
                let mut reading = BufReader::new(&mut stream);
                while !head.ends_with("\r\n\r\n")
                    && reading.read_line(&mut head).await.is_ok_and(|read| read > 0)
                {}
                let path = head.split(' ').nth(1).unwrap_or_default();
                let lang = head
                    .lines()
                    .find_map(|line| line.strip_prefix("accept-language: "));
                let answer = shown.lock().expect("nobody panics with it")(path, lang.unwrap_or_default());
                // Whoever has seen enough hangs up, and an end without a goodbye is what a cut looks like.
                drop(stream.write_all(&answer.unwrap_or_default()).await);
                drop(stream.shutdown().await);
            }
        });
        Self {
            authority,
            address,
            answers,
        }
    }

    fn answer(&self, answers: impl Fn(&str, &str) -> Option<Vec<u8>> + Send + 'static) {
        *self.answers.lock().expect("nobody panics with it") = Box::new(answers);
    }

    fn trusted_by(&self, bench: &Bench) {
        std::fs::write(bench.public_ca(), self.authority.pem()).expect("the test's folder is writable");
    }

    fn settings(&self, bench: &Bench) -> SiteSettings {
        SiteSettings {
            public_address: Some(self.address),
            ..bench.core.site("dmz1").expect("it is configured").clone()
        }
    }
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

const IDS: [u8; 2] = [1, 2];

/// All pages and files of the site, asked for with the same ids each time.
fn all(settings: &SiteSettings) -> Vec<Public> {
    let [message, drop_box] = IDS.map(|byte| Token::from([byte; 16]));
    let digests = Digests::of(&settings.look("Corp", false));
    let messages = vec![message];
    expected(&digests, &Ids { messages, drop_box })
}

fn is_start(path: &str) -> bool {
    path == "/" || path.starts_with("/?") || path.starts_with("/ (")
}

/// What a site of this release sends, but for this header, which is put in the place of one of the same name.
fn as_built(drawn: &Drawn, path: &str, asked: &str, header: (&str, &str)) -> Option<Vec<u8>> {
    let (page, query) = path.split_once('?').unwrap_or((path, ""));
    let lang = Lang::negotiate(query.strip_prefix("lang="), Some(asked));
    let page = match page.get(..3) {
        None => Some(Page::Home),
        Some("/m/") => Some(Page::Message),
        Some("/d/") => Some(Page::DropBox),
        Some(_) => None,
    };
    let (kind, caching, body) = if let Some(page) = page {
        let body = drawn.page(page, lang).to_vec();
        ("text/html; charset=utf-8", headers::NOT_KEPT, body)
    } else {
        let (_, kind, bytes) = Assets::all().find(|(asset, ..)| asset == path)?;
        (kind, Assets::CACHING, bytes.to_vec())
    };
    let own = [("content-type", kind), ("cache-control", caching)];
    let headers = headers::ALWAYS.into_iter().chain(own);
    let mut head = "200 OK".to_owned();
    for (name, value) in headers.filter(|(name, _)| *name != header.0).chain([header]) {
        if !value.is_empty() {
            write!(head, "\r\n{name}: {value}").expect("a text takes everything");
        }
    }
    Some(answer(&head, &body))
}

#[tokio::test]
async fn a_broken_page_differs_and_hides_no_other() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    outside.trusted_by(&bench);
    let settings = outside.settings(&bench);
    let client = PageClient::new(settings.public_ca_file.as_deref(), settings.stands_at()).unwrap();
    let look_at = async || look(&client, settings.public_origin.url(), all(&settings), WITHIN).await;
    let Found {
        differing, unseen, ..
    } = look_at().await;
    assert_eq!(differing, [""; 0], "nothing was seen, and nothing is said");
    assert!(unseen.is_some());

    let broken: [(&str, Answers); 3] = [
        (
            "endless",
            Box::new(|path, _| is_start(path).then(|| answer("200 OK", &vec![b'x'; 1024 * 1024 + 1]))),
        ),
        (
            "cut short",
            Box::new(|path, _| is_start(path).then(|| answer("200 OK\r\nContent-Length: 900", b"<html>"))),
        ),
        (
            "gone",
            Box::new(|path, _| is_start(path).then(|| answer("404 Not Found", b""))),
        ),
    ];
    for (what, answers) in broken {
        outside.answer(answers);
        let Found {
            differing: found,
            unseen,
            ..
        } = look_at().await;
        assert!(unseen.is_some(), "{what}: the others were not seen");
        assert_eq!(found.len(), 2 * Lang::ALL.len(), "{what}: {found:?}");
        assert!(found.iter().all(|path| is_start(path)), "{what}: {found:?}");
    }

    // What comes last is seen as well.
    outside.answer(|path, _| (!is_start(path)).then(|| answer("200 OK", b"another")));
    let found = look_at().await.differing;
    assert!(found.iter().any(|path| path.starts_with("/m/")), "{found:?}");
}

#[tokio::test]
async fn what_differs_only_for_those_who_follow_a_link_or_only_in_a_header_is_found() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    outside.trusted_by(&bench);
    let settings = outside.settings(&bench);
    let client = PageClient::new(settings.public_ca_file.as_deref(), settings.stands_at()).unwrap();
    let found = async |changed: Answers| {
        outside.answer(changed);
        let expected = all(&settings);
        let count = expected.len();
        let found = look(&client, settings.public_origin.url(), expected, WITHIN).await;
        assert!(found.unseen.is_none(), "everything was seen");
        (count, found.differing)
    };
    let drawn = || Drawn::of(&settings.look("Corp", false));

    // A proxy may add what it likes.
    let fine = drawn();
    let (_, none) = found(Box::new(move |path, lang| {
        as_built(&fine, path, lang, ("via", "1.1 proxy"))
    }))
    .await;
    assert_eq!(none, [""; 0]);

    let followed = drawn();
    let (_, links) = found(Box::new(move |path, lang| {
        let is_followed = path.starts_with("/m/") && !path.contains('?') && lang == "de";
        let built = || as_built(&followed, path, lang, ("x-other", ""));
        if is_followed {
            Some(answer("200 OK", b"another"))
        } else {
            built()
        }
    }))
    .await;
    let id = Token::from([1; 16]);
    assert_eq!(links, [format!("/m/{id} (Accept-Language: de)")]);

    for (name, value) in [
        ("content-security-policy", ""),
        ("content-security-policy", "default-src *"),
        ("x-content-type-options", ""),
        ("content-type", "text/plain"),
        ("cache-control", "max-age=60"),
        ("refresh", "0; url=https://elsewhere.example"),
        ("link", "<https://elsewhere.example/x.css>; rel=stylesheet"),
        ("speculation-rules", r#""https://elsewhere.example/rules""#),
        ("content-encoding", "identity"),
        ("set-cookie", "visitor=1"),
        ("clear-site-data", r#""*""#),
        ("alt-svc", r#"h2="elsewhere.example:443""#),
        (
            "content-security-policy-report-only",
            "default-src 'none'; report-uri https://elsewhere.example",
        ),
        ("report-to", "{}"),
        ("reporting-endpoints", r#"default="https://elsewhere.example""#),
        ("nel", "{}"),
        // One put in the place of the own one says the same twice.
        (
            "strict-transport-security",
            "max-age=31536000\r\nstrict-transport-security: max-age=31536000",
        ),
    ] {
        let drawn = drawn();
        let (count, wrong) = found(Box::new(move |path, lang| {
            as_built(&drawn, path, lang, (name, value))
        }))
        .await;
        assert_eq!(wrong.len(), count, "{name}: {value}: {wrong:?}");
        assert!(
            wrong.iter().all(|told| told.ends_with(&format!(": {name}"))),
            "{wrong:?}"
        );
    }
}

#[tokio::test]
async fn a_header_that_stands_hides_no_policy_and_that_no_body() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    outside.trusted_by(&bench);
    let settings = outside.settings(&bench);
    let drawn = || Drawn::of(&settings.look("Corp", false));
    let mut watch = Watch::new(Arc::clone(&bench.core), settings.clone());
    let sends = |header: &'static str, value: &'static str| {
        let drawn = drawn();
        outside.answer(move |path, lang| as_built(&drawn, path, lang, (header, value)));
    };
    let twice = "max-age=31536000\r\nstrict-transport-security: max-age=31536000";

    for looks in 1..=2 {
        sends("strict-transport-security", twice);
        watch.look().await.unwrap();
        let told = bench.subjects("dmz1").await;
        assert!(
            told[0].ends_with(": strict-transport-security"),
            "{looks}: {told:?}"
        );
        assert_eq!((told.len(), bench.audited("pages-changed").await), (1, 1));
    }
    // The worst of several is told, of pages as well as of headers.
    let fine = drawn();
    outside.answer(move |path, lang| {
        let sent = as_built(&fine, path, lang, ("strict-transport-security", twice))?;
        let lax = String::from_utf8_lossy(&sent).replace("script-src 'self'", "script-src *");
        Some(if path.starts_with("/m/") {
            lax.into_bytes()
        } else {
            sent
        })
    });
    watch.look().await.unwrap();
    let told = bench.subjects("dmz1").await;
    let policy = "/m/… (Accept-Language: en): content-security-policy";
    assert_eq!(
        (told, bench.audited("pages-changed").await),
        (vec![policy.to_owned()], 2)
    );

    let fine = drawn();
    outside.answer(move |path, lang| {
        let is_script = Assets::all().any(|(asset, kind, _)| asset == path && kind.contains("javascript"));
        if is_script {
            return Some(answer("200 OK", b"another"));
        }
        as_built(&fine, path, lang, ("content-security-policy", ""))
    });
    watch.look().await.unwrap();
    let told = bench.subjects("dmz1").await;
    assert!(told.len() == 1 && told[0].starts_with("/assets/"), "{told:?}");
    assert_eq!(bench.audited("pages-changed").await, 3);

    // What is less bad is no news, and it is over when all is right.
    sends("strict-transport-security", twice);
    watch.look().await.unwrap();
    assert_eq!(bench.subjects("dmz1").await, told);
    sends("x-other", "");
    watch.look().await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn what_is_shown_for_a_message_that_is_there_is_seen() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    outside.trusted_by(&bench);
    let settings = outside.settings(&bench);
    let drawn = || Drawn::of(&settings.look("Corp", false));
    let mut watch = Watch::new(Arc::clone(&bench.core), settings.clone());
    let kept = drawn();
    outside.answer(move |path, lang| as_built(&kept, path, lang, ("cache-control", "")));
    watch.look().await.unwrap();
    assert!(bench.subjects("dmz1").await[0].ends_with(": cache-control"));

    // What stands for an id that nobody has takes no eye off the others.
    let message = bench.send("dmz1").await;
    bench.push("dmz1").await;
    let changed_for_it = |header: &'static str| {
        let (drawn, id) = (drawn(), message.to_string());
        outside.answer(move |path, lang| {
            if path.contains(&id) {
                return Some(answer("200 OK", b"another"));
            }
            as_built(&drawn, path, lang, (header, ""))
        });
    };
    changed_for_it("cache-control");
    for _ in 0..2 {
        watch.look().await.unwrap();
    }
    let told = bench.subjects("dmz1").await;
    assert_eq!(told, ["/m/… (Accept-Language: en)"], "of no id that somebody has");

    // It is asked for until it is right, also when it has ended.
    bench.site().open(message);
    bench.pull("dmz1").await;
    changed_for_it("x-other");
    for _ in 0..3 {
        watch.look().await.unwrap();
        assert_eq!(bench.subjects("dmz1").await, told);
    }
    assert_eq!(bench.audited("pages-changed").await, 2);
    let right = drawn();
    outside.answer(move |path, lang| as_built(&right, path, lang, ("x-other", "")));
    watch.look().await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn a_page_of_one_message_that_nobody_can_fetch_is_an_alarm_until_somebody_can() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    outside.trusted_by(&bench);
    let settings = outside.settings(&bench);
    let drawn = || Drawn::of(&settings.look("Corp", false));
    let message = bench.send("dmz1").await;
    bench.push("dmz1").await;
    let (right, id) = (drawn(), message.to_string());
    outside.answer(move |path, lang| {
        (!path.contains(&id)).then(|| as_built(&right, path, lang, ("x-other", "")))?
    });
    let mut watch = Watch::new(Arc::clone(&bench.core), settings.clone());
    for _ in 0..5 {
        watch.look().await.unwrap();
        assert!(bench.alarms("dmz1").await.is_empty());
        bench.forward(Duration::from_mins(1));
    }
    watch.look().await.unwrap();
    assert_eq!(bench.alarms("dmz1").await, ["pages-unseen"]);
    let right = drawn();
    outside.answer(move |path, lang| as_built(&right, path, lang, ("x-other", "")));
    watch.look().await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn each_message_whose_page_differs_is_asked_for_until_it_is_right() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    outside.trusted_by(&bench);
    let settings = outside.settings(&bench);
    let shows = |lax: Option<Token>, another: Option<Token>| {
        let drawn = Drawn::of(&settings.look("Corp", false));
        let [lax, another] = [lax, another].map(|id| id.map(|id| id.to_string()));
        outside.answer(move |path, lang| {
            let is_of = |id: &Option<String>| id.as_ref().is_some_and(|id| path.contains(id));
            if is_of(&another) {
                return Some(answer("200 OK", b"another"));
            }
            let header = if is_of(&lax) { "cache-control" } else { "x-other" };
            as_built(&drawn, path, lang, (header, ""))
        });
    };
    let mut watch = Watch::new(Arc::clone(&bench.core), settings.clone());
    let first = bench.send("dmz1").await;
    bench.push("dmz1").await;
    shows(Some(first), None);
    watch.look().await.unwrap();
    assert!(bench.subjects("dmz1").await[0].ends_with(": cache-control"));

    // Which of the two is looked at is a matter of chance.
    let worse = bench.send("dmz1").await;
    bench.push("dmz1").await;
    shows(Some(first), Some(worse));
    while bench.subjects("dmz1").await[0].ends_with(": cache-control") {
        watch.look().await.unwrap();
    }
    shows(Some(first), None);
    for _ in 0..4 {
        watch.look().await.unwrap();
        assert_eq!(bench.alarms("dmz1").await, ["pages-changed"]);
    }
    shows(None, None);
    watch.look().await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty());
}

#[tokio::test]
async fn what_takes_too_long_was_not_seen() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    outside.trusted_by(&bench);
    let settings = outside.settings(&bench);
    let drawn = Drawn::of(&settings.look("Corp", false));
    outside.answer(move |path, lang| as_built(&drawn, path, lang, ("x-other", "")));
    let client = PageClient::new(settings.public_ca_file.as_deref(), settings.stands_at()).unwrap();
    let found = look(
        &client,
        settings.public_origin.url(),
        all(&settings),
        Duration::ZERO,
    )
    .await;
    assert_eq!(found.differing, [""; 0]);
    assert!(matches!(found.unseen, Some(ClientError::TimedOut)), "{found:?}");
    assert!(WITHIN < Duration::from_mins(1), "the watch looks each minute");
}

#[tokio::test]
async fn pages_that_nobody_can_look_at_are_an_alarm_until_somebody_can() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    let settings = outside.settings(&bench);
    let drawn = Drawn::of(&settings.look("Corp", false));
    outside.answer(move |path, lang| as_built(&drawn, path, lang, ("x-other", "")));
    let minute = Duration::from_mins(1);
    let mut watch = Watch::new(Arc::clone(&bench.core), settings);

    // The authority's file is not there, as after a slip of the hand.
    for _ in 0..5 {
        watch.look().await.unwrap();
        assert!(
            bench.alarms("dmz1").await.is_empty(),
            "it may be a matter of minutes"
        );
        bench.forward(minute);
    }
    watch.look().await.unwrap();
    assert_eq!(bench.alarms("dmz1").await, ["pages-unseen"]);
    outside.trusted_by(&bench);
    watch.look().await.unwrap();
    assert!(bench.alarms("dmz1").await.is_empty(), "the file was read again");

    // A site that does not answer at all has its alarm.
    outside.answer(|_, _| None);
    bench.forward(minute * 10);
    bench.site().state().away = true;
    bench.pull("dmz1").await;
    for _ in 0..2 {
        watch.look().await.unwrap();
        assert_eq!(bench.alarms("dmz1").await, ["stale"]);
        bench.forward(minute * 10);
    }
}

#[tokio::test]
async fn one_page_that_differs_does_not_hide_that_the_others_cannot_be_seen() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    outside.trusted_by(&bench);
    outside.answer(|path, _| is_start(path).then(|| answer("200 OK", b"another")));
    let mut watch = Watch::new(Arc::clone(&bench.core), outside.settings(&bench));
    for alarms in [&["pages-changed"][..], &["pages-changed", "pages-unseen"]] {
        watch.look().await.unwrap();
        assert_eq!(bench.alarms("dmz1").await, alarms);
        bench.forward(Duration::from_mins(5));
    }
    watch.look().await.unwrap();
    assert_eq!(bench.alarms("dmz1").await.len(), 2, "both stand on");
}

/// Whoever took it off the net because of that knows why its pages cannot be seen.
#[tokio::test]
async fn a_troubled_site_whose_pages_cannot_be_seen_has_its_alarm_already() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    bench.site().happened(What::Noise { pages: 1, misses: 0 });
    bench.site().state().tamper = Some(Box::new(|answer| {
        answer.events[0].event = answer.events[0].event.replace("\"pages\":1", "\"pages\":9");
    }));
    bench.pull("dmz1").await;
    assert_eq!(bench.alarms("dmz1").await, ["event-changed"]);
    let mut watch = Watch::new(Arc::clone(&bench.core), outside.settings(&bench));
    for _ in 0..3 {
        watch.look().await.unwrap();
        assert_eq!(bench.alarms("dmz1").await, ["event-changed"]);
        bench.forward(Duration::from_mins(10));
    }
}
