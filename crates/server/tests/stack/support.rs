//! A private authority, a server on a free port, and a client that sends exactly the bytes it is told to.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use server::config::Origin;
use server::tls::{Clients, TlsFiles, install_crypto};
use server::{
    Ended, Explain, Life, Listener, ListenerSettings, Order, PeerNames, Places, Randomness, Refusal, Reloads,
    Source, Stack, Visitors,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const ORIGIN: &str = "https://reset.corp.example";

/// A certificate and its key, as files.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// What is unusual about a certificate.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Server,
    Client,
    ExpiredClient,
}

pub(crate) struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        install_crypto();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Issues a certificate for `name`, replacing an older one.
    pub(crate) fn issue(&self, name: &str, kind: Kind) -> Pair {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![match kind {
            Kind::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Kind::Client | Kind::ExpiredClient => ExtendedKeyUsagePurpose::ClientAuth,
        }];
        if kind == Kind::ExpiredClient {
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |end: &str| self.folder.path().join(format!("{name}.{end}"));
        std::fs::write(file("pem"), certificate.pem()).unwrap();
        std::fs::write(file("key"), key.serialize_pem()).unwrap();
        Pair {
            cert: file("pem"),
            key: file("key"),
        }
    }
}

pub(crate) fn settings(pair: &Pair, client_ca: Option<PathBuf>) -> ListenerSettings {
    ListenerSettings {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        sources: Vec::new(),
        tls: Some(TlsFiles {
            cert: pair.cert.clone(),
            key: pair.key.clone(),
            clients: client_ca.map_or(Clients::Anybody, Clients::Of),
        }),
        trusted_proxies: Vec::new(),
        deadline: Duration::from_secs(1),
        body_limit: 1024,
        rate: None,
        connections: None,
    }
}

pub(crate) fn rate(per_minute: u32, burst: u32) -> (NonZeroU32, NonZeroU32) {
    (
        NonZeroU32::new(per_minute).unwrap(),
        NonZeroU32::new(burst).unwrap(),
    )
}

struct Page;

impl Explain for Page {
    fn explain(&self, refusal: &Refusal) -> HttpResponse {
        let text = format!(
            "<p>Refused: {:?}. Reference: {}</p>",
            refusal.reason, refusal.reference
        );
        HttpResponse::Ok().content_type(ContentType::html()).body(text)
    }
}

pub(crate) fn browsers() -> Visitors {
    Visitors::Browsers {
        origin: Origin::parse(ORIGIN).unwrap(),
        explain: Arc::new(Page),
    }
}

#[derive(serde::Deserialize)]
struct Form {
    number: u32,
}

fn routes(config: &mut web::ServiceConfig) {
    let page = || async {
        HttpResponse::Ok()
            .content_type(ContentType::html())
            .body("<p>page</p>")
    };
    let asset = || async {
        HttpResponse::Ok()
            .insert_header(("cache-control", "public, max-age=31536000, immutable"))
            .body("asset")
    };
    let own_error = || async {
        HttpResponse::Conflict()
            .content_type(ContentType::html())
            .body("<p>own</p>")
    };
    let fail = || async { Err::<HttpResponse, _>(std::io::Error::other("inside story")) };
    config
        .service(web::resource("/page").route(web::get().to(page)))
        .route("/asset", web::get().to(asset))
        .route("/own-error", web::get().to(own_error))
        .route("/fail", web::get().to(fail))
        .route("/panic", web::get().to(panics))
        .route(
            "/form",
            web::post().to(|form: web::Form<Form>| async move { form.number.to_string() }),
        )
        .route(
            "/number/{n}",
            web::get().to(|number: web::Path<u32>| async move { number.to_string() }),
        )
        .route("/distance", web::get().to(distance))
        .route("/never", web::get().to(std::future::pending::<HttpResponse>))
        .route("/never", web::post().to(never_to_a_body))
        .route("/body", web::post().to(length))
        .route("/gives-up", web::post().to(gives_up))
        .route("/late-body", web::post().to(late_body))
        .route("/large", web::get().to(|| async { vec![b'x'; 16 << 20] }))
        .route("/half-a-second", web::get().to(half_a_second))
        .route(
            "/source",
            web::get().to(|source: Source| async move { source.address().to_string() }),
        )
        .route(
            "/peer",
            web::get().to(|names: PeerNames| async move { names.names().join(",") }),
        );
}

/// How far two headers are apart in memory.
async fn distance(request: HttpRequest) -> String {
    let place = |name: &str| request.headers().get(name).unwrap().as_bytes().as_ptr() as usize;
    place("x-first").abs_diff(place("x-second")).to_string()
}

async fn panics(request: HttpRequest) -> HttpResponse {
    assert!(request.path() != "/panic", "inside story");
    HttpResponse::Ok().finish()
}

async fn half_a_second() -> &'static str {
    tokio::time::sleep(Duration::from_millis(500)).await;
    "done"
}

async fn never_to_a_body(_: web::Bytes) -> HttpResponse {
    std::future::pending().await
}

/// Waits for a body, and then no longer.
async fn gives_up(mut body: web::Payload) -> HttpResponse {
    assert!(futures_util::poll!(body.next()).is_pending());
    drop(body);
    std::future::pending().await
}

