//! One request, with everything that it takes to answer it.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, LOCATION};
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use client::core::OnBehalf;
use contract::recovery::Answer;
use maud::Markup;
use secrecy::SecretString;
use server::{Reason, Reference, Refused, Source};
use ui::Lang;

use crate::cookies;
use crate::office::Office;
use crate::pages::Frame;
use crate::refusal::Halt;

/// One request. It remembers nothing of the one before.
pub(crate) struct Visit {
    pub(crate) office: Arc<Office>,
    pub(crate) reference: Reference,
    pub(crate) source: Source,
    pub(crate) lang: Lang,
    /// Chosen with this very request, so to be kept.
    chosen: Option<Lang>,
    handle: Option<SecretString>,
}

impl Visit {
    /// On whose behalf the core is asked.
    ///
    /// # Errors
    /// Without a handle there is nothing to go on with: the first page.
    pub(crate) fn whose(&self) -> Result<OnBehalf<'_>, Error> {
        self.find_whose().ok_or_else(|| self.halt(Halt::Nowhere))
    }

    /// Like [`whose`](Self::whose), where it is fine to have none.
    pub(crate) fn find_whose(&self) -> Option<OnBehalf<'_>> {
        let handle = self.handle.as_ref()?;
        Some(OnBehalf {
            handle,
            reference: self.reference.as_str(),
        })
    }

    /// A page. `path` is a GET that shows it again.
    pub(crate) fn page(&self, path: &str, draw: impl FnOnce(&Frame<'_>) -> Markup) -> HttpResponse {
        self.page_with(StatusCode::OK, path, draw)
    }

    /// A page with a status of its own.
    pub(crate) fn page_with(
        &self,
        status: StatusCode,
        path: &str,
        draw: impl FnOnce(&Frame<'_>) -> Markup,
    ) -> HttpResponse {
        let mut answer = self.office.page(status, self.lang, path, draw);
        if let Some(lang) = self.chosen {
            add(&mut answer, &cookies::keep_language(lang));
        }
        answer
    }

    /// Ends the handling of this request with the page or the way that fits.
    pub(crate) fn halt(&self, halt: impl Into<Halt>) -> Error {
        halt.into().end(self)
    }
}

/// Keeps the new handle, if the core gave one, and leads to `path`.
pub(crate) fn go_on(answer: &Answer, path: &'static str) -> HttpResponse {
    let mut response = see_other(path);
    if let Some(handle) = &answer.handle {
        add(
            &mut response,
            &cookies::keep(&SecretString::from(handle.as_str())),
        );
    }
    response
}

/// Leads on by GET, so that reload and back repeat nothing.
pub(crate) fn see_other(path: &'static str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// To a first page, without a recovery.
pub(crate) fn leave(path: &'static str) -> HttpResponse {
    let mut answer = see_other(path);
    add(&mut answer, &cookies::forget());
    answer
}

pub(crate) fn add(answer: &mut HttpResponse, cookie: &actix_web::cookie::Cookie<'_>) {
    answer
        .add_cookie(cookie)
        .expect("our cookies are made of header characters only");
}

impl FromRequest for Visit {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(visit(request, payload))
    }
}

/// The language of whatever is answered to a request: chosen with it or earlier, or what the browser asks for.
pub(crate) fn language(office: &Office, request: &HttpRequest) -> Lang {
    let accept = request.headers().get(ACCEPT_LANGUAGE);
    office.language(
        chosen(request).or_else(|| cookies::language(request)),
        accept.and_then(|value| value.to_str().ok()),
    )
}

fn chosen(request: &HttpRequest) -> Option<Lang> {
    let mut pairs = request.query_string().split('&');
    pairs
        .find_map(|pair| pair.strip_prefix("lang="))
        .and_then(Lang::from_tag)
}

fn visit(request: &HttpRequest, payload: &mut Payload) -> Result<Visit, Error> {
    let office: &Data<Office> = request.app_data().ok_or(Refused(Reason::Broken))?;
    Ok(Visit {
        reference: Reference::from_request(request, payload).into_inner()?,
        source: Source::from_request(request, payload).into_inner()?,
        lang: language(office, request),
        chosen: chosen(request),
        handle: cookies::handle(request),
        office: Arc::clone(office),
    })
}
