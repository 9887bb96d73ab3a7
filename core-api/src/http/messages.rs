//! One-time messages, for tools that send them. Each sees its own only.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use contract::message::{Extend, MessageId, MessageView, NewMessage, NewMessageId, Sent};
use contract::sync::Token;
use contract::{Problem, ProblemKind};
use futures_util::StreamExt as _;
use tokio::sync::SemaphorePermit;
use utoipa_actix_web::service_config::ServiceConfig;
use zeroize::Zeroizing;

use super::answer::told;
use crate::core::Core;
use crate::store::Id;
use crate::usecase::message::order::{Wanted, order};
use crate::usecase::message::send::{Sender, Wish, reserve};
use crate::usecase::message::send_for_tool;
use crate::usecase::{UseCaseError, message};

/// The longest body: ten mebibytes as base64url, padded and with words around it.
const LONGEST: usize = 16 * 1024 * 1024;

/// Every operation on messages.
pub(super) fn services(config: &mut ServiceConfig<'_>) {
    config
        .service(send)
        .service(ids)
        .service(show)
        .service(revoke)
        .service(extend)
        .service(unlock)
        .service(destroy);
}

/// Send one-time messages
///
/// Everybody in `to` gets a message of his own. The answer comes when the site has them, or after some seconds: hand a
/// link on once its message's state is no longer `waiting`. A repeat under the same `key` sends nothing and gives the
/// messages of that time, without links.
#[utoipa::path(
    request_body = NewMessage,
    responses((status = 201, body = Sent), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/messages")]
async fn send(core: Data<Core>, sender: Sender, request: HttpRequest, body: Payload) -> HttpResponse {
    let result = match large(&core, &request, body).await {
        Ok((new, turn)) => send_for_tool::send(&core, &sender, new, turn).await,
        Err(kind) => Err(kind.into()),
    };
    told(&sender.reference, StatusCode::CREATED, result.as_ref())
}

/// An id for a message that the caller seals itself
#[utoipa::path(
    request_body = NewMessageId,
    responses((status = 201, body = MessageId), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/message-ids")]
async fn ids(core: Data<Core>, sender: Sender, body: Json<NewMessageId>) -> HttpResponse {
    let wish = Wish {
        site: body.into_inner().site,
        ..Wish::default()
    };
    let result = reserve(&core, &sender, &wish)
        .await
        .map(|(id, plan)| MessageId {
            id: Token::from(id).to_string(),
            address: plan.address(&id),
        })
        .map_err(UseCaseError::from);
    told(&sender.reference, StatusCode::CREATED, result.as_ref())
}

/// What became of a message
#[utoipa::path(
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 200, body = MessageView), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/v1/messages/{id}")]
async fn show(core: Data<Core>, sender: Sender, id: Path<String>) -> HttpResponse {
    let result = match known(&id) {
        Ok(id) => message::show::show(&core, Some(&sender.name), id).await,
        Err(error) => Err(error),
    };
    told(&sender.reference, StatusCode::OK, result.as_ref())
}

/// Take a message back
///
/// It is done when the message's state is `revoked`; the site may be away for a moment.
#[utoipa::path(
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 202), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[delete("/v1/messages/{id}")]
async fn revoke(core: Data<Core>, sender: Sender, id: Path<String>) -> HttpResponse {
    ordered(&core, &sender, &id, Wanted::Revoke).await
}

/// Let a message end at another time
#[utoipa::path(
    params(("id" = String, Path, description = "The message's id")),
    request_body = Extend,
    responses((status = 202), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/messages/{id}/extend")]
async fn extend(core: Data<Core>, sender: Sender, id: Path<String>, body: Json<Extend>) -> HttpResponse {
    let expires_in = body.expires_in;
    ordered(&core, &sender, &id, Wanted::Extend { expires_in }).await
}

/// Let a message that was locked by wrong passphrases be tried again
///
/// Works once.
#[utoipa::path(
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 202), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/messages/{id}/unlock")]
async fn unlock(core: Data<Core>, sender: Sender, id: Path<String>) -> HttpResponse {
    ordered(&core, &sender, &id, Wanted::Unlock).await
}

/// End a message that was locked by wrong passphrases
///
/// It is done when the message's state is `destroyed`; the site may be away for a moment.
#[utoipa::path(
    params(("id" = String, Path, description = "The message's id")),
    responses((status = 202), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/v1/messages/{id}/destroy")]
async fn destroy(core: Data<Core>, sender: Sender, id: Path<String>) -> HttpResponse {
    ordered(&core, &sender, &id, Wanted::Destroy).await
}

async fn ordered(core: &Data<Core>, sender: &Sender, id: &str, wanted: Wanted) -> HttpResponse {
    let result = match known(id) {
        Ok(id) => order(core, sender, Some(&sender.name), id, wanted).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(_) => HttpResponse::Accepted().finish(),
        Err(error) => told::<()>(&sender.reference, StatusCode::OK, Err(&error)),
    }
}

fn known(id: &str) -> Result<Id, UseCaseError> {
    let id: Token = id.parse().map_err(|_| ProblemKind::NotFound)?;
    Ok(*id.as_bytes())
}

/// Reads a body that may be as large as a message, in its turn. What was read is wiped.
async fn large<'c>(
    core: &'c Core,
    request: &HttpRequest,
    mut body: Payload,
) -> Result<(NewMessage, SemaphorePermit<'c>), ProblemKind> {
    let is_json = request.headers().get("content-type").is_some_and(|kind| {
        kind.to_str()
            .is_ok_and(|kind| kind.split(';').next() == Some("application/json"))
    });
    if !is_json {
        return Err(ProblemKind::UnsupportedMediaType);
    }
    let turn = core.sealing.acquire().await.map_err(|_| ProblemKind::TooMany)?;
    let announced = request
        .headers()
        .get("content-length")
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    if announced > LONGEST {
        return Err(ProblemKind::TooLarge);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(announced));
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| ProblemKind::Malformed)?;
        if bytes.len() + chunk.len() > LONGEST {
            return Err(ProblemKind::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    let new = serde_json::from_slice(&bytes).map_err(|_| ProblemKind::Malformed)?;
    Ok((new, turn))
}
