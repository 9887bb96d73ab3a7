//! Fetches public pages as anybody would, to see whether they are what they should be.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{ACCEPT_LANGUAGE, HOST};
use url::{Position, Url};

use crate::error::{ClientError, SetupError};
use crate::tls::by_roots;
use crate::transport::{prepared, read_body};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const WITHIN: Duration = Duration::from_secs(15);

/// What stands at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status; a redirect is not followed.
    pub status: u16,
    /// The headers: names in lower case, and values; one that comes several times stands here as often.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Page {
    /// What the headers of this name say, in order; the name in lower case.
    pub fn header<'page>(&'page self, name: &'page str) -> impl Iterator<Item = &'page str> {
        let told = self.headers.iter().filter(move |(told, _)| told == name);
        told.map(|(_, value)| value.as_str())
    }
}

/// A client without a certificate and without cookies.
pub struct PageClient {
    client: Client,
    /// The port to connect to, where it is not that of the addresses.
    port: Option<u16>,
}

impl PageClient {
    /// Believes the authority in this file, or else those of the host's own list. `stands_at` says where the one
    /// host is that is asked, if the inside has no name for it: address and port, whatever port people use.
    ///
    /// # Errors
    /// When the file cannot be used, or the host has no list.
    pub fn new(ca_file: Option<&Path>, stands_at: Option<(&str, SocketAddr)>) -> Result<Self, SetupError> {
        let mut client = prepared(by_roots(ca_file)?, CONNECT_WITHIN, WITHIN);
        if let Some((host, address)) = stands_at {
            client = client.resolve(host, address);
        }
        let client = client.build().map_err(SetupError::Http)?;
        let port = stands_at.map(|(_, address)| address.port());
        Ok(Self { client, port })
    }

    /// Fetches one page of at most `largest` bytes, as a browser that prefers this language, if any.
    ///
    /// # Errors
    /// When the server cannot be reached, is not believed or too slow; [`ClientError::Protocol`] when it sends more, or
    /// less than it said.
    pub async fn get(
        &self,
        address: Url,
        language: Option<&str>,
        largest: usize,
    ) -> Result<Page, ClientError> {
        let mut there = address.clone();
        // The port of an address goes before the one that its host is resolved to.
        if self.port.is_some() && there.set_port(self.port).is_err() {
            return Err(ClientError::Protocol("the address has no port"));
        }
        let mut asked = self.client.get(there).header(HOST, authority(&address));
        if let Some(language) = language {
            asked = asked.header(ACCEPT_LANGUAGE, language);
        }
        let mut answer = asked.send().await.map_err(ClientError::of)?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        let headers = headers
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        let body = read_body(&mut answer, largest).await.map_err(cut_short)?;
        Ok(Page {
            status,
            headers,
            body,
        })
    }
}

/// The server is there, for its answer had begun.
fn cut_short(error: ClientError) -> ClientError {
    match error {
        ClientError::Unreachable { .. } => ClientError::Protocol("the answer is cut short"),
        other => other,
    }
}

/// Host and port as people write them.
fn authority(address: &Url) -> &str {
    &address[Position::BeforeHost..Position::AfterPort]
}
