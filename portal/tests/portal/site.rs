//! A running portal, and a browser's side of the line.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use metrics_exporter_prometheus::PrometheusBuilder;
use portal::config::{CoreLink, Look, PortalConfig};
use portal::{Opened, Surroundings};
use rcgen::generate_simple_self_signed;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use server::ListenerSettings;
use server::Order;
use server::config::Origin;
use server::logs::{Form, LogSettings};
use server::tls::{Clients, TlsFiles, install_crypto};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use ui::{Helpdesk, Lang, Site as Words};

use crate::fake_core::{FakeCore, HANDLE};

pub(crate) const ORIGIN: &str = "https://reset.corp.example";
/// 22 November 2026, 12:45 UTC.
const NOW: i64 = 1_795_351_500_000;

pub(crate) struct Site {
    pub(crate) core: Arc<FakeCore>,
    pub(crate) address: SocketAddr,
    pub(crate) health: SocketAddr,
    tls: Arc<ClientConfig>,
    _orders: mpsc::Sender<Order>,
    _folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::with(Arc::new(FakeCore::new()), |_| {})
    }

    /// A portal over this core, its configuration changed by `change`.
    pub(crate) fn with(core: Arc<FakeCore>, change: impl FnOnce(&mut PortalConfig)) -> Self {
        install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let own = generate_simple_self_signed(vec!["reset.corp.example".to_owned()]).unwrap();
        let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("cert.key"));
        std::fs::write(&cert, own.cert.pem()).unwrap();
        std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
        let mut config = config(
            &core,
            TlsFiles {
                cert: cert.clone(),
                key,
                clients: Clients::Anybody,
            },
        );
        change(&mut config);
        let surroundings = Surroundings {
            clock: Arc::new(|| NOW),
            randomness: Arc::new(seal::os_random),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
        };
        let portal = Opened::with_core(&config, Arc::<FakeCore>::clone(&core), surroundings).unwrap();
        let (address, health) = (portal.public(), portal.health());
        let (orders, receiver) = mpsc::channel(1);
        tokio::spawn(portal.run(receiver));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(cert).unwrap()).unwrap();
        let tls = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            core,
            address,
            health,
            tls: Arc::new(tls),
            _orders: orders,
            _folder: folder,
        }
    }

    /// Sends the bytes, gives what comes back.
    pub(crate) async fn exchange(&self, request: &[u8]) -> Page {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("reset.corp.example").unwrap();
        let mut stream = TlsConnector::from(Arc::clone(&self.tls))
            .connect(name, stream)
            .await
            .unwrap();
        // A portal that refuses a body may end the line before all of it is written; the answer tells. What was written
        // may still lie in the TLS session: reading alone does not send it.
        drop(stream.write_all(request).await);
        drop(stream.flush().await);
        let mut answer = Vec::new();
        // The portal may end the line without saying so after it refused a body; what came is what counts.
        drop(stream.read_to_end(&mut answer).await);
        Page::parse(&answer)
    }

    /// A request with these header lines.
    pub(crate) async fn ask(&self, line: &str, headers: &[&str], body: &[u8]) -> Page {
        let mut request = format!("{line} HTTP/1.1\r\nHost: reset.corp.example\r\nConnection: close\r\n");
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        let end = format!("Content-Length: {}\r\n\r\n", body.len());
        self.exchange(&[request.as_bytes(), end.as_bytes(), body].concat())
            .await
    }

    /// A page, asked for by whoever has the recovery's cookie.
    pub(crate) async fn get(&self, path: &str) -> Page {
        self.ask(&format!("GET {path}"), &[&cookie()], b"").await
    }

    /// A form of the site's own page, sent by whoever has the recovery's cookie.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let origin = format!("Origin: {ORIGIN}");
        let headers = [
            cookie(),
            origin,
            "Sec-Fetch-Site: same-origin".to_owned(),
            FORM.to_owned(),
        ];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        self.ask(&format!("POST {path}"), &headers, encode(fields).as_bytes())
            .await
    }
}

pub(crate) const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

pub(crate) fn cookie() -> String {
    format!("Cookie: __Host-sallyport-recovery={HANDLE}")
}

/// Every byte as `%xx`, which is as good as any other spelling.
pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    let all = |text: &str| {
        let bytes: Vec<String> = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        bytes.concat()
    };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", all(name), all(value)))
        .collect();
    pairs.join("&")
}

fn config(core: &FakeCore, tls: TlsFiles) -> PortalConfig {
    let listener = |tls| ListenerSettings {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        sources: Vec::new(),
        tls,
        trusted_proxies: Vec::new(),
        deadline: Duration::from_secs(10),
        body_limit: 16 * 1024,
        rate: None,
        connections: None,
    };
    PortalConfig {
        origin: Origin::parse(ORIGIN).unwrap(),
        public: listener(Some(tls.clone())),
        core: CoreLink {
            url: "https://core.invalid".parse().unwrap(),
            cert_file: tls.cert.clone(),
            key_file: tls.key.clone(),
            ca_file: tls.cert,
            signing_key: core.signing.pinned(),
        },
        look: Look {
            site: Words {
                service: ui::Service::Account,
                organisation: "Example Corp".into(),
                helpdesk: Helpdesk {
                    phone: Some("+49 30 123 4567".into()),
                    mail: None,
                },
                demo: None,
            },
            languages: Lang::ALL.to_vec(),
            zone: TimeZone::UTC,
        },
        require_browser_sealing: false,
        health: listener(None),
        log: LogSettings {
            form: Form::Human,
            level: "off".into(),
        },
    }
}

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Page {
    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .get(9..12)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        Self {
            status,
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// All values of a header.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers(name).first().copied().unwrap_or_default()
    }

    /// Where it leads, if it leads on.
    pub(crate) fn leads_to(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location")
    }

    /// The value of a hidden field.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let field = self
            .body
            .split(&format!("name=\"{name}\" value=\""))
            .nth(1)
            .unwrap();
        field.split('"').next().unwrap().replace("&quot;", "\"")
    }
}
