//! One HTTP exchange over TLS, byte by byte, so that nothing is tidied up on the way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Where a listener is, and how it is spoken to.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) address: SocketAddr,
    pub(crate) name: &'static str,
    pub(crate) tls: Arc<ClientConfig>,
}

impl Line {
    /// Sends the bytes, gives what comes back; an error when there was no answer at all.
    pub(crate) async fn exchange(&self, request: &[u8]) -> std::io::Result<Answer> {
        self.exchange_slowly(request, Duration::ZERO, &[]).await
    }

    /// The same with a pause in the middle.
    pub(crate) async fn exchange_slowly(
        &self,
        begun: &[u8],
        pause: Duration,
        rest: &[u8],
    ) -> std::io::Result<Answer> {
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(self.name).expect("a host name");
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let mut stream = connector.connect(name, stream).await?;
        // Whoever refuses a body may end the line before all of it is written; the answer tells. What was written may
        // still lie in the TLS session: reading alone does not send it.
        drop(stream.write_all(begun).await);
        drop(stream.flush().await);
        tokio::time::sleep(pause).await;
        drop(stream.write_all(rest).await);
        drop(stream.flush().await);
        let mut answer = Vec::new();
        // The site may end the line without saying so after it refused a body; what came is what counts.
        let read = stream.read_to_end(&mut answer).await;
        if answer.is_empty() {
            read?;
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Answer::parse(&answer))
    }

    /// A request with these header lines and this body.
    pub(crate) async fn ask(&self, line: &str, headers: &[&str], body: &[u8]) -> Answer {
        let request = request(self.name, line, headers, body);
        self.exchange(&request).await.expect("an answer")
    }
}

/// The bytes of a request.
pub(crate) fn request(host: &str, line: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), length.as_bytes(), body].concat()
}

/// An answer, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = bytes.split_at(end.map_or(bytes.len(), |end| end + 4));
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        Self {
            status: status.unwrap_or(0),
            head,
            body: body.to_vec(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map_or("", |(_, value)| value.trim())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Head and body, without the second at which it was sent.
    pub(crate) fn timeless(&self) -> (String, Vec<u8>) {
        let lines = self
            .head
            .lines()
            .filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
        let mut lines: Vec<&str> = lines.collect();
        lines.sort_unstable(); // the order of headers is not always the same, and says nothing
        (lines.join("\n"), self.body.clone())
    }
}
