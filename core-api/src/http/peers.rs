//! Certificates of peers, renewed by themselves.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, post};
use contract::Problem;
use contract::recovery::{Renew, Renewed};

use super::answer::json;
use super::caller::Request;
use crate::core::Core;
use crate::pki::Authority;
use crate::usecase;

/// The authority that renews, where this core is one.
pub(super) struct Renewals(pub(super) Option<Arc<Authority>>);

/// Renew the caller's certificate
///
/// The names are those of the certificate that the caller came with; what the request asks for is not looked at.
#[utoipa::path(
    request_body = Renew,
    responses((status = 200, body = Renewed), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/peers/current/certificate")]
pub(super) async fn renew(
    core: Data<Core>,
    renewals: Data<Renewals>,
    request: Request,
    body: Json<Renew>,
) -> HttpResponse {
    let authority = renewals.0.as_deref();
    let result =
        usecase::portal::renew_certificate::renew(&core, &request.caller, authority, &body.csr).await;
    let result = result.map(|chain| Renewed { chain });
    json(&request, StatusCode::OK, result.as_ref())
}
