//! What the core asks. Every request is signed, and judged before a handler sees it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::{Bytes, Data, Path, Query, ServiceConfig, get, post, put, resource};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use contract::problem::MEDIA_TYPE;
use contract::sync::{
    After, Certificate, CertificateAnswer, Command, DropRequest, NewEpoch, Position, Pushed,
    SIGNATURE_HEADER, Token, Unbelieved, paths,
};
use contract::{Problem, ProblemKind};
use journal::Signed;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use server::{Reason, Reference, Refused, Reloads, Stop};

use crate::believe::{Asked, Believer, Doubt};
use crate::given::Clock;
use crate::public_certificate::{PublicCertificate, RenewalError};
use crate::site::{Site, SiteError};

/// Messages in one batch.
const MOST_IN_BATCH: usize = 1000;

/// What the core comes to.
pub struct Back {
    /// The site.
    pub site: Site,
    /// Who knows the core.
    pub believer: Believer,
    /// This machine's time, against which requests are judged.
    pub clock: Arc<dyn Clock>,
    /// The public listener's certificate.
    pub certificate: PublicCertificate,
    /// Has the listeners read their certificates again.
    pub reloads: Reloads,
    /// Ordered when the site begins to end: long polls are answered at once.
    pub ending: Stop,
}

/// All routes of the sync listener.
pub fn routes(back: Arc<Back>) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config| {
        config
            .app_data(Data::from(Arc::clone(&back)))
            .service(resource(paths::MESSAGE).route(put().to(push)))
            .service(resource(paths::MESSAGES).route(post().to(push_batch)))
            .service(resource(paths::COMMANDS).route(post().to(command)))
            .service(resource(paths::EVENTS).route(get().to(events)))
            .service(resource(paths::ACK).route(post().to(ack)))
            .service(resource(paths::INVENTORY).route(get().to(inventory)))
            .service(resource(paths::EPOCHS).route(post().to(open_epoch)))
            .service(resource(paths::CHECKPOINTS).route(post().to(witness)))
            .service(resource(paths::REQUEST).route(put().to(request_drop)))
            .service(resource(paths::DROPS).route(get().to(drops)))
            .service(
                resource(paths::DROP)
                    .route(get().to(fetch_drop))
                    .route(actix_web::web::delete().to(erase_drop)),
            )
            .service(resource(paths::CERTIFICATE).route(post().to(certificate)));
    }
}

/// A request that the core meant. There is no other way to its body.
struct Believed {
    back: Arc<Back>,
    reference: Reference,
    /// The epoch in which it was sent.
    epoch: u64,
    body: Bytes,
}

impl FromRequest for Believed {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move { believe(&request, &mut payload).await })
    }
}

async fn believe(request: &HttpRequest, payload: &mut Payload) -> Result<Believed, Error> {
    let back: &Data<Back> = request.app_data().ok_or(Refused(Reason::Broken))?;
    let reference = Reference::from_request(request, payload).await?;
    let line = request.headers().get(SIGNATURE_HEADER);
    let line = line.and_then(|line| line.to_str().ok());
    let asked = Asked {
        method: request.method().as_str(),
        path: request.uri().path_and_query().map_or("/", |path| path.as_str()),
    };
    let believed = match back.believer.judge(line, asked, back.clock.now_ms()) {
        Ok(announced) => {
            let body = Bytes::from_request(request, payload).await?;
            let said = back.believer.believe(announced, &body, back.clock.now_ms());
            said.map(|said| (said, body))
        }
        Err(doubt) => Err(doubt),
    };
    let (said, body) = match believed {
        Ok(believed) => believed,
        Err(Doubt { why, nonce }) => return Err(unbelieved(back, &why.to_string(), &nonce).await),
    };
    match back.site.admit(said.generation).await {
        Ok(()) => Ok(Believed {
            back: Arc::clone(back),
            reference,
            epoch: said.epoch,
            body,
        }),
        Err(error @ SiteError::Outdated) => Err(unbelieved(back, &error.to_string(), &said.nonce).await),
        Err(error) => Err(refuse(&error, &reference)),
    }
}