async fn late_body(body: web::Payload) -> String {
    tokio::time::sleep(Duration::from_millis(500)).await;
    body.to_bytes().await.unwrap().len().to_string()
}

async fn length(body: web::Bytes) -> String {
    body.len().to_string()
}

/// A running server.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) ended: JoinHandle<Ended>,
    pub(crate) reloads: Reloads,
}

pub(crate) fn start(settings: &ListenerSettings, visitors: Visitors) -> Running {
    start_with(settings, visitors, routes, &Life::new())
}

pub(crate) fn start_life(settings: &ListenerSettings, life: &Life) -> Running {
    start_with(settings, browsers(), routes, life)
}

pub(crate) fn start_with(
    settings: &ListenerSettings,
    visitors: Visitors,
    routes: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    life: &Life,
) -> Running {
    let listener = Listener::bind("test", settings, visitors).unwrap();
    let address = listener.address();
    let stack = Stack::new(randomness()).serve(listener, routes).unwrap();
    run(stack, address, life)
}

/// One listener beside another, on the same workers; the second one's address comes along.
pub(crate) fn start_beside(
    first: &ListenerSettings,
    second: &ListenerSettings,
    places: Places,
) -> (Running, SocketAddr) {
    let [first, second] = [("first", first), ("second", second)]
        .map(|(name, settings)| Listener::bind(name, settings, browsers()).unwrap());
    let (address, beside) = (first.address(), second.address());
    let stack = Stack::with(randomness(), places)
        .serve(first, routes)
        .unwrap()
        .serve(second, routes)
        .unwrap();
    (run(stack, address, &Life::new()), beside)
}

fn randomness() -> Randomness {
    Arc::new(|bytes: &mut [u8]| bytes.fill(7))
}

fn run(stack: Stack, address: SocketAddr, life: &Life) -> Running {
    let reloads = stack.reloads();
    let (orders, receiver) = mpsc::channel(4);
    let (life, renewed) = (life.clone(), reloads.clone());
    let server = stack.run();
    let ended = tokio::spawn(async move {
        life.run(server, receiver, || {
            renewed.certificates();
        })
        .await
    });
    Running {
        address,
        orders,
        ended,
        reloads,
    }
}

/// An answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// A connection over TLS.
pub(crate) struct Client {
    pub(crate) stream: TlsStream<TcpStream>,
}

/// The client's side of TLS: whom it believes, who it is, which versions it speaks.
pub(crate) fn client_config(
    ca: &PathBuf,
    identity: Option<&Pair>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let builder =
        rustls::ClientConfig::builder_with_protocol_versions(versions).with_root_certificates(roots);
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some(pair) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(&pair.cert).unwrap()],
                PrivateKeyDer::from_pem_file(&pair.key).unwrap(),
            )
            .unwrap(),
    })
}

impl Client {
    pub(crate) async fn new(address: SocketAddr, ca: &PathBuf) -> Self {
        Self::with(address, client_config(ca, None, rustls::DEFAULT_VERSIONS))
            .await
            .unwrap()
    }

    pub(crate) async fn with(
        address: SocketAddr,
        config: Arc<rustls::ClientConfig>,
    ) -> std::io::Result<Self> {
        Self::over(TcpStream::connect(address).await?, config).await
    }

    /// From another address than usual.
    pub(crate) async fn from(
        source: IpAddr,
        address: SocketAddr,
        config: Arc<rustls::ClientConfig>,
    ) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(source, 0))?;
        Self::over(socket.connect(address).await?, config).await
    }

    async fn over(stream: TcpStream, config: Arc<rustls::ClientConfig>) -> std::io::Result<Self> {
        let name = ServerName::try_from("localhost").unwrap();
        Ok(Self {
            stream: TlsConnector::from(config).connect(name, stream).await?,
        })
    }

    pub(crate) async fn send(&mut self, bytes: &str) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_bytes()).await?;
        self.stream.flush().await
    }

    /// Reads one answer, as long as its head says that it is.
    pub(crate) async fn answer(&mut self) -> std::io::Result<Answer> {
        let mut bytes = Vec::new();
        let head_end = loop {
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.more(&mut bytes).await?;
        };
        let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
        let mut answer = Answer {
            status: head[9..12].parse().unwrap(),
            head,
            body: String::new(),
        };
        let length: usize = answer.header("content-length").unwrap_or("0").parse().unwrap();
        while bytes.len() < head_end + length {
            self.more(&mut bytes).await?;
        }
        answer.body = String::from_utf8_lossy(&bytes[head_end..]).into_owned();
        Ok(answer)
    }

    async fn more(&mut self, bytes: &mut Vec<u8>) -> std::io::Result<()> {
        match self.stream.read_buf(bytes).await? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Sends a request with these header lines and reads its answer.
    pub(crate) async fn ask(&mut self, line: &str, headers: &[&str], body: &str) -> Answer {
        let mut request = format!("{line} HTTP/1.1\r\nHost: reset.corp.example\r\n");
        for header in headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        self.send(&format!("{request}Content-Length: {}\r\n\r\n{body}", body.len()))
            .await
            .unwrap();
        self.answer().await.unwrap()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[], "").await
    }
}
