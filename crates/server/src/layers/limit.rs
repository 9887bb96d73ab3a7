//! The limit of requests per visitor.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _};

use crate::refusal::{Reason, Refused};
use crate::source::Source;

pub(crate) async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let source = request.extensions().get::<Source>().copied();
    if let (Some(limits), Some(source)) = (&super::rules(&request).limits, source)
        && let Err(wait) = limits.admit(source)
    {
        // Rounded up: whoever comes back when he was told to is admitted.
        let seconds = wait.as_secs().saturating_add(1).try_into().unwrap_or(u32::MAX);
        return Err(Refused(Reason::TooMany { seconds }).into());
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}
