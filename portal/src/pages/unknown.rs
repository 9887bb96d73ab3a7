//! The directory was asked and did not answer: told as it is.

use maud::{Markup, html};
use ui::layout::{contacts, reference};
use ui::notice::{Kind, notice};

use super::act::Action;
use super::{Frame, to_first_page};

/// An action of unknown outcome.
#[derive(Clone, Debug)]
pub struct UnknownView {
    /// What was asked for.
    pub action: Action,
    /// Under which the helpdesk finds it.
    pub reference: String,
}

impl UnknownView {
    /// A reset.
    pub fn sample() -> Self {
        Self {
            action: Action::Reset,
            reference: "7F3K-2QXM".into(),
        }
    }
}

/// What is known, and how to find out the rest.
pub fn page(frame: &Frame<'_>, view: &UnknownView) -> Markup {
    let words = frame.words;
    let title = words.get("unknown-title");
    let what = html! { h1 { (title) } p { (words.get("unknown-line")) } p { (words.get("unknown-check")) } };
    let body = html! {
        (notice(Kind::Warning, &what))
        section.sheet aria-labelledby="next-heading" {
            h2 #next-heading { (words.get("done-next-title")) }
            ol.steps {
                @if view.action == Action::Unlock {
                    li { (words.get("unknown-try-unlock")) }
                } @else {
                    li { (words.get("unknown-try-new")) }
                    li { (words.get("unknown-try-old")) }
                }
                li { (words.get("unknown-helpdesk")) }
            }
            (reference(words, &view.reference))
            (contacts(words, &frame.site.helpdesk))
        }
        (to_first_page(words))
    };
    frame.problem_page(&title, &body)
}
