//! One kept connection of HTTP/1.1 over TLS, byte by byte: what makes the load must cost little itself.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Nothing that is measured takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on loopback, and how it is spoken to.
#[derive(Clone)]
pub(crate) struct Place {
    /// The name in its certificate.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// Whom to believe that it is it, and who comes.
    pub(crate) tls: TlsConnector,
}

impl Place {
    /// A connection. Each number is another address, since sources have limits.
    pub(crate) async fn connect(&self, number: u8) -> io::Result<Wire> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 1, number), 0)))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        Ok(Wire {
            stream: self.tls.connect(name, stream).await?,
            read: Vec::with_capacity(4096),
        })
    }

    /// Host and port as they stand in a request.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// A connection.
pub(crate) struct Wire {
    stream: TlsStream<TcpStream>,
    /// What has come and is not taken yet.
    read: Vec<u8>,
}

/// An answer as it came.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The lines before the body.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Wire {
    /// Sends the bytes of a request and waits for the answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        let answer = timeout(PATIENCE, async {
            self.stream.write_all(request).await?;
            self.stream.flush().await?;
            self.answer().await
        });
        answer
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    async fn answer(&mut self) -> io::Result<Answer> {
        let end = loop {
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.read[..end].to_vec()).map_err(io::Error::other)?;
        let status = head.get(9..12).and_then(|code| code.parse().ok());
        let mut answer = Answer {
            status: status.ok_or_else(|| io::Error::other("not an answer of HTTP"))?,
            head,
            body: Vec::new(),
        };
        let length: usize = match answer.header("content-length") {
            Some(length) => length.parse().map_err(io::Error::other)?,
            None if answer.header("transfer-encoding").is_some() => {
                return Err(io::Error::other("answers have a length here"));
            }
            None => 0,
        };
        while self.read.len() < end + length {
            self.more().await?;
        }
        answer.body = self.read[end..end + length].to_vec();
        self.read.drain(..end + length);
        Ok(answer)
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

impl Answer {
    /// Names and values of the head.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head
            .split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(": "))
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers();
        headers
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The answer, if it has this status.
    pub(crate) fn expect(self, status: u16) -> io::Result<Self> {
        if self.status == status {
            return Ok(self);
        }
        let text = String::from_utf8_lossy(&self.body);
        let begin: String = text.chars().take(2000).collect();
        Err(io::Error::other(format!(
            "status {} in place of {status}: {begin}",
            self.status
        )))
    }
}
