//! A reader of one-time messages without a browser: as many at once as a test wants, each with a connection of its own
//! for each request, so that nobody's is kept from before.

use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use rustls::version::TLS12;
use rustls::{ALL_VERSIONS, ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use seal::{DropLink, Envelope, LinkSecret, MessageKeys, Passphrase};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::use_aws_lc_rs;

const HOST: &str = "site.localhost";

/// Whoever holds links and comes to the site's public listener at this port.
#[derive(Clone)]
pub struct Reader {
    site: u16,
    port: u16,
    source: Ipv4Addr,
    tls: TlsConnector,
}

/// A link as it was handed over: which message, and what opens it.
pub struct Link {
    id: [u8; 16],
    text: String,
    keys: KeyParts,
}

struct KeyParts {
    secret: LinkSecret,
    passphrase: Option<Passphrase>,
}

/// What became of an opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// This is the text.
    Text(String),
    /// The passphrase was wrong.
    WrongPassphrase {
        /// How many more are borne.
        tries_left: u32,
    },
    /// The site says how it ended, to the holder of the link.
    Ended(String),
    /// There is nothing, for all that one can tell.
    Neutral,
    /// Not now.
    Unavailable,
}

/// What the site answered.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The head as it came.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

#[derive(Deserialize)]
struct Refusal {
    tries_left: Option<u32>,
    state: Option<String>,
}

impl Link {
    /// Takes a link apart.
    ///
    /// # Panics
    /// When it is none.
    pub fn parse(link: &str, passphrase: Option<&str>) -> Self {
        let (address, fragment) = link.split_once('#').expect("a link has a fragment");
        let id = address.rsplit('/').next().expect("a link has a path");
        let id = BASE64URL_NOPAD
            .decode(id.as_bytes())
            .expect("the id is base64url");
        let (secret, _) = LinkSecret::parse(fragment).expect("the fragment is a link's secret");
        Self {
            id: id.try_into().expect("an id has 16 bytes"),
            text: address.to_owned(),
            keys: KeyParts {
                secret,
                passphrase: passphrase.map(|text| Passphrase::new(text).expect("a passphrase")),
            },
        }
    }

    /// The message's id, as in the link.
    pub fn id(&self) -> String {
        BASE64URL_NOPAD.encode(&self.id)
    }

    /// The link without its secret.
    pub fn address(&self) -> &str {
        &self.text
    }

    fn derive(&self) -> MessageKeys {
        MessageKeys::derive(&self.id, &self.keys.secret, self.keys.passphrase.as_ref())
    }
}

impl Reader {
    /// A reader who trusts this authority.
    ///
    /// # Panics
    /// When the file holds none.
    pub fn new(port: u16, ca: &Path) -> Self {
        Self::speaking(ALL_VERSIONS, port, ca)
    }

    /// One who speaks TLS 1.2 and nothing newer, in which a server says no more about the handshake once it was asked
    /// something.
    ///
    /// # Panics
    /// When the file holds no authority.
    pub fn of_tls_1_2(port: u16, ca: &Path) -> Self {
        Self::speaking(&[&TLS12], port, ca)
    }

    fn speaking(versions: &[&'static SupportedProtocolVersion], port: u16, ca: &Path) -> Self {
        use_aws_lc_rs();
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(ca).expect("an authority in PEM");
        roots.add(certificate).expect("an authority");
        let config = ClientConfig::builder_with_protocol_versions(versions)
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            site: port,
            port,
            source: Ipv4Addr::LOCALHOST,
            tls: TlsConnector::from(Arc::new(config)),
        }
    }

