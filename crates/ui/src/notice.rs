//! A boxed remark: something good, something to know, something wrong.

use maud::{Markup, html};

use crate::icon::Icon;

/// How loud a notice is. Colour is never the only sign: each kind has its own drawing and the words say it, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It worked.
    Good,
    /// Something to know.
    Info,
    /// Something to look at before going on.
    Warning,
    /// Something stands in the way.
    Stop,
}

impl Kind {
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "notice good",
            Self::Info => "notice info",
            Self::Warning => "notice warning",
            Self::Stop => "notice stop",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Good => Icon::Done,
            Self::Info => Icon::Info,
            Self::Warning => Icon::Warning,
            Self::Stop => Icon::Stop,
        }
    }
}

/// A boxed remark around `body`, which brings its own paragraphs.
pub fn notice(kind: Kind, body: &Markup) -> Markup {
    html! {
        div class=(kind.class()) { (kind.icon().draw()) div.notice-text { (body) } }
    }
}
