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
        && !limits.admit(source)
    {
        return Err(Refused(Reason::TooMany).into());
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}
