//! Too many requests from one network. Goes out with 429 and `Retry-After`.

use maud::{Markup, html};
use ui::form::{Weight, link_button};

use super::{Frame, head};

/// From so many seconds on the wait is told in minutes.
const LONG: u32 = 120;

/// A source that must wait.
#[derive(Clone, Debug)]
pub struct SlowView {
    /// For how long.
    pub seconds: u32,
    /// A GET of this server to go on with.
    pub again: &'static str,
}

impl SlowView {
    /// Half an hour.
    pub fn sample_long() -> Self {
        Self {
            seconds: 29 * 60 + 1,
            again: crate::routes::HOME,
        }
    }

    /// Half a minute.
    pub fn sample() -> Self {
        Self {
            seconds: 30,
            again: crate::routes::HOME,
        }
    }
}

/// How long to wait, and that nothing is lost.
pub fn page(frame: &Frame<'_>, view: &SlowView) -> Markup {
    let words = frame.words;
    let title = words.get("slow-title");
    let line = if view.seconds < LONG {
        words.with("slow-line", &[("seconds", view.seconds.into())])
    } else {
        words.with("slow-line-long", &[("minutes", view.seconds.div_ceil(60).into())])
    };
    let body = html! {
        (head(None, &title, Some(&line)))
        p { (words.get("slow-safe")) }
        p.actions { (link_button(view.again, &words.get("away-again"), Weight::Primary)) }
    };
    frame.problem_page(&title, &body)
}
