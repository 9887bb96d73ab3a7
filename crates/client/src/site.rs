//! The sync listener of a site of one-time messages, as the core uses it.
//!
//! What is answered comes back as status and bytes where the core has to look at exactly these bytes, and as a value of
//! the contract elsewhere. Nothing is repeated by itself.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use contract::Problem;
use contract::sync::{
    After, Certificate, CertificateAnswer, Command, Commanded, Digest, DropRequest, Drops, EpochOpened,
    Events, NewEpoch, Position, Pushed, SIGNATURE_HEADER, Token, Unbelieved, Witnessed, paths,
};
use reqwest::{Client, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{ClientError, SetupError};
use crate::tls::by_pins;
use crate::transport::{build, read_body};

/// Longest answer but for a drop's bytes.
const ANSWER: usize = 4 * 1024 * 1024;

/// Signs requests in the core's name.
pub trait Sign: Send + Sync + 'static {
    /// The value of the signature header for a request with this method, path with query, and body. Never the same
    /// twice.
    fn sign(&self, method: &str, path: &str, body: &[u8]) -> String;
}

/// Where a site is, and how we show each other who we are.
#[derive(Clone, Debug)]
pub struct SiteSettings {
    /// The sync listener's `https` origin.
    pub base: Url,
    /// The keys that it may have.
    pub pins: Vec<Digest>,
    /// Our own certificate, PEM.
    pub cert_file: PathBuf,
    /// Its key, PEM.
    pub key_file: PathBuf,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a call may take, beyond what a long poll waits.
    pub timeout: Duration,
}

/// Why a site did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// As with every client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It does not believe our signature, time or nonce, and tells its own time as a signed line.
    #[error("the site did not believe the request; its time may be another")]
    Unbelieved(String),
}

/// What the core asks of a site. A trait, so that the core's tests can put something in its place.
#[async_trait]
pub trait SiteApi: Send + Sync + 'static {
    /// Pushes one message: the bytes of `push_body`.
    async fn push(&self, id: Token, body: Vec<u8>) -> Result<Pushed, SiteError>;
    /// Pushes several.
    async fn push_batch(&self, bodies: &[Vec<u8>]) -> Result<Vec<Pushed>, SiteError>;
    /// Has something done to a message.
    async fn command(&self, command: &Command) -> Result<Commanded, SiteError>;
    /// Waits for events.
    async fn events(&self, after: After) -> Result<Events, SiteError>;
    /// Says that these events are kept here, durably.
    async fn ack(&self, position: Position) -> Result<(), SiteError>;
    /// One page of what lives there, as a signed line.
    async fn inventory(&self, after: Option<Token>) -> Result<String, SiteError>;
    /// Opens an epoch.
    async fn open_epoch(&self, epoch: &NewEpoch) -> Result<EpochOpened, SiteError>;
    /// Leaves a signed head of the audit there.
    async fn witness(&self, head: &str) -> Result<Witnessed, SiteError>;
    /// Lets somebody send something in.
    async fn request_drop(&self, id: Token, request: &DropRequest) -> Result<(), SiteError>;
    /// What came in.
    async fn drops(&self, after: Option<Token>) -> Result<Drops, SiteError>;
    /// The bytes of one of them; at most `largest`.
    async fn fetch_drop(&self, id: Token, largest: usize) -> Result<Vec<u8>, SiteError>;
    /// It has arrived: erase it.
    async fn erase_drop(&self, id: Token) -> Result<(), SiteError>;
    /// Renews the public certificate.
    async fn certificate(&self, certificate: &Certificate) -> Result<CertificateAnswer, SiteError>;
}

/// A site over mutual TLS with pinned keys.
pub struct SiteClient<S> {
    base: Url,
    timeout: Duration,
    client: Client,
    signer: S,
}

/// A status and the bytes that came with it.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl<S: Sign> SiteClient<S> {
    /// Reads the files and makes the client; connects to nothing yet.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn new(settings: &SiteSettings, signer: S) -> Result<Self, SetupError> {
        let tls = by_pins(&settings.pins, &settings.cert_file, &settings.key_file)?;
        Ok(Self {
            base: settings.base.clone(),
            timeout: settings.timeout,
            client: build(tls, settings.connect_timeout, settings.timeout)?,
            signer,
        })
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Answer, SiteError> {
        self.send_with(method, path, body, self.timeout, ANSWER).await
    }

    async fn send_with(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        timeout: Duration,
        largest: usize,
    ) -> Result<Answer, SiteError> {
        let address = self
            .base
            .join(path)
            .map_err(|_| ClientError::Protocol("the path is not one"))?;
        let signature = self.signer.sign(method.as_str(), path, &body);
        let request = self
            .client
            .request(method, address)
            .timeout(timeout)
            .header(SIGNATURE_HEADER, signature)
            .body(body);
        let mut answer = request.send().await.map_err(ClientError::of)?;
        let body = read_body(&mut answer, largest).await?;
        match answer.status().as_u16() {
            401 => Err(SiteError::Unbelieved(parse::<Unbelieved>(&body)?.time)),
            status => Ok(Answer { status, body }),
        }
    }

    async fn ask<R: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<R, SiteError> {
        let answer = self.send(method, path, body).await?;
        parse(answer.well()?)
    }

    async fn tell<R: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<R, SiteError> {
        self.ask(Method::POST, path, json(body)).await
    }
}

