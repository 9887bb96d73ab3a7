//! The portal's addresses. Every handler is the same: bytes to values, one call to the core, a page or a way on.
//! GET changes nothing; POST leads on by 303.

mod assets;
mod enrolment;
mod not_me;
mod recovery;
mod start;

use std::future::{Future, ready};
use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig, post, resource, route};
use actix_web::{Route, guard};
use client::ClientError;

use crate::office::Office;
use crate::pages::Purpose;
use crate::routes;
use crate::visit::Visit;

/// All routes of the public listener.
pub(crate) fn routes(office: Arc<Office>) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    move |config| {
        config.app_data(Data::from(Arc::clone(&office)));
        start_routes(config);
        recovery_routes(config);
        enrolment_routes(config);
        config
            .service(
                resource(routes::NOT_ME)
                    .route(look().to(not_me::ask))
                    .route(post().to(not_me::tell)),
            )
            .service(resource(routes::ASSETS).route(look().to(assets::asset)))
            .service(resource(routes::ROBOTS).route(look().to(assets::robots)));
    }
}

fn start_routes(config: &mut ServiceConfig) {
    config.service(resource(routes::HOME).route(look().to(start::home)));
    for purpose in [Purpose::Reset, Purpose::Unlock, Purpose::Change] {
        config.service(
            resource(purpose.path())
                .route(look().to(move |visit: Visit| ready(start::ask(&visit, purpose))))
                .route(post().to(move |visit, form| start::begin(visit, form, purpose))),
        );
    }
    config.service(
        resource(routes::ENROL)
            .route(look().to(enrolment::list))
            .route(post().to(|visit, form| start::begin(visit, form, Purpose::Enrol))),
    );
}

fn recovery_routes(config: &mut ServiceConfig) {
    config
        .service(resource(routes::RECOVERY).route(look().to(recovery::current)))
        .service(resource(routes::METHOD).route(post().to(recovery::pick)))
        .service(
            resource(routes::SEND)
                .route(look().to(recovery::ask_to_send))
                .route(post().to(recovery::send)),
        )
        .service(resource(routes::PROVE).route(post().to(recovery::prove)))
        .service(resource(routes::ACT).route(post().to(recovery::act)))
        .service(resource(routes::END).route(post().to(recovery::end)));
}

fn enrolment_routes(config: &mut ServiceConfig) {
    config
        .service(
            resource(routes::ENROL_TOTP)
                .route(look().to(enrolment::ask_totp))
                .route(post().to(enrolment::totp)),
        )
        .service(resource(routes::ENROL_TOTP_CONFIRM).route(post().to(enrolment::confirm_totp)))
        .service(
            resource(routes::ENROL_CODES)
                .route(look().to(enrolment::ask_codes))
                .route(post().to(enrolment::codes)),
        )
        .service(resource(routes::ENROL_CODES_CONFIRM).route(post().to(enrolment::confirm_codes)))
        .service(
            resource(routes::ENROL_EMAIL)
                .route(look().to(enrolment::ask_email))
                .route(post().to(enrolment::email)),
        )
        .service(
            resource(routes::ENROL_EMAIL_CONFIRM)
                .route(look().to(enrolment::ask_email_code))
                .route(post().to(enrolment::confirm_email)),
        )
        .service(
            resource(routes::ENROL_REMOVE)
                .route(look().to(enrolment::ask_remove))
                .route(post().to(enrolment::remove)),
        );
}

/// GET, and HEAD with it.
fn look() -> Route {
    route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Calls once more where the answer may have been lost on the way. Only for what may be asked twice: the core
/// answers the same box, and the same key, the same.
async fn once_more<R, F>(call: impl Fn() -> F) -> Result<R, ClientError>
where
    F: Future<Output = Result<R, ClientError>>,
{
    match call().await {
        Err(ClientError::Unreachable { .. } | ClientError::TimedOut) => call().await,
        outcome => outcome,
    }
}
