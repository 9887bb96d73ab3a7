//! Stylesheet, scripts and the icon: compiled in, named by their digest, so they never change.

use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::{HttpRequest, HttpResponse};
use server::{Reason, Refused};
use ui::Assets;

pub(super) async fn asset(request: HttpRequest) -> Result<HttpResponse, Refused> {
    let (kind, bytes) = Assets::get(request.path()).ok_or(Refused(Reason::NotFound))?;
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header((CACHE_CONTROL, Assets::CACHING))
        .body(bytes))
}

pub(super) async fn robots() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body("User-agent: *\nDisallow: /\n")
}
