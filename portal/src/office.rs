//! What all requests share: the way to the core, and what pages are drawn with. Nothing in it is about anybody.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use client::core::CoreApi;
use maud::Markup;
use server::Randomness;
use ui::{Calendar, Lang, Words};

use crate::config::{Look, PortalConfig};
use crate::pages::Frame;
use crate::sealing::KeyBook;

/// Tells the time: milliseconds since the Unix epoch, UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Pages come in steps of so many bytes, so that their length says little to whoever watches the line.
const STEP: usize = 2048;

/// One portal's constants, shared by all workers.
pub(crate) struct Office {
    pub(crate) core: Arc<dyn CoreApi>,
    pub(crate) keys: KeyBook,
    pub(crate) sealed_only: bool,
    pub(crate) clock: Clock,
    pub(crate) randomness: Randomness,
    look: Look,
}

impl Office {
    pub(crate) fn new(
        config: &PortalConfig,
        core: Arc<dyn CoreApi>,
        clock: Clock,
        randomness: Randomness,
    ) -> Self {
        Self {
            keys: KeyBook::new(Arc::clone(&core), config.core.signing_key.clone()),
            core,
            sealed_only: config.require_browser_sealing,
            clock,
            randomness,
            look: config.look.clone(),
        }
    }

    /// The language to answer in: what was chosen, else what the browser asks for, else the first one offered.
    pub(crate) fn language(&self, chosen: Option<Lang>, accept_language: Option<&str>) -> Lang {
        let offered = &self.look.languages;
        let first = offered.first().copied().unwrap_or(Lang::En);
        let wanted = Lang::negotiate(chosen.map(Lang::tag), accept_language);
        if offered.contains(&wanted) { wanted } else { first }
    }

    /// A whole page, as an answer. `path` is a GET that shows it again.
    pub(crate) fn page(
        &self,
        status: StatusCode,
        lang: Lang,
        path: &str,
        draw: impl FnOnce(&Frame<'_>) -> Markup,
    ) -> HttpResponse {
        let calendar = Calendar {
            now_ms: (self.clock)(),
            zone: self.look.zone.clone(),
        };
        let frame = Frame {
            words: Words::of(lang),
            calendar: &calendar,
            site: &self.look.site,
            path,
        };
        let mut body = draw(&frame).into_string();
        let filler = body.len().next_multiple_of(STEP) - body.len();
        body.extend(std::iter::repeat_n(' ', filler));
        HttpResponse::build(status)
            .content_type(ContentType::html())
            .body(body)
    }
}
