//! Certificates of peers, renewed by themselves.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, post};
use contract::recovery::{Renew, Renewed};
use contract::{Problem, ProblemKind};

use super::answer::json;
use super::caller::Request;
use crate::core::Core;
use crate::pki::{self, Authority, Role};
use crate::usecase::UseCaseError;

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
    let result = sign(&core, renewals.0.as_deref(), &request, &body.csr);
    json(&request, StatusCode::OK, result.as_ref())
}

fn sign(
    core: &Core,
    authority: Option<&Authority>,
    request: &Request,
    csr: &str,
) -> Result<Renewed, UseCaseError> {
    let authority = authority.ok_or(ProblemKind::NotAllowed)?;
    let names = [request.caller.portal.clone()];
    let chain = pki::sign_request(authority, csr, &names, Role::Portal, core.now(), &*core.randomness).map_err(|error| {
        tracing::warn!(reference = request.caller.reference, cause = %error, "a certificate request was refused");
        ProblemKind::Malformed
    })?;
    tracing::info!(
        reference = request.caller.reference,
        portal = request.caller.portal,
        "a certificate was renewed"
    );
    Ok(Renewed { chain })
}
