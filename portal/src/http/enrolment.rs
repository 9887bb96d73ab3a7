//! Setting up recovery, once everything is proved: the list of factors, adding one, taking one away.

use actix_web::http::StatusCode;
use actix_web::web::Query;
use actix_web::{Error, HttpResponse};
use client::ClientError;
use contract::enrolment::{self, Enrolment, NewEmail, Pending};
use contract::{Method, ProblemKind};
use serde::Deserialize;

use crate::form::Form;
use crate::pages::enrol::FactorKind;
use crate::pages::enrol::codes::{self, CodesView};
use crate::pages::enrol::email::{self, EmailCodeView, EmailView, Unusable};
use crate::pages::enrol::factors::{self, Factor, FactorsView, Need, News};
use crate::pages::enrol::remove::{self, RemoveView};
use crate::pages::enrol::totp::{self, TotpView};
use crate::pages::{Purpose, Seal};
use crate::sealing::sealed;
use crate::visit::{Visit, see_other};
use crate::{routes, view};

use super::start;

/// What the addresses of these pages say besides the path.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    news: Option<String>,
    wrong: Option<String>,
    factor: Option<String>,
}

/// The list of factors; for whoever has not proved anything yet, the question for the account.
pub(super) async fn list(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, Error> {
    let Some(whose) = visit.find_whose() else {
        return Ok(start::ask(&visit, Purpose::Enrol));
    };
    match visit.office.core.enrolment(whose).await {
        Ok(enrolment) => {
            let view = factors_view(enrolment, asked.news.as_deref());
            Ok(visit.page(routes::ENROL, |frame| factors::page(frame, &view)))
        }
        // Another recovery may be under way; its handle stays.
        Err(ClientError::Problem(problem)) if problem.kind() == ProblemKind::RecoveryOver => {
            Ok(start::ask(&visit, Purpose::Enrol))
        }
        Err(error) => Err(visit.halt(error)),
    }
}

/// Asks for an authenticator app's secret; by the page's script only.
pub(super) async fn ask_totp(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, Error> {
    let enrolment = current(&visit).await?;
    let Some(seal) = block(&visit, &enrolment, "totp") else {
        return Ok(see_other(routes::ENROL));
    };
    let view = TotpView {
        seal,
        confirmation: block(&visit, &enrolment, "totp-confirmation"),
        is_wrong: asked.wrong.is_some(),
    };
    Ok(visit.page(routes::ENROL_TOTP, |frame| totp::page(frame, &view)))
}

/// The secret, sealed to the browser's key: for the page's script, as JSON.
pub(super) async fn totp(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    let sealed = by_script(&visit, &form).await?;
    let outward = visit.office.core.enrol_totp(whose, &sealed).await;
    Ok(HttpResponse::Ok().json(outward.map_err(|error| visit.halt(error))?))
}

/// Takes the app's first code.
pub(super) async fn confirm_totp(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    if is_blank(&form) {
        return Ok(see_other(routes::ENROL_TOTP));
    }
    let office = &visit.office;
    let sealed = sealed(&form, &["code"], &office.keys, office.sealed_only).await;
    let sealed = sealed.map_err(|unsealed| visit.halt(unsealed))?;
    let enrolment = office.core.confirm_totp(whose, &sealed).await;
    let enrolment = enrolment.map_err(|error| visit.halt(error))?;
    Ok(see_other(if enrolment.wrong {
        routes::ENROL_TOTP_WRONG
    } else {
        routes::ENROL_ADDED
    }))
}

/// Asks for recovery codes; by the page's script only.
pub(super) async fn ask_codes(visit: Visit) -> Result<HttpResponse, Error> {
    let enrolment = current(&visit).await?;
    let Some(seal) = block(&visit, &enrolment, "recovery-codes") else {
        return Ok(see_other(routes::ENROL));
    };
    let replaces = enrolment
        .factors
        .iter()
        .any(|factor| factor.method == Method::RecoveryCode);
    let view = CodesView {
        seal,
        replaces,
        account: enrolment.name,
    };
    Ok(visit.page(routes::ENROL_CODES, |frame| codes::page(frame, &view)))
}

/// The codes, sealed to the browser's key: for the page's script, as JSON.
pub(super) async fn codes(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    let sealed = by_script(&visit, &form).await?;
    let outward = visit.office.core.enrol_recovery_codes(whose, &sealed).await;
    Ok(HttpResponse::Ok().json(outward.map_err(|error| visit.halt(error))?))
}

/// Takes the person's word that the codes are kept.
pub(super) async fn confirm_codes(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    form.hidden("kept")?;
    let confirmed = visit.office.core.confirm_recovery_codes(whose).await;
    confirmed.map_err(|error| visit.halt(error))?;
    Ok(see_other(routes::ENROL_ADDED))
}

/// Asks for a new address.
pub(super) async fn ask_email(visit: Visit) -> Result<HttpResponse, Error> {
    current(&visit).await?;
    let view = EmailView {
        echo: None,
        problem: None,
    };
    Ok(visit.page(routes::ENROL_EMAIL, |frame| email::page(frame, &view)))
}

/// Has a code sent to the address. A refused address changed nothing, so the page may answer this POST and show
/// again what was typed.
pub(super) async fn email(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    let address = form.typed("address").to_owned();
    let problem = if address.is_empty() {
        Unusable::Missing
    } else {
        let email = NewEmail {
            address: address.clone(),
        };
        match visit.office.core.enrol_email(whose, &email).await {
            Ok(_) => return Ok(see_other(routes::ENROL_EMAIL_CONFIRM)),
            Err(ClientError::Problem(problem)) if problem.kind() == ProblemKind::UnusableAddress => {
                Unusable::Refused
            }
            Err(error) => return Err(visit.halt(error)),
        }
    };
    let view = EmailView {
        echo: Some(address),
        problem: Some(problem),
    };
    Ok(
        visit.page_with(StatusCode::BAD_REQUEST, routes::ENROL_EMAIL, |frame| {
            email::page(frame, &view)
        }),
    )
}

/// Asks for the code that was sent.
pub(super) async fn ask_email_code(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, Error> {
    let enrolment = current(&visit).await?;
    let Some(seal) = block(&visit, &enrolment, "email-confirmation") else {
        return Ok(see_other(routes::ENROL));
    };
    let view = EmailCodeView {
        seal,
        is_wrong: asked.wrong.is_some(),
    };
    Ok(visit.page(routes::ENROL_EMAIL_CONFIRM, |frame| {
        email::code_page(frame, &view)
    }))
}

/// Takes the code that was sent.
pub(super) async fn confirm_email(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    if is_blank(&form) {
        return Ok(see_other(routes::ENROL_EMAIL_CONFIRM));
    }
    let office = &visit.office;
    let sealed = sealed(&form, &["code"], &office.keys, office.sealed_only).await;
    let sealed = sealed.map_err(|unsealed| visit.halt(unsealed))?;
    let enrolment = office.core.confirm_email(whose, &sealed).await;
    let enrolment = enrolment.map_err(|error| visit.halt(error))?;
    Ok(see_other(if enrolment.wrong {
        routes::ENROL_EMAIL_WRONG
    } else {
        routes::ENROL_ADDED
    }))
}

/// Asks whether a factor is to be removed.
pub(super) async fn ask_remove(visit: Visit, asked: Query<Asked>) -> Result<HttpResponse, Error> {
    let enrolment = current(&visit).await?;
    let wanted = asked.factor.as_deref();
    let factor = enrolment
        .factors
        .into_iter()
        .find(|factor| Some(factor.id.as_str()) == wanted);
    let Some(factor) = factor.and_then(factor_view) else {
        return Ok(see_other(routes::ENROL));
    };
    let view = RemoveView {
        id: factor.id,
        kind: factor.kind,
        label: factor.label,
    };
    Ok(visit.page(routes::ENROL, |frame| remove::page(frame, &view)))
}

/// Removes a factor, one of the account's own list: anything else never becomes a path at the core.
pub(super) async fn remove(visit: Visit, form: Form) -> Result<HttpResponse, Error> {
    let whose = visit.whose()?;
    let id = form.hidden("factor")?;
    let enrolment = current(&visit).await?;
    if !enrolment.factors.iter().any(|factor| factor.id == id) {
        return Ok(see_other(routes::ENROL));
    }
    let removed = visit.office.core.remove_factor(whose, id).await;
    removed.map_err(|error| visit.halt(error))?;
    Ok(see_other(routes::ENROL_REMOVED))
}

/// A plain form without its code costs nobody a try: the page asks again.
fn is_blank(form: &Form) -> bool {
    form.get("box").is_none() && form.typed("code").is_empty()
}

async fn current(visit: &Visit) -> Result<Enrolment, Error> {
    let whose = visit.whose()?;
    let enrolment = visit.office.core.enrolment(whose).await;
    enrolment.map_err(|error| visit.halt(error))
}

/// A form that only the script sends: there is nothing plain in it that could be sealed here.
async fn by_script(visit: &Visit, form: &Form) -> Result<contract::recovery::Sealed, Error> {
    let sealed = sealed(form, &[], &visit.office.keys, true).await;
    sealed.map_err(|unsealed| visit.halt(unsealed))
}

fn block(visit: &Visit, enrolment: &Enrolment, action: &str) -> Option<Seal> {
    let step = enrolment.seals.iter().find(|step| step.action == action)?;
    Some(view::block(visit, step.seal.clone()))
}

fn factors_view(enrolment: Enrolment, news: Option<&str>) -> FactorsView {
    FactorsView {
        factors: enrolment.factors.into_iter().filter_map(factor_view).collect(),
        offered: enrolment.offered.into_iter().filter_map(kind).collect(),
        needs: enrolment.needs.into_iter().map(need).collect(),
        codes_missing: enrolment.codes_missing,
        email_pending: enrolment.pending == Some(Pending::Email),
        news: match news {
            Some("added") => Some(News::Added),
            Some("removed") => Some(News::Removed),
            Some("last-stays") => Some(News::LastStays),
            Some("nothing-pending") => Some(News::NothingPending),
            _ => None,
        },
    }
}

fn need(need: enrolment::Need) -> Need {
    Need {
        kinds: need.methods.into_iter().filter_map(kind).collect(),
        is_met: need.met,
    }
}

fn factor_view(factor: enrolment::Factor) -> Option<Factor> {
    Some(Factor {
        kind: kind(factor.method)?,
        id: factor.id,
        label: factor.label,
        since: factor.since,
        counts_from: factor.counts_from,
    })
}

/// The factors that these pages can show.
fn kind(method: Method) -> Option<FactorKind> {
    match method {
        Method::Totp => Some(FactorKind::Totp),
        Method::RecoveryCode => Some(FactorKind::RecoveryCodes),
        Method::EmailCode => Some(FactorKind::Email),
        Method::Passkey
        | Method::SmsCode
        | Method::HelpdeskCode
        | Method::Radius
        | Method::OpenidConnect
        | Method::Invitation
        | Method::SecurityQuestions => None,
    }
}
