//! The first page, and the question which account it is.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{Error, HttpResponse};
use client::ClientError;
use contract::recovery::Begin;
use serde::Deserialize;

use crate::form::Form;
use crate::pages::identify::{self, IdentifyView, Unusable};
use crate::pages::{Purpose, home};
use crate::routes;
use crate::visit::{Visit, go_on};

/// Longer than any name in a directory, and what the field takes.
const LONGEST_IDENTIFIER: usize = 512;

/// What the first page's address says besides the path.
#[derive(Default, Deserialize)]
pub(super) struct Led {
    news: Option<String>,
}

/// The first page.
pub(super) async fn home(visit: Visit, led: Query<Led>) -> HttpResponse {
    let news = match led.news.as_deref() {
        Some("set-up") => Some(home::News::SetUp),
        Some("over") => Some(home::News::Over),
        _ => None,
    };
    visit.page(routes::HOME, |frame| home::page(frame, news))
}

/// The question for the account.
pub(super) fn ask(visit: &Visit, purpose: Purpose) -> HttpResponse {
    let view = IdentifyView {
        purpose,
        echo: None,
        problem: None,
    };
    visit.page(purpose.path(), |frame| identify::page(frame, &view))
}

/// Begins a recovery. What is wrong with the form alone is said at once; nothing was begun then, so the answer to
/// this POST may be a page.
pub(super) async fn begin(visit: Visit, form: Form, purpose: Purpose) -> Result<HttpResponse, Error> {
    let identifier = form.typed("identifier");
    if let Some(problem) = unusable(identifier) {
        let view = IdentifyView {
            purpose,
            echo: Some(identifier.to_owned()),
            problem: Some(problem),
        };
        return Ok(visit.page_with(StatusCode::BAD_REQUEST, purpose.path(), |frame| {
            identify::page(frame, &view)
        }));
    }
    let begin = Begin {
        purpose: purpose.into(),
        identifier: identifier.to_owned(),
        source: visit.source.address().to_string(),
        language: visit.lang.tag().to_owned(),
    };
    let office = &visit.office;
    let answer = office.core.begin(&begin, visit.reference.as_str()).await;
    let answer = answer.map_err(|error| visit.halt(error))?;
    if answer.handle.is_none() {
        return Err(visit.halt(ClientError::Protocol("a recovery without a handle")));
    }
    Ok(go_on(&answer, routes::RECOVERY))
}

fn unusable(identifier: &str) -> Option<Unusable> {
    if identifier.is_empty() {
        return Some(Unusable::Missing);
    }
    let is_name =
        identifier.chars().count() <= LONGEST_IDENTIFIER && !identifier.chars().any(char::is_control);
    (!is_name).then_some(Unusable::Malformed)
}
