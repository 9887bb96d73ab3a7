//! "This was not me."

use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, post};
use contract::Problem;
use contract::recovery::NotMe;

use super::answer::{json, wait};
use super::caller::Request;
use crate::core::Core;
use crate::usecase;

/// Report a recovery that was not one's own
#[utoipa::path(
    request_body = NotMe,
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/reports/not-me")]
pub(super) async fn not_me(core: Data<Core>, request: Request, body: Json<NotMe>) -> HttpResponse {
    let core = core.into_inner();
    let result = usecase::recovery::not_me::not_me(&core, &request.caller, &body.token, &body.source).await;
    wait(&core, request.arrived).await;
    match result {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => json::<()>(&request, actix_web::http::StatusCode::OK, Err(&error)),
    }
}
