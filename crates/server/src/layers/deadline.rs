//! The time within which a request must have arrived and been answered.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use tokio::time::timeout;

use crate::refusal::{Reason, Refused};

/// Covers the reading of the body too, because that happens inside `next`.
pub(crate) async fn deadline(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let limit = super::rules(&request).deadline;
    match timeout(limit, next.call(request)).await {
        Ok(answer) => Ok(answer?.map_into_boxed_body()),
        Err(_) => Err(Refused(Reason::TooSlow).into()),
    }
}
