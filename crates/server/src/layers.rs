//! What every request goes through, from the outermost layer to the routes.

mod answer;
mod body;
mod deadline;
mod detach;
pub mod headers;
mod limit;
mod same_site;

pub(crate) use self::answer::answer_always;
pub(crate) use self::body::body_limits;
pub(crate) use self::deadline::deadline;
pub(crate) use self::detach::detach;
pub(crate) use self::limit::limit;
pub(crate) use self::same_site::same_site_only;

use actix_web::dev::ServiceRequest;
use actix_web::web::Data;

use crate::listener::Rules;

/// The rules of the listener that the request came in by.
fn rules(request: &ServiceRequest) -> Data<Rules> {
    Data::clone(
        request
            .app_data()
            .expect("the stack gives every application its rules"),
    )
}
