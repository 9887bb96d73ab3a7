//! Setting up recovery, once everything is proved: the list of factors, adding one, taking one away.

pub mod codes;
pub mod email;
pub mod factors;
pub mod remove;
pub mod totp;

use maud::{Markup, html};
use ui::Words;
use ui::form::{Weight, link_button};
use ui::icon::Icon;

use crate::routes;

/// What can be set up on the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorKind {
    /// An authenticator app.
    Totp,
    /// Recovery codes.
    RecoveryCodes,
    /// A verified e-mail address.
    Email,
}

impl FactorKind {
    fn name(self, words: &Words) -> String {
        match self {
            Self::Totp => words.get("factor-totp"),
            Self::RecoveryCodes => words.get("factor-codes"),
            Self::Email => words.get("factor-email"),
        }
    }

    /// What the person recognises one by: the core gives the number of codes that are left, else a masked address.
    fn detail(self, words: &Words, label: &str) -> String {
        match (self, label.parse::<i64>()) {
            (Self::RecoveryCodes, Ok(n)) => words.with("factors-codes-left", &[("n", n.into())]),
            _ => label.to_owned(),
        }
    }

    /// Name and detail in one line.
    fn whole(self, words: &Words, label: &str) -> String {
        let (name, detail) = (self.name(words), self.detail(words, label));
        if detail.is_empty() {
            name
        } else {
            format!("{name} ({detail})")
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Totp => Icon::Phone,
            Self::RecoveryCodes => Icon::Paper,
            Self::Email => Icon::Mail,
        }
    }
}

/// Back to the list.
fn back(words: &Words) -> Markup {
    html! { p { (link_button(routes::ENROL, &words.get("go-back"), Weight::Quiet)) } }
}
