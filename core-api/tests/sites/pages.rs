//! A site's public pages, fetched over TLS from something that shows what a test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::page::PageClient;
use contract::sync::Token;
use core_api::config::SiteSettings;
use core_api::site::pages::{Digests, differing, expected};
use core_api::worker::pages::Watch;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use selfdestruct::http::drawn::{Drawn, Page};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use ui::{Assets, Lang};

use crate::authority::Authority;
use crate::bench::Bench;

/// What is sent back for a path; nothing, and the connection ends.
type Answers = Box<dyn Fn(&str) -> Option<Vec<u8>> + Send>;

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
        let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let (shown, acceptor) = (Arc::clone(&answers), TlsAcceptor::from(Arc::new(tls)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut line = String::new();
                let mut reading = BufReader::new(&mut stream);
                if reading.read_line(&mut line).await.is_err() {
                    continue;
                }
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                let answer = shown.lock().expect("nobody panics with it")(&path);
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

    fn answer(&self, answers: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) {
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

fn is_start(path: &str) -> bool {
    path.starts_with("/?")
}

#[tokio::test]
async fn a_broken_page_differs_and_hides_no_other() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    outside.trusted_by(&bench);
    let settings = outside.settings(&bench);
    let look = settings.look("Corp", false);
    let client = PageClient::new(settings.public_ca_file.as_deref(), settings.stands_at()).unwrap();
    let look_at = async || {
        let expected = expected(&Digests::of(&look), Token::from([1; 16]));
        differing(&client, settings.public_origin.url(), expected).await
    };
    assert!(look_at().await.is_err(), "nothing was seen, and nothing is said");

    let broken: [(&str, Answers); 3] = [
        (
            "endless",
            Box::new(|path| is_start(path).then(|| answer("200 OK", &vec![b'x'; 1024 * 1024 + 1]))),
        ),
        (
            "cut short",
            Box::new(|path| is_start(path).then(|| answer("200 OK\r\nContent-Length: 900", b"<html>"))),
        ),
        (
            "gone",
            Box::new(|path| is_start(path).then(|| answer("404 Not Found", b""))),
        ),
    ];
    for (what, answers) in broken {
        outside.answer(answers);
        let found = look_at().await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(found.len(), Lang::ALL.len(), "{what}: {found:?}");
        assert!(found.iter().all(|path| is_start(path)), "{what}: {found:?}");
    }

    // What comes last is seen as well.
    outside.answer(|path| (!is_start(path)).then(|| answer("200 OK", b"another")));
    let found = look_at().await.unwrap();
    assert!(found.iter().any(|path| path.starts_with("/m/")), "{found:?}");
}

#[tokio::test]
async fn pages_that_nobody_can_look_at_are_an_alarm_until_somebody_can() {
    let (bench, outside) = (Bench::new().await, Outside::new().await);
    let settings = outside.settings(&bench);
    let drawn = Drawn::of(&settings.look("Corp", false));
    outside.answer(move |path| {
        let (page, query) = path.split_once('?').unwrap_or((path, ""));
        let lang = Lang::ALL
            .into_iter()
            .find(|lang| query == format!("lang={}", lang.tag()));
        let body = match (page.get(..3), lang) {
            (None, Some(lang)) => drawn.page(Page::Home, lang).to_vec(),
            (Some("/m/"), Some(lang)) => drawn.page(Page::Message, lang).to_vec(),
            (Some("/d/"), Some(lang)) => drawn.page(Page::DropBox, lang).to_vec(),
            _ => Assets::all().find(|(asset, ..)| asset == path)?.2.to_vec(),
        };
        Some(answer("200 OK", &body))
    });
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
    outside.answer(|_| None);
    bench.forward(minute * 10);
    bench.site().state().away = true;
    bench.pull("dmz1").await;
    for _ in 0..2 {
        watch.look().await.unwrap();
        assert_eq!(bench.alarms("dmz1").await, ["stale"]);
        bench.forward(minute * 10);
    }
}
