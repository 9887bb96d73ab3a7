//! Recoveries.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, delete, get, post};
use contract::Problem;
use contract::recovery::{Act, Answer, Begin, Pick, Sealed};
use tracing::Instrument as _;

use super::answer::{json, paced};
use super::caller::Request;
use crate::core::Core;
use crate::keys::Handle;
use crate::usecase::recovery;

/// Begin a recovery
#[utoipa::path(
    request_body = Begin,
    responses((status = 201, body = Answer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/recoveries")]
pub(super) async fn begin(core: Data<Core>, request: Request, body: Json<Begin>) -> HttpResponse {
    let result = recovery::begin::begin(&core, &request.caller, body.into_inner()).await;
    paced(&core, &request, result, StatusCode::CREATED).await
}

/// The current step
#[utoipa::path(
    responses((status = 200, body = Answer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/v1/recoveries/current")]
pub(super) async fn look(core: Data<Core>, request: Request, handle: Handle) -> HttpResponse {
    let result = recovery::look(&core, &request.caller, &handle).await;
    paced(&core, &request, result, StatusCode::OK).await
}

/// End a recovery
#[utoipa::path(
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[delete("/v1/recoveries/current")]
pub(super) async fn cancel(core: Data<Core>, request: Request, handle: Handle) -> HttpResponse {
    match recovery::cancel(&core, &request.caller, &handle).await {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => json::<()>(&request, StatusCode::OK, Err(&error)),
    }
}

/// Pick a method for the current step
#[utoipa::path(
    request_body = Pick,
    responses((status = 200, body = Answer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/recoveries/current/challenges")]
pub(super) async fn pick(
    core: Data<Core>,
    request: Request,
    handle: Handle,
    body: Json<Pick>,
) -> HttpResponse {
    let result = recovery::pick::pick(&core, &request.caller, &handle, body.method).await;
    paced(&core, &request, result, StatusCode::OK).await
}

/// Give a proof
#[utoipa::path(
    request_body = Sealed,
    responses((status = 200, body = Answer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/recoveries/current/proofs")]
pub(super) async fn prove(
    core: Data<Core>,
    request: Request,
    handle: Handle,
    body: Json<Sealed>,
) -> HttpResponse {
    let (core, caller) = (core.into_inner(), request.caller.clone());
    let shared = Arc::clone(&core);
    // A password may be on its way to the directory: a caller who hangs up must not make us forget it.
    let work = async move { recovery::prove::prove(&shared, &caller, &handle, body.into_inner()).await };
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => paced(&core, &request, result, StatusCode::OK).await,
        Err(_panicked) => HttpResponse::InternalServerError().finish(),
    }
}

/// Do what was proved
#[utoipa::path(
    request_body = Act,
    responses((status = 200, body = Answer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/recoveries/current/actions")]
pub(super) async fn act(core: Data<Core>, request: Request, handle: Handle, body: Json<Act>) -> HttpResponse {
    let core = core.into_inner();
    let caller = request.caller.clone();
    // The outcome is written down whether or not the portal still waits.
    let work = async move { recovery::act::act(&core, &caller, &handle, body.into_inner()).await };
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => json(&request, StatusCode::OK, result.as_ref()),
        Err(_panicked) => HttpResponse::InternalServerError().finish(),
    }
}
