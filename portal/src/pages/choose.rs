//! Which way to prove who one is? Before the first proof everybody sees the same list.

use maud::{Markup, html};
use ui::Words;
use ui::form::Form;
use ui::icon::Icon;

use super::{Frame, Purpose, cancel, head, home::choice_text};
use crate::routes;

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A passkey.
    Passkey,
    /// An authenticator app.
    Totp,
    /// A code by e-mail.
    EmailCode,
    /// A code on paper.
    RecoveryCode,
    /// A code from an administrator.
    Invitation,
}

impl Method {
    /// Its name in forms and in the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::EmailCode => "email-code",
            Self::RecoveryCode => "recovery-code",
            Self::Invitation => "invitation",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Passkey => Icon::Passkey,
            Self::Totp => Icon::Phone,
            Self::EmailCode => Icon::Mail,
            Self::RecoveryCode => Icon::Paper,
            Self::Invitation => Icon::Ticket,
        }
    }

    fn words(self, words: &Words) -> (String, String) {
        let (name, line) = match self {
            Self::Passkey => ("method-passkey", "method-passkey-line"),
            Self::Totp => ("method-totp", "method-totp-line"),
            Self::EmailCode => ("method-email-code", "method-email-code-line"),
            Self::RecoveryCode => ("method-recovery-code", "method-recovery-code-line"),
            Self::Invitation => ("method-invitation", "method-invitation-line"),
        };
        (words.get(name), words.get(line))
    }
}

/// The methods of a step.
#[derive(Clone, Debug)]
pub struct ChooseView {
    /// What the person came for.
    pub purpose: Purpose,
    /// Whether a proof has passed already; the page then thanks for it.
    pub is_next_step: bool,
    /// The methods offered, in the policy's order.
    pub methods: Vec<Method>,
}

impl ChooseView {
    /// A first step with every method there is.
    pub fn sample() -> Self {
        let methods = vec![
            Method::Passkey,
            Method::Totp,
            Method::EmailCode,
            Method::RecoveryCode,
            Method::Invitation,
        ];
        Self {
            purpose: Purpose::Reset,
            is_next_step: false,
            methods,
        }
    }
}

/// One button for each method.
pub fn page(frame: &Frame<'_>, view: &ChooseView) -> Markup {
    let words = frame.words;
    let (title, lead) = if view.is_next_step {
        (words.get("choose-title-next"), words.get("choose-lead-next"))
    } else {
        (words.get("choose-title"), words.get("choose-lead"))
    };
    let form = Form {
        action: routes::METHOD,
        ..Form::default()
    };
    let buttons = html! {
        ul.choices {
            @for method in &view.methods { li { (button(words, *method)) } }
        }
    };
    let body = html! {
        (head(Some(&view.purpose.name(words)), &title, Some(&lead)))
        (form.around(words, &buttons))
        div.none {
            h2 { (words.get("choose-none-title")) }
            p.soft { (words.get("choose-none")) }
        }
        div.elsewhere { (cancel(words)) }
    };
    frame.page(&title, &body)
}

fn button(words: &Words, method: Method) -> Markup {
    let (name, line) = method.words(words);
    html! {
        button.choice type="submit" name="method" value=(method.name()) {
            (method.icon().draw()) (choice_text(&name, &line))
        }
    }
}
