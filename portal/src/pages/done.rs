//! It is done: what was done, when, and what to do now.

use maud::{Markup, html};
use ui::notice::{Kind, notice};

use super::act::Action;
use super::{Frame, to_first_page};

/// A finished recovery.
#[derive(Clone, Debug)]
pub struct DoneView {
    /// What was done.
    pub action: Action,
    /// The account was unlocked along with it.
    pub unlocked: bool,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
}

impl DoneView {
    /// A reset that unlocked, too.
    pub fn sample() -> Self {
        Self {
            action: Action::Reset,
            unlocked: true,
            at: super::gallery::NOW,
        }
    }
}

/// What happened, then the next steps.
pub fn page(frame: &Frame<'_>, view: &DoneView) -> Markup {
    let words = frame.words;
    let is_same_password = view.action == Action::Unlock;
    let title = words.get(match view.action {
        Action::Unlock => "done-unlock-title",
        Action::Reset => "done-reset-title",
        Action::Change => "done-change-title",
    });
    let (sign_in, devices) = if is_same_password {
        ("done-sign-in-same", "done-devices-same")
    } else {
        ("done-sign-in-new", "done-devices-new")
    };
    let outcome = html! {
        h1 { (title) }
        p { (words.timed("done-at", "at", view.at, frame.calendar)) }
        @if view.unlocked && !is_same_password { p { (words.get("done-unlocked-too")) } }
    };
    let body = html! {
        (notice(Kind::Good, &outcome))
        section.sheet aria-labelledby="next-heading" {
            h2 #next-heading { (words.get("done-next-title")) }
            ol.steps {
                li { (words.get(sign_in)) }
                li { (words.get(devices)) }
            }
            p.soft { (words.get("done-told")) }
        }
        p.soft { (words.get("done-close")) }
        (to_first_page(words))
    };
    frame.page(&title, &body)
}
