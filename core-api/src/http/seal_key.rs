//! The signed document with the sealing keys.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use contract::Problem;
use contract::recovery::SealKey;

use super::answer::json;
use super::caller::Request;
use crate::core::Core;
use crate::store::fact;
use crate::usecase::UseCaseError;

/// The sealing keys
#[utoipa::path(
    responses((status = 200, body = SealKey), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/v1/seal-key")]
pub(super) async fn seal_key(core: Data<Core>, request: Request) -> HttpResponse {
    let result = core
        .store
        .read(fact::generation)
        .await
        .map_err(UseCaseError::from)
        .map(|generation| {
            let signed = core.key_document(generation);
            SealKey {
                document: signed.document,
                signature: signed.signature,
            }
        });
    json(&request, StatusCode::OK, result.as_ref())
}
