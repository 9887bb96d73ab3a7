//! Somebody between core and site who has the keys of both ends, and sends whatever the core asks a second time.
//!
//! A repetition as a network makes it does not get through TLS: it shows nothing of what the site itself does about one.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::ports::listen;
use crate::use_aws_lc_rs;

/// The name in the certificate that a site makes for its end of the link.
const SITE: &str = "selfdestruct";
/// A late repetition comes so much later.
const LATE: Duration = Duration::from_millis(300);

/// How a request is sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// Answered, and once more later.
    Late,
    /// Nobody hears the answer, and once more later: the core asks again by itself, too.
    Unanswered,
    /// Both at the same time; the better answer comes back.
    AtOnce,
}

impl Manner {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Late, Self::Unanswered, Self::AtOnce];
}

/// What the site said to both, the better first.
pub type Statuses = [u16; 2];

/// The repeater; it ends with the test's runtime.
pub struct Repeater {
    port: u16,
    heard: Arc<Mutex<Heard>>,
}

/// What was sent twice.
#[derive(Default)]
struct Heard {
    begun: BTreeMap<String, usize>,
    ended: BTreeMap<(String, Manner), Vec<Statuses>>,
}

impl Heard {
    /// Each call goes through the manners one after the other.
    fn begin(&mut self, what: &str) -> Manner {
        let begun = self.begun.entry(what.to_owned()).or_default();
        *begun += 1;
        Manner::ALL[(*begun - 1) % Manner::ALL.len()]
    }

    fn end(&mut self, what: String, manner: Manner, statuses: Statuses) {
        self.ended.entry((what, manner)).or_default().push(statuses);
    }
}

/// A certificate and its key, PEM.
pub struct Identity {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Identity {
    /// `NAME.pem` and `NAME.key` in a folder.
    pub fn of(folder: &Path, name: &str) -> Self {
        let file = |ending: &str| folder.join(format!("{name}.{ending}"));
        Self {
            certificate: file("pem"),
            key: file("key"),
        }
    }

    fn read(&self) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let certificate = CertificateDer::from_pem_file(&self.certificate).expect("a certificate");
        (
            certificate,
            PrivateKeyDer::from_pem_file(&self.key).expect("its key"),
        )
    }
}

impl Repeater {
    /// Leads to the site at this port of 127.0.0.1, with these keys.
    ///
    /// # Panics
    /// When no port is free, or the keys cannot be used.
    pub async fn start(target: u16, core: &Identity, site: &Identity) -> Self {
        use_aws_lc_rs();
        let (certificate, key) = site.read();
        let acceptor = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .expect("the site's key");
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("the site's certificate");
        let (certificate, key) = core.read();
        let connector = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![certificate], key)
            .expect("the core's key");
        let line = Line {
            target,
            tls: TlsConnector::from(Arc::new(connector)),
        };
        let (listener, port) = listen(0).await;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let shared = Arc::clone(&heard);
        let acceptor = TlsAcceptor::from(Arc::new(acceptor));
        tokio::spawn(async move {
            while let Ok((incoming, _)) = listener.accept().await {
                // A connection that ends early is the core's own affair: it asks again.
                tokio::spawn(carry(
                    incoming,
                    acceptor.clone(),
                    line.clone(),
                    Arc::clone(&shared),
                ));
            }
        });
        Self { port, heard }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What was sent twice so far: the method, and the path up to what differs from message to message.
    pub fn heard(&self) -> BTreeMap<(String, Manner), Vec<Statuses>> {
        self.heard.lock().expect("nobody panics with it").ended.clone()
    }
}

/// The way to the site.
#[derive(Clone)]
struct Line {
    target: u16,
    tls: TlsConnector,
}

impl Line {
    /// Sends a request that says that it is the last one of its connection; gives all that comes back.
    async fn exchange(&self, request: &[u8]) -> Result<Vec<u8>> {
        let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.target))).await?;
        let name = ServerName::try_from(SITE).expect("a host name");
        let mut stream = self.tls.connect(name, stream).await?;
        stream.write_all(request).await?;
        stream.flush().await?;
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer).await;
        if answer.is_empty() {
            end?;
        }
        Ok(answer)
    }
}

/// Takes one request, and gives its answer back unless nobody shall hear it.
async fn carry(
    incoming: TcpStream,
    acceptor: TlsAcceptor,
    line: Line,
    heard: Arc<Mutex<Heard>>,
) -> Result<()> {
    let mut core = acceptor.accept(incoming).await?;
    let request = request(&mut core).await?;
    let manner = heard
        .lock()
        .expect("nobody panics with it")
        .begin(&what(&request));
    let [first, second] = match manner {
        Manner::AtOnce => {
            let (first, second) = tokio::join!(line.exchange(&request), line.exchange(&request));
            let mut both = [first?, second?];
            both.sort_by_key(|answer| status(answer));
            core.write_all(&both[0]).await?;
            core.shutdown().await?;
            both
        }
        Manner::Late | Manner::Unanswered => {
            let answer = line.exchange(&request).await?;
            if manner == Manner::Late {
                core.write_all(&answer).await?;
                core.shutdown().await?;
            }
            drop(core);
            sleep(LATE).await;
            [answer, line.exchange(&request).await?]
        }
    };
    let statuses = [status(&first), status(&second)];
    heard
        .lock()
        .expect("nobody panics with it")
        .end(what(&request), manner, statuses);
    Ok(())
}

/// A request, whole, which is the last one of its connection.
async fn request(from: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if from.read_buf(&mut bytes).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(Ok(0), |length| length.trim().parse().map_err(Error::other))?;
        if bytes.len() < end + 4 + length {
            continue;
        }
        // What is signed is the method, the path and the body: not this.
        let line = bytes.windows(2).position(|two| two == b"\r\n").unwrap_or(end);
        bytes.splice(line..line, *b"\r\nConnection: close");
        return Ok(bytes);
    }
}

/// Method and path, without what differs from message to message and from call to call.
fn what(request: &[u8]) -> String {
    let head = String::from_utf8_lossy(&request[..request.len().min(200)]).into_owned();
    let mut words = head.split([' ', '?']);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path: Vec<_> = path.split('/').take(4).collect();
    format!("{method} {}", path.join("/"))
}

/// The status of an answer; of one that is none, one beyond all.
fn status(answer: &[u8]) -> u16 {
    let status = answer
        .get(9..12)
        .and_then(|status| std::str::from_utf8(status).ok());
    status.and_then(|status| status.parse().ok()).unwrap_or(999)
}
