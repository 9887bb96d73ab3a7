//! The core's API: bytes to values to a use case to an answer. Thin on purpose.

mod answer;
mod caller;
mod enrolment;
mod handle;
mod messages;
mod peers;
mod recoveries;
mod reports;
mod seal_key;
mod sender;

use std::sync::Arc;

use actix_web::App;
use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig as Documented;

use crate::core::Core;
use crate::pki::Authority;

#[derive(OpenApi)]
#[openapi(info(
    title = "Sallyport core",
    description = "Recoveries of directory accounts, and one-time messages. Peers are known by their certificates; refusals are problems (RFC 9457)."
))]
struct Document;

/// The routes of the API listener. Called once for each worker thread; what they share is in `core`. Without an
/// authority, peers' certificates are renewed by hand.
pub fn routes(
    core: Arc<Core>,
    authority: Option<Arc<Authority>>,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config| {
        config
            .app_data(Data::from(Arc::clone(&core)))
            .app_data(Data::new(peers::Renewals(authority.clone())));
        services(&mut Documented::new(config));
    }
}

/// Every operation. The document and the listener are both made from this list, so neither can lack one.
fn services(config: &mut Documented<'_>) {
    config
        .service(recoveries::begin)
        .service(recoveries::look)
        .service(recoveries::cancel)
        .service(recoveries::pick)
        .service(recoveries::prove)
        .service(recoveries::act)
        .configure(enrolment::services)
        .configure(messages::services)
        .service(reports::not_me)
        .service(seal_key::seal_key)
        .service(peers::renew);
}

/// The document of the API, in `OpenAPI` 3.1.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_app, document) = App::new()
        .into_utoipa_app()
        .openapi(Document::openapi())
        .configure(services)
        .split_for_parts();
    document
}
