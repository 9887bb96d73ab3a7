//! Limits of bodies, and what happens to input that extractors cannot read: no word of theirs gets out.

use actix_web::error::{JsonPayloadError, UrlencodedError};
use actix_web::web::{FormConfig, JsonConfig, PathConfig, PayloadConfig, QueryConfig, ServiceConfig};

use crate::refusal::{Reason, Refused};

pub(crate) fn body_limits(limit: usize) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(PayloadConfig::new(limit))
            .app_data(FormConfig::default().limit(limit).error_handler(|error, _| {
                Refused(match error {
                    UrlencodedError::Overflow { .. } => Reason::TooLarge,
                    UrlencodedError::ContentType => Reason::WrongKind,
                    _ => Reason::Malformed,
                })
                .into()
            }))
            .app_data(JsonConfig::default().limit(limit).error_handler(|error, _| {
                Refused(match error {
                    JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
                        Reason::TooLarge
                    }
                    JsonPayloadError::ContentType => Reason::WrongKind,
                    _ => Reason::Malformed,
                })
                .into()
            }))
            .app_data(QueryConfig::default().error_handler(|_, _| Refused(Reason::Malformed).into()))
            .app_data(PathConfig::default().error_handler(|_, _| Refused(Reason::NotFound).into()));
    }
}
