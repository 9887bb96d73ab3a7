//! Who sends messages: the tool that the certificate names, if the configuration lets it.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use server::{PeerNames, Reason, Reference, Refused};

use crate::core::Core;
use crate::usecase::message::send::Sender;

impl FromRequest for Sender {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    /// A good certificate is not enough: one of its names must be configured as a sender.
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let names = PeerNames::from_request(request, payload);
        let reference = Reference::from_request(request, payload);
        let core = request.app_data::<Data<Core>>().map(|core| Arc::clone(core));
        async move {
            let (names, reference) = (names.await?, reference.await?);
            let core = core.ok_or(Refused(Reason::Broken))?;
            let mut senders = core.settings.senders.iter();
            let Some((name, notify)) = senders.find(|(name, _)| names.contains(name)) else {
                tracing::warn!(peer = ?names.names(), "a certificate that is no sender's was refused");
                return Err(Refused(Reason::NotForYou));
            };
            Ok(Self {
                name: name.clone(),
                through: name.clone(),
                reference: reference.to_string(),
                notify: notify.clone(),
            })
        }
        .boxed_local()
    }
}
