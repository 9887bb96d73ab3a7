//! The core or the directory cannot be reached. Goes out with 503 and `Retry-After`.

use maud::{Markup, html};
use ui::form::{Weight, link_button};
use ui::layout::{contacts, reference};
use ui::notice::{Kind, notice};

use super::Frame;

/// Nobody answers inside.
#[derive(Clone, Debug)]
pub struct AwayView {
    /// A GET of this server to try again with.
    pub again: &'static str,
    /// What joins this page and the log.
    pub reference: Option<String>,
}

impl AwayView {
    /// In the middle of a recovery.
    pub fn sample() -> Self {
        Self {
            again: crate::routes::RECOVERY,
            reference: Some("7F3K-2QXM".into()),
        }
    }
}

/// That nothing was lost, when to come back, and whom to call.
pub fn page(frame: &Frame<'_>, view: &AwayView) -> Markup {
    let words = frame.words;
    let title = words.get("away-title");
    let body = html! {
        (notice(Kind::Warning, &html! { h1 { (title) } p { (words.get("away-line")) } }))
        p { (words.get("away-next")) }
        (contacts(words, &frame.site.helpdesk))
        p.actions { (link_button(view.again, &words.get("away-again"), Weight::Primary)) }
        @if let Some(code) = &view.reference { (reference(words, code)) }
    };
    frame.problem_page(&title, &body)
}
