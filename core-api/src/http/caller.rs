//! Who calls: the portal that the certificate names, if the configuration knows it.

use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use server::{PeerNames, Reason, Reference, Refused};

use crate::core::Core;
use crate::usecase::Caller;

/// A request by a portal.
pub(super) struct Request {
    /// The portal.
    pub(super) caller: Caller,
    /// When it arrived.
    pub(super) arrived: Instant,
}

impl FromRequest for Request {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    /// A good certificate is not enough: one of its names must be configured as a portal.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let arrived = Instant::now();
        let names = PeerNames::from_request(request, payload);
        let reference = Reference::from_request(request, payload);
        let core = request.app_data::<Data<Core>>().map(|core| Arc::clone(core));
        async move {
            let (names, reference) = (names.await?, reference.await?);
            let core = core.ok_or(Refused(Reason::Broken))?;
            let portal = core
                .settings
                .portals
                .iter()
                .find(|(name, _)| names.contains(name));
            let Some((portal, origin)) = portal else {
                tracing::warn!(peer = ?names.names(), "a certificate that is no portal's was refused");
                return Err(Refused(Reason::NotForYou));
            };
            let caller = Caller {
                portal: portal.clone(),
                origin: origin.clone(),
                reference: reference.to_string(),
            };
            Ok(Self { caller, arrived })
        }
        .boxed_local()
    }
}
