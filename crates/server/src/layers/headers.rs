//! The headers of every answer.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// What every answer says, whatever it is: names in lower case, and values.
pub const ALWAYS: [(&str, &str); 9] = [
    ("strict-transport-security", "max-age=31536000"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-robots-tag", "noindex, nofollow"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), \
         publickey-credentials-get=(self), publickey-credentials-create=(self)",
    ),
    ("x-frame-options", "DENY"),
];

/// What `cache-control` says of whatever may change.
pub const NOT_KEPT: &str = "no-store";

/// Sets them all. Only an answer that says it never changes (an asset named by its digest) may be kept.
pub(super) fn put(headers: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let immutable = headers
        .get(header::CACHE_CONTROL)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("immutable"));
    if !immutable {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(NOT_KEPT));
    }
}
