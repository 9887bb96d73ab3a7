//! Why it does not go on, said to a person: what the core refused, and what the layers in front did.
//!
//! The list is closed. Nothing of an error's text gets into a page; the reference joins the page, the log lines
//! of both servers and the audit.

use std::sync::Arc;

use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{Error, HttpRequest, HttpResponse};
use client::ClientError;
use contract::{Problem, ProblemKind};
use server::{Explain, Reason, Refusal};
use ui::Lang;

use crate::office::Office;
use crate::pages::away::{self, AwayView};
use crate::pages::problem::{self, ProblemView, Trouble};
use crate::pages::slow::{self, SlowView};
use crate::sealing::{KeyError, Unsealed};
use crate::visit::{self, Visit, add, see_other};
use crate::{cookies, routes};

/// Seconds after which somebody should try again when the core or the directory is away.
const AWAY_SECONDS: u32 = 30;
/// Seconds to wait when nobody said for how long.
const SLOW_SECONDS: u32 = 60;

/// Why the handling of a request ends early.
#[derive(Debug)]
pub(crate) enum Halt {
    /// There is no recovery to go on with.
    Nowhere,
    /// The core refused, or cannot be asked.
    Core(ClientError),
    /// The form cannot be sealed.
    Unsealed(Unsealed),
}

impl From<ClientError> for Halt {
    fn from(error: ClientError) -> Self {
        Self::Core(error)
    }
}

impl From<Unsealed> for Halt {
    fn from(unsealed: Unsealed) -> Self {
        Self::Unsealed(unsealed)
    }
}

impl Halt {
    /// The answer, as the error with which a handler ends.
    pub(crate) fn end(self, visit: &Visit) -> Error {
        let answer = match self {
            Self::Nowhere => see_other(routes::HOME_OVER),
            Self::Core(error) | Self::Unsealed(Unsealed::Keys(KeyError::Core(error))) => {
                of_core(visit, &error)
            }
            Self::Unsealed(Unsealed::Malformed) => trouble(visit, Trouble::Malformed),
            Self::Unsealed(Unsealed::ForeignKey) => trouble(visit, Trouble::Stale),
            Self::Unsealed(Unsealed::Keys(error @ KeyError::Document(_))) => {
                tracing::error!(reference = %visit.reference, %error, "not sealed");
                trouble(visit, Trouble::Unexpected)
            }
        };
        InternalError::from_response("halted", answer).into()
    }
}

fn of_core(visit: &Visit, error: &ClientError) -> HttpResponse {
    match error {
        ClientError::Problem(problem) => of_problem(visit, problem),
        ClientError::Unreachable { .. } | ClientError::TimedOut => {
            tracing::warn!(reference = %visit.reference, %error, "the core is away");
            gone_away(visit)
        }
        ClientError::Protocol(_) => {
            tracing::error!(reference = %visit.reference, %error, "the core cannot be understood");
            trouble(visit, Trouble::Unexpected)
        }
    }
}

fn of_problem(visit: &Visit, problem: &Problem) -> HttpResponse {
    match problem.kind() {
        ProblemKind::RecoveryOver => {
            let mut answer = trouble(visit, Trouble::Over);
            add(&mut answer, &cookies::forget());
            answer
        }
        // The current page says what there is to do, with a fresh block.
        ProblemKind::StaleStep | ProblemKind::UnknownKey => see_other(routes::STALE),
        ProblemKind::NothingPending => see_other(routes::ENROL_NOTHING_PENDING),
        ProblemKind::LastFactor => see_other(routes::ENROL_LAST_STAYS),
        ProblemKind::TooSoon => trouble(visit, Trouble::TooSoon),
        ProblemKind::OtherProofNeeded => trouble(visit, Trouble::OtherProof),
        ProblemKind::DirectoryAway | ProblemKind::TooSlow => gone_away(visit),
        ProblemKind::TooMany => too_many(visit, problem.retry_after),
        ProblemKind::Paused => trouble(visit, Trouble::Paused),
        ProblemKind::Malformed | ProblemKind::UnusableAddress => trouble(visit, Trouble::Malformed),
        ProblemKind::TooLarge => trouble(visit, Trouble::TooLarge),
        ProblemKind::UnsupportedMediaType
        | ProblemKind::NotFound
        | ProblemKind::NotAllowed
        | ProblemKind::Conflict
        | ProblemKind::Fork
        | ProblemKind::NotConfirmed
        | ProblemKind::Full
        | ProblemKind::TooManyUnknown
        | ProblemKind::PassphraseNeeded
        | ProblemKind::RecipientNotAllowed
        | ProblemKind::NoSite
        | ProblemKind::MessageOver
        | ProblemKind::NotLocked
        | ProblemKind::Internal => {
            tracing::error!(reference = %visit.reference, kind = problem.kind, "the core refused");
            trouble(visit, Trouble::Unexpected)
        }
    }
}

