//! Every page with its samples: what the snapshots hold and what `examples/site_gallery.rs` writes out to be looked at.

use contract::pairing::Look;
use maud::Markup;

use super::problem::{self, ProblemView, Trouble};
use super::{Frame, drop_box, home, message};

/// An organisation with a helpdesk, as a demonstration.
pub fn look() -> Look {
    Look {
        public_origin: "https://secret.corp.example".to_owned(),
        organisation: "Example Corp".to_owned(),
        phone: Some("+49 30 123 4567".to_owned()),
        mail: Some("help@corp.example".to_owned()),
        demo: true,
    }
}

/// Each page's name and its sample, drawn in `frame`.
pub fn pages(frame: &Frame<'_>) -> Vec<(&'static str, Markup)> {
    let problem = |trouble: Trouble| {
        (
            trouble.name(),
            problem::page(frame, &ProblemView::sample(trouble)),
        )
    };
    [
        ("home", home::page(frame)),
        ("message", message::page(frame)),
        ("drop-box", drop_box::page(frame)),
    ]
    .into_iter()
    .chain(Trouble::ALL.map(problem))
    .collect()
}
