//! Setting up and changing factors, behind a recovery for this purpose whose proofs are complete.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, post};
use contract::Problem;
use contract::enrolment::{Enrolment, NewEmail, Outward};
use contract::recovery::Sealed;
use utoipa_actix_web::service_config::ServiceConfig;

use super::answer::json;
use super::caller::Request;
use crate::core::Core;
use crate::keys::Handle;
use crate::usecase::enrolment;

/// Every operation of enrolment. Nothing here needs a paced answer: the person is known.
pub(super) fn services(config: &mut ServiceConfig<'_>) {
    config
        .service(look)
        .service(begin_totp)
        .service(confirm_totp)
        .service(begin_recovery_codes)
        .service(confirm_recovery_codes)
        .service(begin_email)
        .service(confirm_email)
        .service(remove);
}

/// The factors of the account
#[utoipa::path(
    responses((status = 200, body = Enrolment), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/v1/enrolment")]
async fn look(core: Data<Core>, request: Request, handle: Handle) -> HttpResponse {
    let result = enrolment::look::look(&core, &request.caller, &handle).await;
    json(&request, StatusCode::OK, result.as_ref())
}

/// A secret for a new authenticator app, sealed to the browser
#[utoipa::path(
    request_body = Sealed,
    responses((status = 200, body = Outward), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/enrolment/totp")]
async fn begin_totp(core: Data<Core>, request: Request, handle: Handle, body: Json<Sealed>) -> HttpResponse {
    let result = enrolment::totp::begin(&core, &request.caller, &handle, body.into_inner()).await;
    json(&request, StatusCode::OK, result.as_ref())
}

/// The app's first code
#[utoipa::path(
    request_body = Sealed,
    responses((status = 200, body = Enrolment), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/enrolment/totp/confirmation")]
async fn confirm_totp(
    core: Data<Core>,
    request: Request,
    handle: Handle,
    body: Json<Sealed>,
) -> HttpResponse {
    let result = enrolment::totp::confirm(&core, &request.caller, &handle, body.into_inner()).await;
    json(&request, StatusCode::OK, result.as_ref())
}

/// New recovery codes, sealed to the browser
#[utoipa::path(
    request_body = Sealed,
    responses((status = 200, body = Outward), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/enrolment/recovery-codes")]
async fn begin_recovery_codes(
    core: Data<Core>,
    request: Request,
    handle: Handle,
    body: Json<Sealed>,
) -> HttpResponse {
    let result = enrolment::recovery_codes::begin(&core, &request.caller, &handle, body.into_inner()).await;
    json(&request, StatusCode::OK, result.as_ref())
}

/// The person's word that the recovery codes are kept
#[utoipa::path(
    responses((status = 200, body = Enrolment), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/enrolment/recovery-codes/confirmation")]
async fn confirm_recovery_codes(core: Data<Core>, request: Request, handle: Handle) -> HttpResponse {
    let result = enrolment::recovery_codes::confirm(&core, &request.caller, &handle).await;
    json(&request, StatusCode::OK, result.as_ref())
}

/// A code to a new mailbox
#[utoipa::path(
    request_body = NewEmail,
    responses((status = 200, body = Enrolment), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/enrolment/email")]
async fn begin_email(
    core: Data<Core>,
    request: Request,
    handle: Handle,
    body: Json<NewEmail>,
) -> HttpResponse {
    let result = enrolment::email::begin(&core, &request.caller, &handle, body.into_inner()).await;
    json(&request, StatusCode::OK, result.as_ref())
}

/// The code that was sent to the new mailbox
#[utoipa::path(
    request_body = Sealed,
    responses((status = 200, body = Enrolment), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/enrolment/email/confirmation")]
async fn confirm_email(
    core: Data<Core>,
    request: Request,
    handle: Handle,
    body: Json<Sealed>,
) -> HttpResponse {
    let result = enrolment::email::confirm(&core, &request.caller, &handle, body.into_inner()).await;
    json(&request, StatusCode::OK, result.as_ref())
}

/// Remove a factor
#[utoipa::path(
    params(("id" = String, Path, description = "The factor's id")),
    responses((status = 200, body = Enrolment), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[delete("/v1/enrolment/factors/{id}")]
async fn remove(core: Data<Core>, request: Request, handle: Handle, id: Path<String>) -> HttpResponse {
    let result = enrolment::remove::remove(&core, &request.caller, &handle, &id).await;
    json(&request, StatusCode::OK, result.as_ref())
}
