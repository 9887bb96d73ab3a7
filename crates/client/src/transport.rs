//! One call to one of our own servers, and back: JSON over mutual TLS, everything bounded.

use std::fmt;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use contract::Problem;
use contract::paths::REFERENCE_HEADER;
use contract::problem::MEDIA_TYPE;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, redirect, retry};
use rustls::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{ClientError, SetupError};
use crate::tls::by_authority;

/// Where a server is, and how we show each other who we are.
#[derive(Clone, Debug)]
pub struct TransportSettings {
    /// The server's `https` origin.
    pub base: Url,
    /// The only authority whose certificates are believed, PEM.
    pub ca_file: PathBuf,
    /// Our own certificate, PEM.
    pub cert_file: PathBuf,
    /// Its key, PEM.
    pub key_file: PathBuf,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a whole call may take.
    pub timeout: Duration,
    /// How large an answer may be, in bytes.
    pub body_limit: usize,
}

impl TransportSettings {
    /// With the usual limits: 2 s to connect, 15 s for a call, answers of 64 KiB.
    pub fn new(base: Url, ca_file: PathBuf, cert_file: PathBuf, key_file: PathBuf) -> Self {
        Self {
            base,
            ca_file,
            cert_file,
            key_file,
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(15),
            body_limit: 64 * 1024,
        }
    }
}

/// Shorter than the time for which our servers keep an idle connection, so that none is used while it closes.
const IDLE: Duration = Duration::from_secs(10);

/// What is asked, apart from the body.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    method: Method,
    path: &'a str,
    handle: Option<&'a SecretString>,
    reference: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// `path` begins with a slash and holds no secret.
    pub fn get(path: &'a str) -> Self {
        Self {
            method: Method::GET,
            path,
            handle: None,
            reference: None,
        }
    }

    /// See [`get`](Self::get).
    pub fn post(path: &'a str) -> Self {
        Self {
            method: Method::POST,
            ..Self::get(path)
        }
    }

    /// See [`get`](Self::get).
    pub fn delete(path: &'a str) -> Self {
        Self {
            method: Method::DELETE,
            ..Self::get(path)
        }
    }

    /// The handle, sent as `Authorization: Bearer <handle>`.
    #[must_use]
    pub fn handle(self, handle: &'a SecretString) -> Self {
        Self {
            handle: Some(handle),
            ..self
        }
    }

    /// The reference of the request that this call is made for.
    #[must_use]
    pub fn reference(self, reference: &'a str) -> Self {
        Self {
            reference: Some(reference),
            ..self
        }
    }
}

/// A client of one server. Cheap to share; nothing is repeated by itself.
pub struct Transport {
    settings: TransportSettings,
    client: RwLock<Client>,
}

impl Transport {
    /// Reads the files and makes the client; connects to nothing yet.
    pub fn new(settings: TransportSettings) -> Result<Self, SetupError> {
        let client = RwLock::new(client_of(&settings)?);
        Ok(Self { settings, client })
    }

    /// Reads the files again. Calls under way finish with what they began with; on an error everything stays.
    pub fn reload(&self) -> Result<(), SetupError> {
        let renewed = client_of(&self.settings)?;
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }

    /// Makes a call without a body.
    pub async fn call<R: DeserializeOwned>(&self, call: Call<'_>) -> Result<R, ClientError> {
        self.finish(self.prepare(&call)).await
    }

    /// Makes a call with a JSON body.
    pub async fn call_with<R: DeserializeOwned>(
        &self,
        call: Call<'_>,
        body: &(impl Serialize + ?Sized + Sync),
    ) -> Result<R, ClientError> {
        self.finish(self.prepare(&call).json(body)).await
    }

    fn prepare(&self, call: &Call<'_>) -> RequestBuilder {
        let mut address = self.settings.base.clone();
        address.set_path(call.path);
        let client = self.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut request = client.request(call.method.clone(), address);
        if let Some(handle) = call.handle {
            request = request.bearer_auth(handle.expose_secret());
        }
        if let Some(reference) = call.reference {
            request = request.header(REFERENCE_HEADER, reference);
        }
        request
    }

    async fn finish<R: DeserializeOwned>(&self, request: RequestBuilder) -> Result<R, ClientError> {
        let mut answer = request.send().await.map_err(ClientError::of)?;
        let body = read_body(&mut answer, self.settings.body_limit).await?;
        if answer.status().is_success() {
            let body: &[u8] = if body.is_empty() { b"null" } else { &body };
            return serde_json::from_slice(body)
                .map_err(|_| ClientError::Protocol("the answer is not of the expected shape"));
        }
        let is_problem = answer
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(MEDIA_TYPE.as_bytes()));
        if !is_problem {
            return Err(ClientError::Protocol("a refusal without a problem document"));
        }
        serde_json::from_slice::<Problem>(&body).map_or(
            Err(ClientError::Protocol("the problem document is broken")),
            |problem| Err(ClientError::Problem(problem)),
        )
    }
}

/// Reads an answer to its end, or as far as it may go.
pub(crate) async fn read_body(answer: &mut Response, largest: usize) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(ClientError::of)? {
        if body.len() + chunk.len() > largest {
            return Err(ClientError::Protocol("the answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.settings.base.as_str())
            .finish_non_exhaustive()
    }
}

fn client_of(settings: &TransportSettings) -> Result<Client, SetupError> {
    let tls = by_authority(&settings.ca_file, &settings.cert_file, &settings.key_file)?;
    build(tls, settings.connect_timeout, settings.timeout)
}

/// A client with what every client must have.
pub(crate) fn build(
    tls: ClientConfig,
    connect_timeout: Duration,
    timeout: Duration,
) -> Result<Client, SetupError> {
    prepared(tls, connect_timeout, timeout)
        .build()
        .map_err(SetupError::Http)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that sets what every client must have"
)]
pub(crate) fn prepared(tls: ClientConfig, connect_timeout: Duration, timeout: Duration) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .connect_timeout(connect_timeout)
        .timeout(timeout)
        .pool_idle_timeout(IDLE)
}
