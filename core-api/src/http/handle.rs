//! The recovery's handle in `Authorization: Bearer <handle>`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use server::{Reason, Refused};

use crate::keys::Handle;

const SCHEME: &str = "Bearer ";

impl FromRequest for Handle {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let handle = text
            .and_then(|text| text.strip_prefix(SCHEME))
            .and_then(Self::parse);
        ready(handle.ok_or(Refused(Reason::Malformed)))
    }
}
