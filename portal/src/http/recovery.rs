//! The current recovery: one address for every step, and a form for each thing that can be done.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{Error, HttpResponse};
use client::ClientError;
use contract::recovery::{Act, Stage};
use contract::{Action, Method};
use serde::de::DeserializeOwned;
use server::{Reason, Refused};

use super::once_more;
use crate::form::Form;
use crate::pages::send::{self, SendView};
use crate::pages::unknown::{self, UnknownView};
use crate::refusal::retry_after;
use crate::routes;
use crate::sealing::sealed;
use crate::view::{self, Looking};
use crate::visit::{Visit, go_on, leave, see_other};

/// Seconds after which the outcome of an action can be looked up again.
const LOOK_AGAIN_SECONDS: u32 = 5;

/// The current page.
pub(super) async fn current(visit: Visit, looking: Query<Looking>) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    let answer = visit.office.core.look(whose).await;
    let answer = answer.map_err(|error| visit.halt(error))?;
    Ok(view::show(&visit, answer.view, &looking))
}

/// Picks a method. One whose code is sent first gets a page that says so, and nothing is sent yet.
pub(super) async fn pick(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    let method: Method = named(form.hidden("method")?)?;
    if is_sent(method) {
        return Ok(see_other(routes::SEND));
    }
    let answer = visit.office.core.pick(whose, method).await;
    let answer = answer.map_err(|error| visit.halt(error))?;
    Ok(go_on(&answer, routes::RECOVERY))
}

/// The page with the button that sends a code.
pub(super) async fn ask_to_send(visit: Visit) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    let answer = visit.office.core.look(whose).await;
    let view = answer.map_err(|error| visit.halt(error))?.view;
    let (Stage::Choose { methods } | Stage::Challenge { methods, .. }) = &view.stage else {
        return Ok(see_other(routes::RECOVERY));
    };
    if !methods.iter().any(|method| is_sent(*method)) {
        return Ok(see_other(routes::RECOVERY));
    }
    let view = SendView {
        purpose: view.purpose.into(),
        until: view.until,
    };
    Ok(visit.page(routes::SEND, |frame| send::page(frame, &view)))
}

/// Has a code sent. Whoever asks for another one is told so, the same whether or not anything was sent.
pub(super) async fn send(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    let answer = visit.office.core.pick(whose, Method::EmailCode).await;
    let answer = answer.map_err(|error| visit.halt(error))?;
    let path = if form.get("again").is_some() {
        routes::SENT_AGAIN
    } else {
        routes::RECOVERY
    };
    Ok(go_on(&answer, path))
}

/// Gives a proof. What the core thinks of it stands on the current page.
pub(super) async fn prove(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    if let Some(path) = left_empty(&form) {
        return Ok(see_other(path));
    }
    let office = &visit.office;
    let sealed = sealed(&form, &["code", "current"], &office.keys, office.sealed_only).await;
    let sealed = sealed.map_err(|unsealed| visit.halt(unsealed))?;
    drop(form); // what was typed is wiped before anybody is asked
    let answer = once_more(|| office.core.prove(whose, &sealed)).await;
    let answer = answer.map_err(|error| visit.halt(error))?;
    let is_next_step = answer.handle.is_some() && matches!(answer.view.stage, Stage::Choose { .. });
    let path = if is_next_step {
        routes::NEXT_STEP
    } else {
        routes::RECOVERY
    };
    Ok(go_on(&answer, path))
}

/// A plain form without what it asks for costs nobody a try.
fn left_empty(form: &Form) -> Option<&'static str> {
    let is_empty = |name| form.get(name).is_some_and(|value| value.trim().is_empty());
    if form.get("box").is_some() {
        None
    } else if is_empty("code") {
        Some(routes::MISSING_CODE)
    } else if is_empty("current") {
        Some(routes::MISSING_PASSWORD)
    } else {
        None
    }
}

/// Does what was proved. Refused or done, the current page says it.
pub(super) async fn act(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    let action: Action = named(form.hidden("action")?)?;
    let office = &visit.office;
    let sealed = match action {
        Action::Unlock => None,
        Action::Reset | Action::Change => {
            let secrets: &[&str] = &["current", "new", "repeat"];
            let sealed = sealed(&form, secrets, &office.keys, office.sealed_only).await;
            Some(sealed.map_err(|unsealed| visit.halt(unsealed))?)
        }
    };
    let act = Act {
        action,
        sealed,
        key: form.hidden("key")?.to_owned(),
    };
    drop(form); // what was typed is wiped before anybody is asked
    match once_more(|| office.core.act(whose, &act)).await {
        Ok(answer) => Ok(go_on(&answer, routes::RECOVERY)),
        Err(error) if may_have_acted(&error) => Ok(outcome_unknown(&visit, action, &error)),
        Err(error) => Err(visit.halt(error)),
    }
}

/// The request left, so it may have been carried out: "nothing happened" would be a guess.
fn may_have_acted(error: &ClientError) -> bool {
    matches!(
        error,
        ClientError::TimedOut | ClientError::Unreachable { sent: true, .. } | ClientError::Protocol(_)
    )
}

fn outcome_unknown(visit: &Visit, action: Action, error: &ClientError) -> HttpResponse {
    tracing::error!(reference = %visit.reference, %error, "an action's answer was lost");
    let view = UnknownView {
        action: action.into(),
        reference: visit.reference.to_string(),
    };
    let answer = visit.page_with(StatusCode::SERVICE_UNAVAILABLE, routes::RECOVERY, |frame| {
        unknown::page(frame, &view)
    });
    retry_after(answer, LOOK_AGAIN_SECONDS)
}

/// Ends the recovery. The browser forgets it even if the core cannot be told: then it ends by itself.
pub(super) async fn end(visit: Visit, form: Form) -> HttpResponse {
    if let Some(whose) = visit.find_whose()
        && let Err(error) = visit.office.core.end(whose).await
    {
        tracing::info!(reference = %visit.reference, %error, "not ended by its owner");
    }
    leave(if form.get("set-up").is_some() {
        routes::HOME_SET_UP
    } else {
        routes::HOME
    })
}

/// Whether a code is sent before it can be typed.
fn is_sent(method: Method) -> bool {
    matches!(method, Method::EmailCode)
}

/// A value of the contract by its name there.
fn named<T: DeserializeOwned>(name: &str) -> Result<T, Refused> {
    serde_json::from_value(serde_json::Value::from(name)).map_err(|_| Refused(Reason::Malformed))
}
