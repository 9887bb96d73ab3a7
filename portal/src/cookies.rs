//! The two cookies of the portal: the recovery's handle, and the language that somebody chose.
//!
//! Both carry the `__Host-` prefix (RFC 6265bis section 4.1.3.2), so that the browser itself insists on `Secure`,
//! `Path=/` and no `Domain`. Neither has a lifetime: both go when the browser is closed.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use secrecy::{ExposeSecret as _, SecretString};
use ui::Lang;

const RECOVERY: &str = "__Host-sallyport-recovery";
const LANGUAGE: &str = "__Host-sallyport-lang";

/// 32 bytes in base64url.
const HANDLE_LENGTH: usize = 43;

/// The handle in the request's cookie, if it can be one. Whether it is good for anything is for the core to say.
pub(crate) fn handle(request: &HttpRequest) -> Option<SecretString> {
    let cookie = request.cookie(RECOVERY)?;
    let shaped = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    let good = cookie.value().len() == HANDLE_LENGTH && cookie.value().bytes().all(shaped);
    good.then(|| SecretString::from(cookie.value()))
}

/// The cookie that keeps `handle`.
pub(crate) fn keep(handle: &SecretString) -> Cookie<'static> {
    cookie(RECOVERY, handle.expose_secret().to_owned())
}

/// The cookie that makes the browser forget the handle.
pub(crate) fn forget() -> Cookie<'static> {
    let mut cookie = cookie(RECOVERY, String::new());
    cookie.make_removal();
    cookie
}

/// The language chosen earlier.
pub(crate) fn language(request: &HttpRequest) -> Option<Lang> {
    Lang::from_tag(request.cookie(LANGUAGE)?.value())
}

/// The cookie that keeps a chosen language.
pub(crate) fn keep_language(lang: Lang) -> Cookie<'static> {
    cookie(LANGUAGE, lang.tag().to_owned())
}

fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .finish()
}