/// 401 with our time: what was wrong is for the log.
async fn unbelieved(back: &Back, why: &str, nonce: &str) -> Error {
    tracing::warn!(why, "a request on the sync listener is not believed");
    metrics::counter!("sync_requests_unbelieved_total").increment(1);
    let time = back.site.time(nonce).await;
    let answer = HttpResponse::Unauthorized().json(Unbelieved { time });
    InternalError::from_response("not believed", answer).into()
}

impl Believed {
    fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|_| Refused(Reason::Malformed).into())
    }

    fn text(&self) -> Result<&str, Error> {
        std::str::from_utf8(&self.body).map_err(|_| Refused(Reason::Malformed).into())
    }

    /// The value, or the problem that explains why there is none.
    fn well<T>(&self, outcome: Result<T, SiteError>) -> Result<T, Error> {
        outcome.map_err(|error| refuse(&error, &self.reference))
    }

    fn problem(&self, kind: ProblemKind) -> Error {
        explained(Problem::new(kind, self.reference.as_str()))
    }
}

fn refuse(error: &SiteError, reference: &Reference) -> Error {
    let kind = match error {
        SiteError::Fork => ProblemKind::Fork,
        SiteError::Outdated | SiteError::Conflict => ProblemKind::Conflict,
        SiteError::Unknown => ProblemKind::NotFound,
        SiteError::Refused => ProblemKind::Malformed,
        SiteError::Full => ProblemKind::Full,
        SiteError::TooManyUnknown => ProblemKind::TooManyUnknown,
        SiteError::Busy | SiteError::OtherEpoch => return Refused(Reason::Unavailable).into(),
        SiteError::Failed(cause) => {
            tracing::error!(%reference, cause, "the site did not do what the core asked");
            return Refused(Reason::Unavailable).into();
        }
    };
    explained(Problem::new(kind, reference.as_str()))
}

fn explained(problem: Problem) -> Error {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let answer = HttpResponse::build(status).content_type(MEDIA_TYPE).json(problem);
    InternalError::from_response("refused", answer).into()
}

/// Where a page of a list begins.
#[derive(Deserialize)]
struct Page {
    after: Option<Token>,
}

async fn push(asked: Believed, id: Path<Token>) -> Result<HttpResponse, Error> {
    let outcome = asked.back.site.push(asked.epoch, *id, &asked.body).await;
    let push = asked.well(outcome)?;
    let status = match push.pushed {
        Pushed::Stored(_) if push.new => StatusCode::CREATED,
        Pushed::Stored(_) => StatusCode::OK,
        Pushed::Ended(_) => StatusCode::GONE,
        Pushed::Conflict => return Err(asked.problem(ProblemKind::Conflict)),
        Pushed::Refused => return Err(asked.problem(ProblemKind::Malformed)),
        Pushed::Full => return Err(asked.problem(ProblemKind::Full)),
    };
    Ok(HttpResponse::build(status).json(push.pushed))
}

async fn push_batch(asked: Believed) -> Result<HttpResponse, Error> {
    let bodies = apart(&asked.body).ok_or(Refused(Reason::Malformed))?;
    let outcome = asked.back.site.push_batch(asked.epoch, &bodies).await;
    Ok(HttpResponse::Ok().json(asked.well(outcome)?))
}

/// Each body stands behind its length.
fn apart(mut whole: &[u8]) -> Option<Vec<&[u8]>> {
    let mut bodies = Vec::new();
    while !whole.is_empty() {
        let (length, rest) = whole.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (body, rest) = rest.split_at_checked(length)?;
        bodies.push(body);
        whole = rest;
        if bodies.len() > MOST_IN_BATCH {
            return None;
        }
    }
    Some(bodies)
}

async fn command(asked: Believed) -> Result<HttpResponse, Error> {
    let command: Command = asked.json()?;
    let outcome = asked.back.site.command(&command).await;
    Ok(HttpResponse::Ok().json(asked.well(outcome)?))
}

/// A site that ends answers at once: the core nearly always waits here, and the end would wait for it.
async fn events(asked: Believed, after: Query<After>) -> Result<HttpResponse, Error> {
    let Back { site, ending, .. } = &*asked.back;
    let outcome = tokio::select! {
        outcome = site.events(*after) => outcome,
        () = ending.ordered() => site.events_so_far(*after).await,
    };
    Ok(HttpResponse::Ok().json(asked.well(outcome)?))
}

