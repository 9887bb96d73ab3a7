//! The first page: what this site is, for people who find its address somewhere.

use maud::{Markup, html};
use ui::icon::Icon;

use super::{Frame, head};

/// What to do with a link, what the site knows, and how to get an answer back.
pub fn page(frame: &Frame<'_>) -> Markup {
    let words = frame.words;
    let title = words.get("sitehome-title");
    let parts = [
        (
            Icon::Mail,
            words.get("sitehome-open"),
            words.get("sitehome-open-line"),
        ),
        (
            Icon::Lock,
            words.get("sitehome-safe"),
            words.get("sitehome-safe-line"),
        ),
        (
            Icon::Paper,
            words.get("sitehome-send"),
            words.get("sitehome-send-line"),
        ),
    ];
    let body = html! {
        (head(&title, &words.get("sitehome-lead")))
        ul.facts {
            @for (icon, name, line) in parts {
                li.fact { (icon.draw()) div.fact-text { h2 { (name) } p { (line) } } }
            }
        }
    };
    frame.document(&title, None, false, &body)
}
