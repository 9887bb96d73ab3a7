//! Which way to prove who one is? Before the first proof everybody sees the same list.

use maud::{Markup, html};
use ui::Words;
use ui::form::Form;
use ui::icon::Icon;
use ui::layout::contacts;

use super::prove::CodeMethod;
use super::{Frame, Purpose, cancel, head, home::choice_text, stale_notice, works_until};
use crate::routes;

/// Its name in forms and in the contract.
const fn name(method: CodeMethod) -> &'static str {
    match method {
        CodeMethod::Totp => "totp",
        CodeMethod::EmailCode => "email-code",
        CodeMethod::RecoveryCode => "recovery-code",
        CodeMethod::Invitation => "invitation",
    }
}

const fn icon(method: CodeMethod) -> Icon {
    match method {
        CodeMethod::Totp => Icon::Phone,
        CodeMethod::EmailCode => Icon::Mail,
        CodeMethod::RecoveryCode => Icon::Paper,
        CodeMethod::Invitation => Icon::Ticket,
    }
}

fn explained(method: CodeMethod, words: &Words) -> (String, String) {
    let (name, line) = match method {
        CodeMethod::Totp => ("method-totp", "method-totp-line"),
        CodeMethod::EmailCode => ("method-email-code", "method-email-code-line"),
        CodeMethod::RecoveryCode => ("method-recovery-code", "method-recovery-code-line"),
        CodeMethod::Invitation => ("method-invitation", "method-invitation-line"),
    };
    (words.get(name), words.get(line))
}

/// The methods of a step.
#[derive(Clone, Debug)]
pub struct ChooseView {
    /// What the person came for.
    pub purpose: Purpose,
    /// Whether a proof has passed already; the page then thanks for it.
    pub is_next_step: bool,
    /// The methods offered, in the policy's order.
    pub methods: Vec<CodeMethod>,
    /// What was sent belonged to an earlier page.
    pub is_stale: bool,
    /// When the recovery ends by itself, in milliseconds since the Unix epoch.
    pub until: Option<i64>,
}

impl ChooseView {
    /// A first step with every method there is.
    pub fn sample() -> Self {
        let methods = vec![
            CodeMethod::Totp,
            CodeMethod::EmailCode,
            CodeMethod::RecoveryCode,
            CodeMethod::Invitation,
        ];
        Self {
            purpose: Purpose::Reset,
            is_next_step: false,
            methods,
            is_stale: false,
            until: Some(super::gallery::NOW + 15 * 60_000),
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
        (stale_notice(words, view.is_stale))
        (head(Some(&view.purpose.name(words)), &title, Some(&lead)))
        (form.around(words, &buttons))
        div.none {
            h2 { (words.get("choose-none-title")) }
            p.soft { (words.get("choose-none")) }
            (contacts(words, &frame.site.helpdesk))
        }
        (works_until(frame, view.until))
        div.elsewhere { (cancel(words)) }
    };
    frame.page(&title, &body)
}

fn button(words: &Words, method: CodeMethod) -> Markup {
    let (title, line) = explained(method, words);
    html! {
        button.choice type="submit" name="method" value=(name(method)) {
            (icon(method).draw()) (choice_text(&title, &line))
        }
    }
}