/// The page that the core or the directory is away, which says when to come back.
pub(crate) fn gone_away(visit: &Visit) -> HttpResponse {
    let view = AwayView {
        again: if visit.find_whose().is_some() {
            routes::RECOVERY
        } else {
            routes::HOME
        },
        reference: Some(visit.reference.to_string()),
    };
    let answer = visit.page_with(StatusCode::SERVICE_UNAVAILABLE, view.again, |frame| {
        away::page(frame, &view)
    });
    retry_after(answer, AWAY_SECONDS)
}

fn too_many(visit: &Visit, seconds: Option<u32>) -> HttpResponse {
    let seconds = seconds.unwrap_or(SLOW_SECONDS);
    let view = SlowView {
        seconds,
        again: routes::HOME,
    };
    let answer = visit.page_with(StatusCode::TOO_MANY_REQUESTS, view.again, |frame| {
        slow::page(frame, &view)
    });
    retry_after(answer, seconds)
}

/// A page of the closed list, with its status and the reference.
pub(crate) fn trouble(visit: &Visit, trouble: Trouble) -> HttpResponse {
    let view = ProblemView {
        trouble,
        reference: Some(visit.reference.to_string()),
    };
    visit.page_with(status(trouble), routes::HOME, |frame| problem::page(frame, &view))
}

/// For how long to stay away, said to browsers and to programs.
pub(crate) fn retry_after(mut answer: HttpResponse, seconds: u32) -> HttpResponse {
    answer
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

fn status(trouble: Trouble) -> StatusCode {
    match trouble {
        Trouble::Over => StatusCode::GONE,
        Trouble::Stale | Trouble::TooSoon | Trouble::OtherProof => StatusCode::CONFLICT,
        Trouble::Malformed => StatusCode::BAD_REQUEST,
        Trouble::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Trouble::TooSlow => StatusCode::REQUEST_TIMEOUT,
        Trouble::NotFound => StatusCode::NOT_FOUND,
        Trouble::CrossSite => StatusCode::FORBIDDEN,
        Trouble::Paused => StatusCode::SERVICE_UNAVAILABLE,
        Trouble::Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Explains what the layers in front of the handlers refused.
pub(crate) struct Explainer(pub(crate) Arc<Office>);

impl Explain for Explainer {
    fn language(&self, request: &HttpRequest) -> Option<String> {
        Some(visit::language(&self.0, request).tag().to_owned())
    }

    fn explain(&self, refusal: &Refusal) -> HttpResponse {
        let office = &self.0;
        let lang = office.language(refusal.language.as_deref().and_then(Lang::from_tag), None);
        let page = |draw: &dyn Fn(&crate::pages::Frame<'_>) -> maud::Markup| {
            office.page(refusal.reason.status(), lang, routes::HOME, draw)
        };
        let reference = Some(refusal.reference.to_string());
        let trouble = match refusal.reason {
            Reason::TooMany { seconds } => {
                let view = SlowView {
                    seconds,
                    again: routes::HOME,
                };
                return page(&|frame| slow::page(frame, &view));
            }
            Reason::Unavailable => {
                let view = AwayView {
                    again: routes::HOME,
                    reference,
                };
                return retry_after(page(&|frame| away::page(frame, &view)), AWAY_SECONDS);
            }
            Reason::Malformed | Reason::WrongKind => Trouble::Malformed,
            Reason::CrossSite => Trouble::CrossSite,
            Reason::NotFound | Reason::NotAllowed => Trouble::NotFound,
            Reason::TooSlow => Trouble::TooSlow,
            Reason::TooLarge => Trouble::TooLarge,
            Reason::NotForYou | Reason::Broken => Trouble::Unexpected,
        };
        let view = ProblemView { trouble, reference };
        page(&|frame| problem::page(frame, &view))
    }
}
