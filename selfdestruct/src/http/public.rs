//! What people see. GET changes nothing, whatever fetches it, and nothing is remembered of a visitor.
//!
//! Whoever has no right proof learns nothing of a message: a malformed id is treated as one that never was, and the
//! neutral answer is one and the same, in body and head.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LENGTH, ContentType, HeaderName, RETRY_AFTER,
};
use actix_web::web::{Bytes, Data, Json, Path, Payload, ServiceConfig, get, post, resource, route};
use actix_web::{HttpRequest, HttpResponse, Route, guard};
use contract::sync::{Bytes as Fixed, Token};
use serde::{Deserialize, Serialize};
use server::{Explain, Leeway, Reason, Refusal, Refused, Source};
use ui::{Assets, Lang};
use zeroize::Zeroizing;

use super::drawn::{Drawn, Page};
use super::handed_out::HandedOut;
use super::uploads;
use crate::pages::problem::{ProblemView, Trouble};
use crate::places::{Holder, Places};
use crate::site::{Opened, Opening, Proofs, Site, SiteError, Uploaded};

/// The header in which an opened message's header comes.
pub const HEADER: HeaderName = HeaderName::from_static("sallyport-header");
/// The header in which its nonce comes.
pub const NONCE: HeaderName = HeaderName::from_static("sallyport-nonce");
/// The header that carries the proof of a drop box's link.
pub const PROOF: HeaderName = HeaderName::from_static("sallyport-proof");

/// Seconds after which somebody should try again.
const AWAY_SECONDS: u32 = 5;

/// What people come to.
pub struct Front {
    site: Site,
    drawn: Arc<Drawn>,
    uploads: Arc<Places>,
}

impl Front {
    /// This site, with these pages.
    pub fn new(site: Site, drawn: Arc<Drawn>) -> Self {
        Self {
            site,
            drawn,
            uploads: uploads::places(),
        }
    }
}

/// All routes of the public listener.
pub fn routes(front: Arc<Front>) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config| {
        config
            .app_data(Data::from(Arc::clone(&front)))
            .service(resource("/m/{id}/open").route(post().to(open)))
            .service(resource("/m/{id}/done").route(post().to(done)))
            .service(resource("/m/{id}").route(look().to(message)))
            .service(resource("/").route(look().to(home)))
            .service(
                resource("/d/{id}")
                    .route(look().to(drop_box))
                    .route(post().to(upload)),
            )
            .service(resource("/d/{id}/key").route(get().to(drop_key)))
            .service(resource("/assets/{file:.*}").route(look().to(asset)))
            .service(resource("/robots.txt").route(look().to(robots)));
    }
}

/// GET, and HEAD with it.
fn look() -> Route {
    route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn home(front: Data<Front>, request: HttpRequest) -> HttpResponse {
    page(&front, Page::Home, &request)
}

async fn message(front: Data<Front>, request: HttpRequest) -> HttpResponse {
    front.site.page_seen();
    page(&front, Page::Message, &request)
}

async fn drop_box(front: Data<Front>, request: HttpRequest) -> HttpResponse {
    front.site.page_seen();
    page(&front, Page::DropBox, &request)
}

fn page(front: &Front, page: Page, request: &HttpRequest) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .body(front.drawn.page(page, language(request)))
}

/// What was chosen with this very request, else what the browser asks for.
fn language(request: &HttpRequest) -> Lang {
    let mut pairs = request.query_string().split('&');
    let chosen = pairs.find_map(|pair| pair.strip_prefix("lang="));
    let accepted = request.headers().get(ACCEPT_LANGUAGE);
    Lang::negotiate(chosen, accepted.and_then(|value| value.to_str().ok()))
}

/// One that is none stands for a message that never was, and goes the same way.
fn id(text: &str) -> Token {
    text.parse().unwrap_or(Token::from([0; 16]))
}

/// What a browser shows to open a message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    link: Fixed<32>,
    open: Option<Fixed<32>>,
    claim: Token,
}

async fn open(front: Data<Front>, source: Source, path: Path<String>, asked: Json<Shown>) -> HttpResponse {
    let proofs = Proofs {
        link: Zeroizing::new(*asked.link.as_bytes()),
        open: asked.open.map(|proof| Zeroizing::new(*proof.as_bytes())),
    };
    match front.site.open(id(&path), proofs, asked.claim, source).await {
        Ok(Opening::Opened(opened)) => hand_out(opened),
        Ok(Opening::Neutral) => neutral(),
        Ok(Opening::WrongPassphrase { tries_left }) => HttpResponse::Forbidden().json(Left { tries_left }),
        Ok(Opening::Ended(ended)) => HttpResponse::Gone().json(ended),
        Ok(Opening::NotConfirmed | Opening::NoRoom) => away(),
        Err(error) => failed("a message is not opened", &error),
    }
}

fn hand_out(opened: Opened) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer
        .content_type(ContentType::octet_stream())
        .insert_header((HEADER, opened.header))
        .insert_header((NONCE, opened.nonce.to_string()));
    match opened.place {
        Some(place) => answer.body(HandedOut::new(opened.ciphertext, place)),
        None => answer.body(opened.ciphertext),
    }
}

/// How many more wrong passphrases are borne.
#[derive(Serialize)]
struct Left {
    tries_left: u32,
}

