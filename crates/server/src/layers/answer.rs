//! The outermost layer: whatever happens further in, there is an answer, and it is one of ours.
//!
//! It gives the request its reference and its trace, turns panics, errors and bare statuses into explained
//! refusals, and sets the headers: also on answers that an inner layer made by returning an error.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_http::ConnectionType;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::headers;
use crate::listener::Rules;
use crate::pipelining::Pipeline;
use crate::reference::{REFERENCE_HEADER, Randomness, Reference};
use crate::refusal::{Reason, Refusal, Refused};
use crate::source::Source;
use crate::stack::Born;

/// After this long a connection is closed behind an answer, so that its peer proves again who it is.
const CONNECTION_LIFE: Duration = Duration::from_mins(10);

pub(crate) async fn answer_always(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    super::detach(&mut request);
    let _answering = Pipeline::of(&request).answer(&mut request);
    let seen = Seen::of(&request);
    let span = tracing::info_span!(
        "request",
        listener = seen.rules.listener,
        method = seen.method,
        route = seen.route,
        reference = %seen.reference,
    );
    let inner = async move { next.call(request).await };
    let outcome = AssertUnwindSafe(inner)
        .catch_unwind()
        .instrument(span.clone())
        .await;
    let _here = span.enter(); // nothing is awaited below
    match outcome {
        Ok(Ok(answer)) => Ok(seen.finish(answer.map_into_boxed_body())),
        Ok(Err(error)) => Err(seen.refuse(&error)),
        Err(_panic) => {
            metrics::counter!("panics_total", "where" => "request").increment(1);
            Err(seen.refuse(&Refused(Reason::Broken).into()))
        }
    }
}

/// What is remembered of a request while it is away: nothing that a person typed, and no path.
struct Seen {
    rules: Data<Rules>,
    reference: Reference,
    method: &'static str,
    route: String,
    language: Option<String>,
    born: Option<Instant>,
    /// The connection carries other visitors too.
    proxied: bool,
    began: Instant,
}

impl Seen {
    fn of(request: &ServiceRequest) -> Self {
        let rules = super::rules(request);
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let randomness: &Data<Randomness> = request
            .app_data()
            .expect("the stack gives every application its randomness");
        let reference = text(REFERENCE_HEADER)
            .filter(|_| rules.proven_peers)
            .and_then(Reference::parse)
            .unwrap_or_else(|| Reference::new(randomness));
        let language = rules.explain.language(request.request());
        if let Some(peer) = request.peer_addr() {
            let source = Source::of(peer.ip(), request.headers(), &rules.trusted_proxies);
            request.extensions_mut().insert(source);
        }
        request.extensions_mut().insert(reference.clone());
        Self {
            reference,
            method: known(request.method()),
            route: request.match_pattern().unwrap_or_else(|| "(none)".to_owned()),
            language,
            born: request.conn_data::<Born>().map(|born| born.0),
            proxied: request.peer_addr().is_some_and(|peer| rules.is_proxy(peer.ip())),
            began: Instant::now(),
            rules,
        }
    }

    /// Completes an answer; one that is an error without an explanation is explained.
    fn finish(&self, answer: ServiceResponse) -> ServiceResponse {
        let mut answer = if is_explained(answer.response()) {
            answer
        } else {
            let reason = answer.response().error().map_or_else(
                || Reason::of(answer.status()),
                |error| {
                    self.log_cause(error);
                    reason(error)
                },
            );
            let allow = answer.headers().get(header::ALLOW).cloned();
            let mut explained = self.explain(reason);
            if let Some(allow) = allow {
                explained.headers_mut().insert(header::ALLOW, allow);
            }
            answer.into_response(explained)
        };
        self.complete(answer.response_mut(), true);
        answer
    }

    /// The answer to an error that came as far as here. It has no request any more, so it travels as an error.
    fn refuse(&self, error: &Error) -> Error {
        self.log_cause(error);
        let reason = reason(error);
        let mut answer = self.explain(reason);
        // Counted all the same: whoever comes too often fills no log.
        let is_told = !matches!(reason, Reason::TooMany { .. });
        self.complete(&mut answer, is_told);
        InternalError::from_response("refused", answer).into()
    }

    fn explain(&self, reason: Reason) -> HttpResponse {
        let refusal = Refusal {
            reason,
            reference: self.reference.clone(),
            language: self.language.clone(),
        };
        let mut answer = self.rules.explain.explain(&refusal);
        *answer.status_mut() = reason.status();
        if matches!(reason, Reason::TooSlow | Reason::TooLarge) {
            answer.head_mut().set_connection_type(ConnectionType::Close); // the rest of the body is not wanted
        }
        if let Reason::TooMany { seconds } = reason {
            answer
                .headers_mut()
                .insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
            if !self.proxied {
                answer.head_mut().set_connection_type(ConnectionType::Close); // its place is for others
            }
        }
        answer
    }

    fn complete(&self, answer: &mut HttpResponse, is_told: bool) {
        headers::put(answer.headers_mut());
        if self.rules.proven_peers
            && let Ok(value) = header::HeaderValue::from_str(self.reference.as_str())
        {
            answer
                .headers_mut()
                .insert(header::HeaderName::from_static(REFERENCE_HEADER), value);
        }
        if self.born.is_some_and(|born| born.elapsed() > CONNECTION_LIFE) {
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        let (status, took) = (answer.status().as_u16(), self.began.elapsed());
        self.count(status, took);
        if is_told {
            tracing::info!(status, milliseconds = took.as_secs_f64() * 1000.0, "answered");
        }
    }

    fn count(&self, status: u16, took: Duration) {
        let listener = self.rules.listener;
        metrics::counter!(
            "http_requests_total",
            "listener" => listener,
            "method" => self.method,
            "route" => self.route.clone(),
            "status" => status.to_string(),
        )
        .increment(1);
        metrics::histogram!("http_request_seconds", "listener" => listener, "route" => self.route.clone())
            .record(took.as_secs_f64());
    }

    /// What happened is for the log; the visitor gets the reference.
    fn log_cause(&self, error: &Error) {
        if error.as_response_error().status_code().is_server_error() {
            tracing::error!(reference = %self.reference, cause = %error, "request failed");
        }
    }
}

fn reason(error: &Error) -> Reason {
    error.as_error::<Refused>().map_or_else(
        || Reason::of(error.as_response_error().status_code()),
        |refused| refused.0,
    )
}

/// Pages and problem documents are explanations. An error with any other body, or none, was made by a library.
fn is_explained(answer: &HttpResponse) -> bool {
    let status = answer.status();
    let kind = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let ours = |kind: &str| kind.starts_with("text/html") || kind.starts_with("application/");
    !(status.is_client_error() || status.is_server_error()) || kind.is_some_and(ours)
}

/// A method as a label: a visitor can make up any number of methods, a metric must not.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