async fn ack(asked: Believed) -> Result<HttpResponse, Error> {
    let position: Position = asked.json()?;
    asked.well(asked.back.site.ack(position).await)?;
    Ok(HttpResponse::NoContent().finish())
}

async fn inventory(asked: Believed, page: Query<Page>) -> Result<HttpResponse, Error> {
    let outcome = asked.back.site.inventory(page.after).await;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(asked.well(outcome)?))
}

async fn open_epoch(asked: Believed) -> Result<HttpResponse, Error> {
    let epoch: NewEpoch = asked.json()?;
    let outcome = asked.back.site.new_epoch(&epoch).await;
    Ok(HttpResponse::Ok().json(asked.well(outcome)?))
}

/// The line is signed with a key of the core's audit, which a site does not know. That the core left it here is said by
/// the request's own signature.
async fn witness(asked: Believed) -> Result<HttpResponse, Error> {
    let line = asked.text()?;
    let _: Signed = line.parse().map_err(|_| Refused(Reason::Malformed))?;
    let outcome = asked.back.site.witness(line).await;
    Ok(HttpResponse::Ok().json(asked.well(outcome)?))
}

async fn request_drop(asked: Believed, id: Path<Token>) -> Result<HttpResponse, Error> {
    let request: DropRequest = asked.json()?;
    let outcome = asked.back.site.request_drop(asked.epoch, *id, &request).await;
    asked.well(outcome)?;
    Ok(HttpResponse::NoContent().finish())
}

async fn drops(asked: Believed, page: Query<Page>) -> Result<HttpResponse, Error> {
    let outcome = asked.back.site.drops(page.after).await;
    Ok(HttpResponse::Ok().json(asked.well(outcome)?))
}

async fn fetch_drop(asked: Believed, id: Path<Token>) -> Result<HttpResponse, Error> {
    let outcome = asked.back.site.fetch_drop(*id).await;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::octet_stream())
        .body(asked.well(outcome)?))
}

async fn erase_drop(asked: Believed, id: Path<Token>) -> Result<HttpResponse, Error> {
    let outcome = asked.back.site.erase_drop(*id).await;
    asked.well(outcome)?;
    Ok(HttpResponse::NoContent().finish())
}

/// CSR out, chain in. The files are small, and this comes once in an hour.
async fn certificate(asked: Believed) -> Result<HttpResponse, Error> {
    let order: Certificate = asked.json()?;
    let back = Arc::clone(&asked.back);
    let done = actix_web::web::block(move || obey(&back, order)).await;
    let answer = match done.map_err(|_| Refused(Reason::Broken))? {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(reference = %asked.reference, %error, "the public certificate is kept");
            let refusal = error.refusal();
            CertificateAnswer::Refused(refusal.ok_or_else(|| asked.problem(ProblemKind::Internal))?)
        }
    };
    Ok(HttpResponse::Ok().json(answer))
}

fn obey(back: &Back, order: Certificate) -> Result<CertificateAnswer, RenewalError> {
    let now_ms = back.clock.now_ms();
    match order {
        Certificate::Show => {}
        Certificate::Request => return back.certificate.request(now_ms).map(CertificateAnswer::Request),
        Certificate::Take { chain } => {
            back.certificate.take(&chain, now_ms)?;
            back.reloads.certificates(); // what is wrong is logged
            tracing::info!("a new public certificate is in use");
        }
    }
    back.certificate.in_use().map(CertificateAnswer::InUse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_taken_apart_or_refused_as_a_whole() {
        let whole = [
            &2_u32.to_be_bytes()[..],
            b"ab",
            &0_u32.to_be_bytes(),
            &1_u32.to_be_bytes(),
            b"c",
        ]
        .concat();
        assert_eq!(apart(&whole), Some(vec![&b"ab"[..], b"", b"c"]));
        assert_eq!(apart(b""), Some(Vec::new()));
        for cut in [1, 5, whole.len() - 1] {
            assert_eq!(apart(&whole[..cut]), None, "{cut}");
        }
        assert_eq!(apart(&[0; 4 * (MOST_IN_BATCH + 1)]), None, "too many");
    }
}
