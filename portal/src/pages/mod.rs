//! The portal's pages: each a pure function of a frame and a view struct.
//!
//! No request, no configuration and no decision in here. A view says what the core reported; a page says it to a
//! person. Every view has a `sample()`, and one test renders all of them in both languages into snapshots.

pub mod act;
pub mod away;
pub mod choose;
pub mod done;
pub mod enrol;
pub mod gallery;
pub mod home;
pub mod identify;
pub mod not_me;
pub mod problem;
pub mod prove;
pub mod refused;
pub mod send;
pub mod slow;
pub mod state;
pub mod unknown;
pub mod working;

use maud::{Markup, html};
use ui::form::{Form, Weight, link_button, submit};
use ui::notice::{Kind, notice};
use ui::{Calendar, Layout, Site, Words};

use crate::routes;

/// What every page is drawn with.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The words of the person's language.
    pub words: &'a Words,
    /// Now, and the zone that times are told in.
    pub calendar: &'a Calendar,
    /// The organisation, its helpdesk, and whether this is a demonstration.
    pub site: &'a Site,
    /// A GET of this server that shows the current page again, for the language switch.
    pub path: &'a str,
}

impl Frame<'_> {
    fn page(&self, title: &str, body: &Markup) -> Markup {
        self.document(title, body, false)
    }

    /// The same for a page that tells of a problem.
    fn problem_page(&self, title: &str, body: &Markup) -> Markup {
        self.document(title, body, true)
    }

    fn document(&self, title: &str, body: &Markup, failed: bool) -> Markup {
        let layout = Layout {
            words: self.words,
            site: self.site,
            title,
            path: self.path,
            script: Some("portal.js"),
            failed,
        };
        ui::page(&layout, body)
    }
}

/// What a person came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The password is forgotten.
    Reset,
    /// The account is locked, the password is known.
    Unlock,
    /// The password is known and to be changed.
    Change,
    /// Recovery is to be set up.
    Enrol,
}

impl Purpose {
    fn name(self, words: &Words) -> String {
        match self {
            Self::Reset => words.get("purpose-reset"),
            Self::Unlock => words.get("purpose-unlock"),
            Self::Change => words.get("purpose-change"),
            Self::Enrol => words.get("purpose-enrol"),
        }
    }

    /// The page that begins with this purpose.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Reset => routes::FORGOT,
            Self::Unlock => routes::UNLOCK,
            Self::Change => routes::CHANGE,
            Self::Enrol => routes::ENROL,
        }
    }
}

/// A secret form's block, owned by its view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The block's bytes exactly as the core made them.
    pub block: String,
    /// Whether nothing plain may leave the browser (`require_browser_sealing`).
    pub required: bool,
}

impl Seal {
    fn as_form(&self) -> ui::form::Seal<'_> {
        ui::form::Seal {
            block: &self.block,
            required: self.required,
        }
    }

    /// A block of the right shape, for samples.
    pub fn sample() -> Self {
        let block = r#"{"v":1,"kid":"AAAAAAAAAAAAAAAAAAAAAA","pk":"BA","rid":"r","purpose":"reset","action":null,"challenge":"c","step":1}"#;
        Self {
            block: block.to_owned(),
            required: false,
        }
    }
}

/// The top of a page: what this is about, its title, and a sentence.
fn head(eyebrow: Option<&str>, title: &str, lead: Option<&str>) -> Markup {
    html! {
        div.head {
            @if let Some(eyebrow) = eyebrow { p.eyebrow { (eyebrow) } }
            h1 { (title) }
            @if let Some(lead) = lead { p.lead { (lead) } }
        }
    }
}

/// The way out of a recovery: ends it in the core and leads to the first page.
fn cancel(words: &Words) -> Markup {
    let form = Form {
        action: routes::END,
        ..Form::default()
    };
    form.around(
        words,
        &submit(
            &form,
            &words.get("prove-cancel"),
            &words.get("busy-wait"),
            Weight::Quiet,
        ),
    )
}

/// Until when what was begun can be finished.
fn works_until(frame: &Frame<'_>, until: Option<i64>) -> Markup {
    html! {
        @if let Some(until) = until {
            p.soft { (frame.words.timed("works-until", "until", until, frame.calendar)) }
        }
    }
}

/// That the page which was sent is not the current one any more: another tab went on, or its key is gone.
fn stale_notice(words: &Words, is_stale: bool) -> Markup {
    html! {
        @if is_stale {
            (notice(Kind::Info, &html! { p role="status" { (words.get("problem-stale-here")) } }))
        }
    }
}

/// The way back to the first page.
fn to_first_page(words: &Words) -> Markup {
    html! { p.actions { (link_button(routes::HOME, &words.get("to-first-page"), Weight::Secondary)) } }
}

#[cfg(test)]
mod tests;
