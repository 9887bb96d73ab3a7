//! Answers: JSON, padded and paced, and problems.

use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use contract::ProblemKind;
use contract::problem::{MEDIA_TYPE, Problem};
use contract::recovery::{Answer, Stage};
use serde::Serialize;

use super::caller::Request;
use crate::core::Core;
use crate::usecase::UseCaseError;

/// Answers are padded to a multiple of this, so that their length tells nothing.
const PAD_TO: usize = 2048;

/// Seconds after which it makes sense to try again what is too much, or not there, at this moment.
const RETRY_AFTER: u32 = 10;

/// Answers about a recovery. Until the first proof has passed, the answer leaves at a fixed time after the
/// request arrived, or at a multiple of it: nobody learns from the time what had to be done.
pub(super) async fn paced(
    core: &Core,
    request: &Request,
    result: Result<Answer, UseCaseError>,
    status: StatusCode,
) -> HttpResponse {
    let answer = json(request, status, result.as_ref());
    if !result.is_ok_and(|answer| is_proved(&answer)) {
        wait(core, request.arrived).await;
    }
    answer
}

/// Answers at once.
pub(super) fn json<T: Serialize>(
    request: &Request,
    status: StatusCode,
    result: Result<&T, &UseCaseError>,
) -> HttpResponse {
    told(&request.caller.reference, status, result)
}

/// Answers at once whoever asked under this reference.
pub(super) fn told<T: Serialize>(
    reference: &str,
    status: StatusCode,
    result: Result<&T, &UseCaseError>,
) -> HttpResponse {
    match result {
        Ok(value) => padded(status, "application/json", serde_json::to_vec(value)),
        Err(error) => problem(reference, error),
    }
}

/// Waits for the next multiple of `answer_after`.
pub(super) async fn wait(core: &Core, arrived: Instant) {
    let every = core.settings.answer_after;
    if every.is_zero() {
        return;
    }
    let spent = arrived.elapsed();
    let turns = spent.as_nanos() / every.as_nanos() + 1;
    let until = every.saturating_mul(u32::try_from(turns).unwrap_or(u32::MAX));
    tokio::time::sleep(until.saturating_sub(spent)).await;
}

fn is_proved(answer: &Answer) -> bool {
    match answer.view.stage {
        Stage::Choose { .. } | Stage::Challenge { .. } => false,
        Stage::Proved { .. }
        | Stage::Enrolling
        | Stage::DirectoryAway
        | Stage::Acting { .. }
        | Stage::Done { .. }
        | Stage::Unknown { .. } => true,
    }
}

fn problem(reference: &str, error: &UseCaseError) -> HttpResponse {
    let (kind, wait) = match error {
        UseCaseError::Refused(kind) => {
            let soon = matches!(kind, ProblemKind::DirectoryAway | ProblemKind::TooMany);
            (*kind, soon.then_some(RETRY_AFTER))
        }
        // Rounded up: whoever comes back when he was told to is not refused again.
        UseCaseError::TooManyFor(wait) => {
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
            (ProblemKind::TooMany, Some(seconds.saturating_add(1)))
        }
        UseCaseError::Store(_) | UseCaseError::Directory(_) => {
            tracing::error!(reference, cause = %error, "a request failed");
            (ProblemKind::Internal, None)
        }
    };
    let mut problem = Problem::new(kind, reference);
    problem.retry_after = wait;
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = padded(status, MEDIA_TYPE, serde_json::to_vec(&problem));
    if let Some(seconds) = problem.retry_after {
        answer
            .headers_mut()
            .insert(actix_web::http::header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn padded(status: StatusCode, media_type: &'static str, body: serde_json::Result<Vec<u8>>) -> HttpResponse {
    let mut body = body.expect("the contract's types always become JSON");
    body.resize(body.len().next_multiple_of(PAD_TO), b' ');
    HttpResponse::build(status).content_type(media_type).body(body)
}
