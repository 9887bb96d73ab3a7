//! The time within which a request must have arrived and been answered.

use std::pin::pin;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use tokio::time::{Instant, timeout_at};

use crate::leeway::Leeway;
use crate::refusal::{Reason, Refused};

/// Covers the reading of the body too, because that happens inside `next`.
pub(crate) async fn deadline(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let usual = Instant::now() + super::rules(&request).deadline;
    let leeway = Leeway::of(request.request());
    let mut answer = pin!(next.call(request));
    loop {
        let end = usual + leeway.granted();
        match timeout_at(end, answer.as_mut()).await {
            Ok(answer) => return Ok(answer?.map_into_boxed_body()),
            Err(_) if usual + leeway.granted() > end => {} // it got on in the meantime
            Err(_) => return Err(Refused(Reason::TooSlow).into()),
        }
    }
}
