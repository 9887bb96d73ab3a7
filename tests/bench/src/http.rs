//! A browser as small as it gets: one kept HTTPS connection, one cookie jar, no following of redirects.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Nothing that is measured takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A site, and whom to believe that it is it.
#[derive(Clone)]
pub(crate) struct Site {
    host: String,
    port: u16,
    tls: TlsConnector,
}

impl Site {
    /// The site of this name on loopback, under the authority in the PEM file.
    pub(crate) fn new(host: &str, port: u16, authority: &Path) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(authority).map_err(io::Error::other)?;
        roots.add(certificate).map_err(io::Error::other)?;
        let mut config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            host: host.to_owned(),
            port,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Somebody new at the site, connected. Each number is another address, since sources have limits.
    pub(crate) async fn visit(&self, number: u8) -> io::Result<Visitor> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 1, number), 0)))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let stream = self.tls.connect(name, stream).await?;
        Ok(Visitor {
            authority: format!("{}:{}", self.host, self.port),
            stream: BufReader::new(stream),
            cookies: BTreeMap::new(),
        })
    }
}

/// An answer.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// Where a redirect leads.
    pub(crate) location: String,
    /// The page.
    pub(crate) body: String,
    /// From the first byte sent to the last one received.
    pub(crate) took: Duration,
    is_last: bool,
}

impl Answer {
    /// The answer, if it has this status.
    pub(crate) fn expect(self, status: u16) -> io::Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        let begin: String = self.body.chars().take(2000).collect();
        Err(io::Error::other(format!(
            "status {} in place of {status}: {begin}",
            self.status
        )))
    }
}

/// Somebody at the site.
pub(crate) struct Visitor {
    authority: String,
    stream: BufReader<TlsStream<TcpStream>>,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    /// Forgets who he was, and keeps the connection.
    pub(crate) fn forget(&mut self) {
        self.cookies.clear();
    }

    /// Opens a page.
    pub(crate) async fn get(&mut self, path: &str) -> io::Result<Answer> {
        let head = format!("GET {path} HTTP/1.1\r\n{}\r\n", self.headers());
        self.ask(&head).await
    }

    /// Sends a form.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> io::Result<Answer> {
        let fields = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)));
        let body = fields.collect::<Vec<_>>().join("&");
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let (headers, length) = (self.headers(), body.len());
        let request =
            format!("POST {path} HTTP/1.1\r\n{headers}{kind}\r\nContent-Length: {length}\r\n\r\n{body}");
        self.ask(&request).await
    }

    fn headers(&self) -> String {
        let authority = &self.authority;
        let mut headers = format!(
            "Host: {authority}\r\nOrigin: https://{authority}\r\nSec-Fetch-Site: same-origin\r\nAccept-Language: en\r\n"
        );
        if !self.cookies.is_empty() {
            let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            let cookies = cookies.collect::<Vec<_>>().join("; ");
            write!(headers, "Cookie: {cookies}\r\n").expect("text takes more text");
        }
        headers
    }

    async fn ask(&mut self, request: &str) -> io::Result<Answer> {
        let begun = Instant::now();
        let answer = timeout(PATIENCE, async {
            self.stream.write_all(request.as_bytes()).await?;
            self.stream.flush().await?;
            self.read().await
        });
        let mut answer = answer
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        answer.took = begun.elapsed();
        if answer.is_last {
            return Err(io::Error::other(format!(
                "the server ends the connection after status {}: {}",
                answer.status, answer.body
            )));
        }
        Ok(answer)
    }

    async fn read(&mut self) -> io::Result<Answer> {
        let status = self.line().await?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut answer = Answer {
            status: status.ok_or_else(|| io::Error::other("not an answer of HTTP"))?,
            location: String::new(),
            body: String::new(),
            took: Duration::ZERO,
            is_last: false,
        };
        let mut length = 0;
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().map_err(io::Error::other)?,
                "transfer-encoding" => return Err(io::Error::other("pages have a length here")),
                "location" => value.clone_into(&mut answer.location),
                "connection" => answer.is_last = value.eq_ignore_ascii_case("close"),
                "set-cookie" => self.keep(value),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        answer.body = String::from_utf8(body).map_err(io::Error::other)?;
        Ok(answer)
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }

    fn keep(&mut self, cookie: &str) {
        let pair = cookie.split(';').next().unwrap_or_default();
        if let Some((name, value)) = pair.split_once('=') {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// A form field's value as a form sends it (WHATWG URL section 5.2).
fn encoded(value: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"*-._".contains(byte);
    let mut text = String::with_capacity(value.len() * 3 / 2);
    for byte in value.bytes() {
        if plain(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("text takes more text");
        }
    }
    text
}
