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
