//! A running site that was paired as an administrator does it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use contract::sync::{PushHead, Token};
use metrics_exporter_prometheus::PrometheusBuilder;
use rcgen::generate_simple_self_signed;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use selfdestruct::config::{Limits, SiteConfig};
use selfdestruct::given::{Clock, Unwatched};
use selfdestruct::machine::OsRandom;
use selfdestruct::pair::{pair, read_pairing};
use selfdestruct::serve::{Opened, Surroundings};
use selfdestruct::site::Given;
use server::tls::{Clients, TlsFiles, install_crypto};
use server::{Ended, ListenerSettings, Order};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::core::Core;
use crate::line::{Answer, Line};

pub(crate) const HOST: &str = "secret.corp.example";
pub(crate) const ORIGIN: &str = "Origin: https://secret.corp.example";
/// 25 November 2026.
pub(crate) const NOW: i64 = 1_795_600_000_000;

/// Wall time is moved by hand; spans run.
pub(crate) struct HandClock {
    wall: AtomicI64,
}

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl HandClock {
    pub(crate) fn set(&self, now_ms: i64) {
        self.wall.store(now_ms, Ordering::Relaxed);
    }
}

impl Clock for HandClock {
    fn now_ms(&self) -> i64 {
        self.wall.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Duration {
        BEGAN.elapsed()
    }
}

pub(crate) struct Site {
    pub(crate) core: Core,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) public: Line,
    pub(crate) sync: Line,
    pub(crate) health: SocketAddr,
    pub(crate) config: SiteConfig,
    pub(crate) folder: TempDir,
    orders: mpsc::Sender<Order>,
    running: JoinHandle<Ended>,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A site whose configuration was changed.
    pub(crate) async fn with(change: impl FnOnce(&mut SiteConfig)) -> Self {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let own = generate_simple_self_signed(vec![HOST.to_owned()]).unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("public.pem"), own.cert.pem()).unwrap();
        std::fs::write(file("public.key"), own.signing_key.serialize_pem()).unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let clock = Arc::new(HandClock {
            wall: AtomicI64::new(NOW),
        });
        let handed_over = file("pairing-of-core.json");
        let paired = async || {
            let pairing = read_pairing(&handed_over).unwrap();
            pair(&config, given(&clock), &pairing, false).await.unwrap()
        };
        let core = Core::pair(&handed_over, paired).await;
        let opened = open(&config, &clock).await;
        let (orders, receiver) = mpsc::channel(1);
        let line = |address, name, tls| Line { address, name, tls };
        let public = line(opened.public(), HOST, anonymous(&file("public.pem")));
        let sync = line(opened.sync(), "selfdestruct", core.tls(&config));
        let health = opened.health().expect("it has a listener for that");
        let running = tokio::spawn(opened.run(receiver));
        Self {
            core,
            clock,
            public,
            sync,
            health,
            config,
            folder,
            orders,
            running,
        }
    }

    /// One that the core has confirmed: messages are handed out.
    pub(crate) async fn confirmed() -> Self {
        let mut site = Self::new().await;
        site.confirm().await;
        site
    }

    /// The core asks for what happened, and so confirms the chain.
    pub(crate) async fn confirm(&mut self) {
        let answer = self.core.get(&self.sync, &self.core.events(0)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Pushes a message and gives its id and the proof of its link.
    pub(crate) async fn push(&self, number: u8, passphrase: Option<[u8; 32]>, content: &[u8]) -> Message {
        let message = Message::new(number, passphrase, self.core.now_ms);
        let body = contract::sync::push_body(&message.head(), content);
        let path = format!("/sync/v1/messages/{}", message.id);
        let answer = self.core.send(&self.sync, "PUT", &path, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        message
    }

    /// Opens as the page does.
    pub(crate) async fn open(&self, id: &str, body: &str) -> Answer {
        let headers = [
            ORIGIN,
            "Sec-Fetch-Site: same-origin",
            "Content-Type: application/json",
        ];
        self.public
            .ask(&format!("POST /m/{id}/open"), &headers, body.as_bytes())
            .await
    }

    /// What is told on loopback.
    pub(crate) async fn told(&self, path: &str) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(self.health).await.unwrap();
        let request = crate::line::request("localhost", &format!("GET {path}"), &[], b"");
        stream.write_all(&request).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    /// Ends it, and gives its folder for another life.
    pub(crate) async fn stop(self) -> (SiteConfig, Arc<HandClock>, TempDir) {
        self.orders.send(Order::Stop).await.unwrap();
        assert_eq!(self.running.await.unwrap(), Ended::Drained);
        (self.config, self.clock, self.folder)
    }
}

pub(crate) fn given(clock: &Arc<HandClock>) -> Given {
    Given {
        clock: Arc::<HandClock>::clone(clock),
        randomness: Arc::new(OsRandom),
        steps: Arc::new(Unwatched),
    }
}

pub(crate) async fn open(config: &SiteConfig, clock: &Arc<HandClock>) -> Opened {
    let surroundings = Surroundings {
        given: given(clock),
        sockets: None,
        metrics: PrometheusBuilder::new().build_recorder().handle(),
    };
    Opened::new(config, surroundings).await.unwrap()
}

pub(crate) fn anonymous(certificate: &Path) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder().with_root_certificates(trusting(certificate));
    Arc::new(builder.with_no_client_auth())
}

pub(crate) fn trusting(certificate: &Path) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certificate).unwrap())
        .unwrap();
    roots
}