    /// The same who gets to the site through something that listens on another port.
    #[must_use]
    pub fn through(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// The same who comes from another of the loopback addresses.
    #[must_use]
    pub fn coming_from(self, source: Ipv4Addr) -> Self {
        Self { source, ..self }
    }

    /// Opens a message with this claim.
    ///
    /// # Errors
    /// When the answer does not come, or not whole.
    pub async fn open(&self, link: &Link, claim: [u8; 16]) -> Result<Reading> {
        let keys = link.derive();
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let mut body = json!({ "link": encode(keys.proofs().link()), "claim": encode(&claim) });
        if let Some(open) = keys.proofs().open() {
            body["open"] = json!(encode(open));
        }
        let answer = self.post(&format!("/m/{}/open", link.id()), &body).await?;
        Ok(match answer.status {
            200 => Reading::Text(text(keys, &answer)?),
            403 => Reading::WrongPassphrase {
                tries_left: refusal(&answer)?.tries_left.unwrap_or_default(),
            },
            410 => refusal(&answer)?.state.map_or(Reading::Neutral, Reading::Ended),
            _ => Reading::Unavailable,
        })
    }

    /// Says that the message was decrypted.
    ///
    /// # Errors
    /// When the answer does not come.
    pub async fn done(&self, link: &Link, claim: [u8; 16]) -> Result<u16> {
        let body = json!({ "claim": BASE64URL_NOPAD.encode(&claim) });
        let path = format!("/m/{}/done", link.id());
        Ok(self.post(&path, &body).await?.status)
    }

    /// Sends a JSON body from the site's own origin.
    ///
    /// # Errors
    /// When the answer does not come, or not whole.
    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Result<Answer> {
        let request = self.posting(path, body, "Connection: close\r\n");
        let bytes = self.exchange(&request).await?;
        Answer::read(&bytes, true).ok_or_else(cut)
    }

    /// Puts something into the drop box with this link; gives the answer's status.
    ///
    /// # Errors
    /// When the answer does not come, or not whole.
    ///
    /// # Panics
    /// When it is no such link.
    pub async fn drop_in(&self, link: &str, sealed: &[u8]) -> Result<u16> {
        let (address, fragment) = link.split_once('#').expect("a link has a fragment");
        let id = address.rsplit('/').next().expect("a link has a path");
        let proof = DropLink::parse(fragment).expect("a drop box's fragment").proof;
        let head = format!(
            "POST /d/{id} HTTP/1.1\r\nHost: {HOST}\r\nOrigin: https://{HOST}:{port}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/octet-stream\r\nContent-Length: {length}\r\nSallyport-Proof: {proof}\r\n\
             Connection: close\r\n\r\n",
            port = self.site,
            length = sealed.len(),
            proof = BASE64URL_NOPAD.encode(proof.as_bytes()),
        );
        let bytes = self.exchange(&[head.as_bytes(), sealed].concat()).await?;
        Ok(Answer::read(&bytes, true).ok_or_else(cut)?.status)
    }

    /// Asks for a path with a method that has no body, as link previews do.
    ///
    /// # Errors
    /// When the answer does not come, or not whole.
    pub async fn fetch(&self, method: &str, path: &str) -> Result<Answer> {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        let bytes = self.exchange(request.as_bytes()).await?;
        // The answer to a HEAD tells the length of a body that it does not have.
        Answer::read(&bytes, method != "HEAD").ok_or_else(cut)
    }

    /// The bytes of a JSON body from the site's own origin, with a further header line.
    fn posting(&self, path: &str, body: &serde_json::Value, further: &str) -> Vec<u8> {
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {HOST}\r\nOrigin: https://{HOST}:{port}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n{further}\r\n",
            port = self.site,
            length = body.len()
        );
        format!("{head}{body}").into_bytes()
    }

    /// A connection on which much is asked about messages that never were.
    pub(crate) async fn call(&self) -> Result<Guesser> {
        Ok(Guesser {
            reader: self.clone(),
            stream: self.connect().await?,
        })
    }

    async fn connect(&self) -> Result<TlsStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((self.source, 0)))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let name = ServerName::try_from(HOST).expect("a host name");
        self.tls.connect(name, socket.connect(address).await?).await
    }

    async fn exchange(&self, request: &[u8]) -> Result<Vec<u8>> {
        let mut stream = self.connect().await?;
        stream.write_all(request).await?;
        // What was written may still lie in the session: reading alone does not send it.
        stream.flush().await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }
}

/// Somebody who asks about one id after the other.
pub(crate) struct Guesser {
    reader: Reader,
    stream: TlsStream<TcpStream>,
}

impl Guesser {
    /// Tries to open a message of which he knows nothing; gives the answer's status.
    pub(crate) async fn guess(&mut self, id: [u8; 16]) -> Result<u16> {
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let body = json!({ "link": encode(&[0xaa; 32]), "claim": encode(&id) });
        let request = self
            .reader
            .posting(&format!("/m/{}/open", encode(&id)), &body, "");
        self.stream.write_all(&request).await?;
        self.stream.flush().await?;
        let mut bytes = Vec::new();
        while self.stream.read_buf(&mut bytes).await? > 0 {
            if let Some(answer) = Answer::read(&bytes, true) {
                return Ok(answer.status);
            }
        }
        Err(cut())
    }
}

fn cut() -> Error {
    Error::other("the answer is not whole")
}

impl Answer {
    fn read(bytes: &[u8], has_body: bool) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut answer = Self {
            status: head.split(' ').nth(1)?.parse().ok()?,
            head,
            body: Vec::new(),
        };
        let rest = &bytes[end + 4..];
        answer.body = match answer.header("content-length") {
            _ if !has_body => Vec::new(),
            Some(length) => rest.get(..length.parse().ok()?)?.to_vec(),
            None if answer.header("transfer-encoding") == Some("chunked") => joined(rest)?,
            None => Vec::new(),
        };
        Some(answer)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn envelope(&self) -> Option<Envelope> {
        let nonce = self.header("sallyport-nonce")?;
        Some(Envelope {
            header: self.header("sallyport-header")?.to_owned(),
            nonce: BASE64URL_NOPAD.decode(nonce.as_bytes()).ok()?.try_into().ok()?,
            ciphertext: self.body.clone(),
        })
    }
}

/// The body of an answer in chunks (RFC 9112 section 7.1); `None` unless the last one is there.
fn joined(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.trim(), 16).ok()?;
        let chunk = rest.get(end + 2..end + 2 + length)?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        rest = rest.get(end + 2 + length + 2..)?;
    }
}

fn text(keys: MessageKeys, answer: &Answer) -> Result<String> {
    let wrong = |what: &str| Error::other(what.to_owned());
    let envelope = answer.envelope().ok_or_else(|| wrong("no envelope"))?;
    let content = keys.open(&envelope).map_err(|error| wrong(&error.to_string()))?;
    Ok(content.text().to_owned())
}

fn refusal(answer: &Answer) -> Result<Refusal> {
    if answer.body.is_empty() {
        return Ok(Refusal {
            tries_left: None,
            state: None,
        });
    }
    serde_json::from_slice(&answer.body).map_err(Error::other)
}