/// What the reader's browser says when it has decrypted.
#[derive(Deserialize)]
struct Done {
    claim: Token,
}

/// Always the same answer: whoever knows the claim knows what became of it.
async fn done(front: Data<Front>, path: Path<String>, body: Bytes) -> HttpResponse {
    if let Ok(Done { claim }) = serde_json::from_slice(&body)
        && let Err(error) = front.site.done(id(&path), claim).await
    {
        tracing::warn!(%error, "a delivery is not noted; the lease ends the message");
    }
    HttpResponse::NoContent().finish()
}

/// What a browser needs to seal something for a drop box.
#[derive(Serialize)]
struct Key {
    key: Fixed<65>,
    largest: u64,
}

async fn drop_key(front: Data<Front>, path: Path<String>) -> HttpResponse {
    match front.site.drop_box(id(&path)).await {
        Ok(Some(open)) => HttpResponse::Ok().json(Key {
            key: open.public_key,
            largest: open.largest,
        }),
        Ok(None) => HttpResponse::NotFound().json(Nothing {}),
        Err(error) => failed("a drop box is not looked up", &error),
    }
}

/// Nobody fills the memory with bodies that nobody awaits, nor takes the places of those who have the link: the proof is
/// looked at before the body is read, and only so many are read at once.
async fn upload(
    front: Data<Front>,
    source: Source,
    leeway: Leeway,
    path: Path<String>,
    request: HttpRequest,
    body: Payload,
) -> Result<HttpResponse, Refused> {
    let id = id(&path);
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let Some(proof) = header(PROOF).and_then(|proof| proof.parse::<Token>().ok()) else {
        return Ok(neutral());
    };
    let proof = Zeroizing::new(*proof.as_bytes());
    let largest = match front.site.largest_upload(id, &proof).await {
        Ok(Some(largest)) => usize::try_from(largest).unwrap_or(usize::MAX),
        Ok(None) => return Ok(neutral()),
        Err(error) => return Ok(failed("a drop box is not looked up", &error)),
    };
    let declared = header(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if declared.is_some_and(|length| length > largest) {
        return Err(Refused(Reason::TooLarge));
    }
    let Some(_place) = front.uploads.take(Holder::Visitor(source.group())) else {
        return Ok(away());
    };
    let body = uploads::read(body, largest, &leeway).await?;
    let source = source.address().to_string();
    Ok(match front.site.upload(id, &proof, &body, &source).await {
        Ok(Uploaded::Taken) => HttpResponse::Created().json(Nothing {}),
        Ok(Uploaded::Again) => HttpResponse::Ok().json(Nothing {}),
        Ok(Uploaded::Neutral) => neutral(),
        Ok(Uploaded::TooLarge) => return Err(Refused(Reason::TooLarge)),
        Err(SiteError::Full) => HttpResponse::InsufficientStorage().json(Nothing {}),
        Err(error) => failed("a drop is not taken", &error),
    })
}

/// An empty object: there is nothing to say.
#[derive(Serialize)]
struct Nothing {}

/// The one answer to whoever shows no right proof.
fn neutral() -> HttpResponse {
    HttpResponse::Gone().json(Nothing {})
}

/// Later.
fn away() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((RETRY_AFTER, AWAY_SECONDS))
        .json(Nothing {})
}

/// Nothing was done; what failed is for the log.
fn failed(what: &str, error: &SiteError) -> HttpResponse {
    if matches!(error, SiteError::Failed(_)) {
        tracing::error!(%error, what);
    } else {
        tracing::warn!(%error, what);
    }
    away()
}

async fn asset(request: HttpRequest) -> Result<HttpResponse, Refused> {
    let (kind, bytes) = Assets::get(request.path()).ok_or(Refused(Reason::NotFound))?;
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CACHE_CONTROL, Assets::CACHING))
        .body(bytes))
}

async fn robots() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body("User-agent: *\nDisallow: /\n")
}

/// Explains what the layers in front of the handlers refused.
pub struct Explainer(pub Arc<Drawn>);

impl Explain for Explainer {
    /// As with every page here: it, too, shows the choice.
    fn language(&self, request: &HttpRequest) -> Option<String> {
        Some(language(request).tag().to_owned())
    }

    fn explain(&self, refusal: &Refusal) -> HttpResponse {
        let trouble = match refusal.reason {
            Reason::NotFound | Reason::NotAllowed => Trouble::NotFound,
            Reason::Malformed
            | Reason::WrongKind
            | Reason::CrossSite
            | Reason::TooLarge
            | Reason::TooSlow => Trouble::Malformed,
            Reason::TooMany { .. } => Trouble::TooMany,
            Reason::Unavailable => Trouble::Away,
            Reason::NotForYou | Reason::Broken => Trouble::Broken,
        };
        let view = ProblemView {
            trouble,
            reference: Some(refusal.reference.to_string()),
        };
        let lang = Lang::negotiate(None, refusal.language.as_deref());
        let mut answer = HttpResponse::build(StatusCode::OK);
        if trouble == Trouble::Away {
            answer.insert_header((RETRY_AFTER, AWAY_SECONDS));
        }
        answer
            .content_type(ContentType::html())
            .body(self.0.problem(lang, &view))
    }
}