pub(crate) fn config(folder: &Path) -> SiteConfig {
    let data_dir = folder.join("data");
    let files = |cert, key, clients| Some(TlsFiles { cert, key, clients });
    let listener = |tls, body_limit| ListenerSettings {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        sources: Vec::new(),
        tls,
        trusted_proxies: Vec::new(),
        deadline: Duration::from_mins(2),
        body_limit,
        rate: None,
        connections: None,
    };
    let public = files(
        folder.join("public.pem"),
        folder.join("public.key"),
        Clients::Anybody,
    );
    let sync = files(
        data_dir.join("sync.pem"),
        data_dir.join("sync.key"),
        Clients::Pinned(Vec::new()),
    );
    let largest = 10 << 20;
    SiteConfig {
        public: listener(public, 4 * 1024),
        sync: listener(sync, largest + 64 * 1024),
        confirm_within: Duration::from_mins(2),
        lease: Duration::from_mins(2),
        limits: Limits {
            largest: largest as u64,
            most_stored: 1 << 30,
            most_messages: 1000,
            most_dropped: 1 << 30,
        },
        health: Some(listener(None, 4 * 1024)),
        keys_dir: folder.join("keys"),
        data_dir,
    }
}

/// A message as its sender knows it.
pub(crate) struct Message {
    pub(crate) id: Token,
    link: [u8; 32],
    passphrase: Option<[u8; 32]>,
    expires_at: i64,
}

impl Message {
    pub(crate) fn new(number: u8, passphrase: Option<[u8; 32]>, now_ms: i64) -> Self {
        Self {
            id: Token::from([number; 16]),
            link: [number ^ 0x55; 32],
            passphrase,
            expires_at: now_ms + 3_600_000,
        }
    }

    pub(crate) fn head(&self) -> PushHead {
        let hash = |proof: &[u8; 32]| contract::sync::Digest::from(<[u8; 32]>::from(Sha256::digest(proof)));
        PushHead {
            id: self.id,
            header: r#"{"v":1,"p":"","k":"text"}"#.to_owned(),
            nonce: [9; 12].into(),
            link: hash(&self.link),
            open: self.passphrase.as_ref().map(hash),
            policy: contract::sync::Policy {
                expires_at: self.expires_at,
                readings: 1,
                max_wrong: 5,
            },
        }
    }

    /// What the browser of somebody with the whole link sends.
    pub(crate) fn proofs(&self, claim: u8) -> String {
        proofs(self.link, self.passphrase, claim)
    }

    /// The same with a wrong passphrase.
    pub(crate) fn wrong_passphrase(&self, claim: u8) -> String {
        proofs(self.link, Some([0xee; 32]), claim)
    }
}

/// The body of an opening.
pub(crate) fn proofs(link: [u8; 32], open: Option<[u8; 32]>, claim: u8) -> String {
    let fixed = |bytes: [u8; 32]| contract::sync::Digest::from(bytes).to_string();
    let open = open.map_or_else(String::new, |open| format!(r#","open":"{}""#, fixed(open)));
    let claim = Token::from([claim; 16]);
    format!(r#"{{"link":"{}"{open},"claim":"{claim}"}}"#, fixed(link))
}