impl Answer {
    /// The body of a success; a refusal is a problem.
    fn well(&self) -> Result<&[u8], SiteError> {
        if (200..300).contains(&self.status) {
            return Ok(&self.body);
        }
        Err(match serde_json::from_slice::<Problem>(&self.body) {
            Ok(problem) => ClientError::Problem(problem).into(),
            Err(_) => ClientError::Protocol("a refusal without a problem document").into(),
        })
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers always become JSON")
}

fn parse<R: DeserializeOwned>(body: &[u8]) -> Result<R, SiteError> {
    let body: &[u8] = if body.is_empty() { b"null" } else { body };
    serde_json::from_slice(body)
        .map_err(|_| ClientError::Protocol("the answer is not of the expected shape").into())
}

fn text(body: &[u8]) -> Result<String, SiteError> {
    let text = String::from_utf8(body.to_vec());
    text.map_err(|_| ClientError::Protocol("the answer is not text").into())
}

fn at(path: &str, id: Token) -> String {
    path.replace("{id}", &id.to_string())
}

fn page(path: &str, after: Option<Token>) -> String {
    after.map_or_else(|| path.to_owned(), |id| format!("{path}?after={id}"))
}

#[async_trait]
impl<S: Sign> SiteApi for SiteClient<S> {
    async fn push(&self, id: Token, body: Vec<u8>) -> Result<Pushed, SiteError> {
        let answer = self.send(Method::PUT, &at(paths::MESSAGE, id), body).await?;
        match answer.status {
            200 | 201 | 410 => parse(&answer.body),
            _ => parse(answer.well()?),
        }
    }

    async fn push_batch(&self, bodies: &[Vec<u8>]) -> Result<Vec<Pushed>, SiteError> {
        let mut whole = Vec::with_capacity(bodies.iter().map(|body| body.len() + 4).sum());
        for body in bodies {
            let length = u32::try_from(body.len()).map_err(|_| ClientError::Protocol("too large"))?;
            whole.extend_from_slice(&length.to_be_bytes());
            whole.extend_from_slice(body);
        }
        self.ask(Method::POST, paths::MESSAGES, whole).await
    }

    async fn command(&self, command: &Command) -> Result<Commanded, SiteError> {
        self.tell(paths::COMMANDS, command).await
    }

    async fn events(&self, after: After) -> Result<Events, SiteError> {
        let After {
            epoch,
            after: seq,
            hash,
            limit,
            wait,
        } = after;
        let path = format!(
            "{}?epoch={epoch}&after={seq}&hash={hash}&limit={limit}&wait={wait}",
            paths::EVENTS
        );
        let timeout = self.timeout + Duration::from_secs(u64::from(wait));
        let answer = self
            .send_with(Method::GET, &path, Vec::new(), timeout, ANSWER)
            .await?;
        parse(answer.well()?)
    }

    async fn ack(&self, position: Position) -> Result<(), SiteError> {
        self.tell(paths::ACK, &position).await
    }

    async fn inventory(&self, after: Option<Token>) -> Result<String, SiteError> {
        let path = page(paths::INVENTORY, after);
        let answer = self.send(Method::GET, &path, Vec::new()).await?;
        text(answer.well()?)
    }

    async fn open_epoch(&self, epoch: &NewEpoch) -> Result<EpochOpened, SiteError> {
        self.tell(paths::EPOCHS, epoch).await
    }

    async fn witness(&self, head: &str) -> Result<Witnessed, SiteError> {
        self.ask(Method::POST, paths::CHECKPOINTS, head.as_bytes().to_vec())
            .await
    }

    async fn request_drop(&self, id: Token, request: &DropRequest) -> Result<(), SiteError> {
        self.ask(Method::PUT, &at(paths::REQUEST, id), json(request))
            .await
    }

    async fn drops(&self, after: Option<Token>) -> Result<Drops, SiteError> {
        self.ask(Method::GET, &page(paths::DROPS, after), Vec::new())
            .await
    }

    async fn fetch_drop(&self, id: Token, largest: usize) -> Result<Vec<u8>, SiteError> {
        let answer = self
            .send_with(
                Method::GET,
                &at(paths::DROP, id),
                Vec::new(),
                self.timeout,
                largest,
            )
            .await?;
        answer.well().map(<[u8]>::to_vec)
    }

    async fn erase_drop(&self, id: Token) -> Result<(), SiteError> {
        self.ask(Method::DELETE, &at(paths::DROP, id), Vec::new()).await
    }

    async fn certificate(&self, certificate: &Certificate) -> Result<CertificateAnswer, SiteError> {
        self.tell(paths::CERTIFICATE, certificate).await
    }
}
