//! How a request is refused: a reason from a closed list, put into words by the server.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use contract::problem::{MEDIA_TYPE, Problem, ProblemKind};

use crate::reference::Reference;

/// Seconds to wait where nobody knows for how long.
const A_WHILE: u32 = 60;

/// Why a request is refused before, beside or after its handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The request cannot be understood.
    Malformed,
    /// It comes from another site's page.
    CrossSite,
    /// The peer may not do this.
    NotForYou,
    /// There is nothing at this address.
    NotFound,
    /// The address does not answer to this method.
    NotAllowed,
    /// It did not arrive, or was not answered, in time.
    TooSlow,
    /// It is larger than anything that is sent here.
    TooLarge,
    /// Its body is of a kind that is not understood here.
    WrongKind,
    /// Too many came from this visitor.
    TooMany {
        /// After how many seconds one more is admitted.
        seconds: u32,
    },
    /// Something here is broken; the log knows what, under the reference.
    Broken,
    /// Something needed is not there at the moment.
    Unavailable,
}

impl Reason {
    /// The status that goes with it.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::CrossSite | Self::NotForYou => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongKind => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(crate) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Self::NotForYou,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::NotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::TooSlow,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::WrongKind,
            StatusCode::TOO_MANY_REQUESTS => Self::TooMany { seconds: A_WHILE },
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_client_error() => Self::Malformed,
            _ => Self::Broken,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Malformed => "the request cannot be understood",
            Self::CrossSite => "the request comes from another site",
            Self::NotForYou => "not permitted",
            Self::NotFound => "nothing is here",
            Self::NotAllowed => "this method is not offered here",
            Self::TooSlow => "this took too long",
            Self::TooLarge => "the request is too large",
            Self::WrongKind => "the request is of the wrong kind",
            Self::TooMany { .. } => "too many requests; wait, then try again",
            Self::Broken => "something went wrong",
            Self::Unavailable => "not available at the moment",
        }
    }
}

/// The error with which a layer, an extractor or a handler refuses. Its text is a constant: nothing from the inside
/// can get out with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub Reason);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.words())
    }
}

impl std::error::Error for Refused {}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.0.status()
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.0.status()) // the outermost layer has the words
    }
}

/// All that a server needs to explain a refusal.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What the person can quote.
    pub reference: Reference,
    /// The visitor's language, as [`Explain::language`] found it.
    pub language: Option<String>,
}

/// Puts a refusal into a page or a problem document. The status is set by the caller.
pub trait Explain: Send + Sync + 'static {
    /// What tells the visitor's language: `Accept-Language`, unless somebody can choose another here.
    fn language(&self, request: &HttpRequest) -> Option<String> {
        let asked = request.headers().get(ACCEPT_LANGUAGE)?;
        asked.to_str().ok().map(str::to_owned)
    }

    /// The body, with its content type.
    fn explain(&self, refusal: &Refusal) -> HttpResponse;
}

/// Explains to programs: a problem document (RFC 9457).
#[derive(Clone, Copy, Debug)]
pub struct AsProblem;

impl Explain for AsProblem {
    fn explain(&self, refusal: &Refusal) -> HttpResponse {
        let kind = match refusal.reason {
            Reason::Malformed => ProblemKind::Malformed,
            Reason::CrossSite | Reason::NotForYou => ProblemKind::NotAllowed,
            Reason::NotFound | Reason::NotAllowed => ProblemKind::NotFound,
            Reason::TooSlow => ProblemKind::TooSlow,
            Reason::TooLarge => ProblemKind::TooLarge,
            Reason::WrongKind => ProblemKind::UnsupportedMediaType,
            Reason::TooMany { .. } => ProblemKind::TooMany,
            Reason::Broken | Reason::Unavailable => ProblemKind::Internal,
        };
        let status = refusal.reason.status();
        let mut problem = Problem::new(kind, refusal.reference.as_str());
        problem.status = status.as_u16();
        if let Reason::TooMany { seconds } = refusal.reason {
            problem.retry_after = Some(seconds);
        }
        HttpResponse::build(status).content_type(MEDIA_TYPE).json(problem)
    }
}
