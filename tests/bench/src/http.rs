//! A browser as small as it gets: one kept HTTPS connection, one cookie jar, no following of redirects.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::TlsConnector;

use crate::wire::{self, Place, Wire};

/// A site, and whom to believe that it is it.
#[derive(Clone)]
pub(crate) struct Site(Place);

impl Site {
    /// The site of this name on loopback, under the authority in the PEM file.
    pub(crate) fn new(host: &str, port: u16, authority: &Path) -> io::Result<Self> {
        Ok(Self(Place {
            host: host.to_owned(),
            port,
            tls: anonymous(authority)?,
        }))
    }

    /// Somebody new at the site, connected. Each number is another address, since sources have limits.
    pub(crate) async fn visit(&self, number: u8) -> io::Result<Visitor> {
        Ok(Visitor {
            authority: self.0.authority(),
            wire: self.0.connect(number).await?,
            cookies: BTreeMap::new(),
        })
    }
}

/// Whoever believes this authority and shows nothing himself.
pub(crate) fn anonymous(authority: &Path) -> io::Result<TlsConnector> {
    let mut config = ClientConfig::builder()
        .with_root_certificates(believing(authority)?)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The certificate in the PEM file as the one authority.
pub(crate) fn believing(authority: &Path) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(authority).map_err(io::Error::other)?;
    roots.add(certificate).map_err(io::Error::other)?;
    Ok(roots)
}

/// An answer.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The page.
    pub(crate) body: String,
    /// From the first byte sent to the last one received.
    pub(crate) took: Duration,
}

impl Answer {
    fn of(answer: wire::Answer, took: Duration) -> io::Result<Self> {
        Ok(Self {
            status: answer.status,
            body: String::from_utf8(answer.body).map_err(io::Error::other)?,
            took,
        })
    }

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
    wire: Wire,
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
        let answer = self.wire.ask(request.as_bytes()).await?;
        let took = begun.elapsed();
        for (name, value) in answer.headers() {
            if name.eq_ignore_ascii_case("set-cookie") {
                self.keep(value);
            }
        }
        let is_last = answer
            .header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let answer = Answer::of(answer, took)?;
        if is_last {
            return Err(io::Error::other(format!(
                "the server ends the connection after status {}: {}",
                answer.status, answer.body
            )));
        }
        Ok(answer)
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
