//! The directory is being asked by another request of the same person.

use maud::{Markup, html};
use ui::form::Weight;

use super::{Frame, head};
use crate::routes;

/// After so many seconds the page looks again by itself.
const LOOK_AGAIN_SECONDS: &str = "3";

/// A page that looks again by itself, and by a link where there is no script.
pub fn page(frame: &Frame<'_>) -> Markup {
    let words = frame.words;
    let title = words.get("working-title");
    let body = html! {
        (head(None, &title, Some(&words.get("working-line"))))
        p.actions {
            a class=(Weight::Primary.class()) href=(routes::RECOVERY) data-look-again=(LOOK_AGAIN_SECONDS) {
                (words.get("working-look"))
            }
        }
    };
    frame.page(&title, &body)
}
