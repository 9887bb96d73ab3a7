//! Adding an e-mail address: the address, then the code that was sent to it. Works without the script.

use maud::{Markup, html};
use ui::form::{Form, Problem, Secret, SecretField, TextField, Weight, link_button, problem_summary, submit};

use super::back;
use crate::pages::{Frame, Purpose, Seal, head};
use crate::routes;

/// Why the address is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It was left empty.
    Missing,
    /// No code can or may be sent there.
    Refused,
}

/// The question for the address.
#[derive(Clone, Debug)]
pub struct EmailView {
    /// What was typed before.
    pub echo: Option<String>,
    /// Why it is asked again.
    pub problem: Option<Unusable>,
}

impl EmailView {
    /// An address of the organisation, which is refused.
    pub fn sample() -> Self {
        Self {
            echo: Some("alice@corp.example".into()),
            problem: Some(Unusable::Refused),
        }
    }
}

/// One field, and the button that sends the code.
pub fn page(frame: &Frame<'_>, view: &EmailView) -> Markup {
    let words = frame.words;
    let title = words.get("email-title");
    let problem = view.problem.map(|problem| match problem {
        Unusable::Missing => words.get("email-missing"),
        Unusable::Refused => words.get("email-unusable"),
    });
    let form = Form {
        action: routes::ENROL_EMAIL,
        ..Form::default()
    };
    let field = TextField {
        name: "address",
        label: &words.get("email-field"),
        kind: "email",
        autocomplete: "email",
        echo: view.echo.as_deref(),
        hint: None,
        problem: problem.as_deref(),
        focus: problem.is_none(),
    };
    let fields = html! {
        (field.draw())
        div.actions { (submit(&form, &words.get("send-button"), &words.get("busy-wait"), Weight::Primary)) }
    };
    let problems: Vec<Problem> = problem
        .iter()
        .map(|text| Problem {
            field: Some("address".into()),
            text: text.clone(),
        })
        .collect();
    let body = html! {
        (problem_summary(words, &problems))
        (head(Some(&Purpose::Enrol.name(words)), &title, Some(&words.get("email-lead"))))
        div.sheet { (form.around(words, &fields)) }
        (back(words))
    };
    frame.document(&title, &body, view.problem.is_some())
}

/// The question for the code.
#[derive(Clone, Debug)]
pub struct EmailCodeView {
    /// The block to seal the code to.
    pub seal: Seal,
    /// The last one was wrong.
    pub is_wrong: bool,
}

impl EmailCodeView {
    /// A second try.
    pub fn sample() -> Self {
        Self {
            seal: Seal::sample(),
            is_wrong: true,
        }
    }
}

/// One field, one button.
pub fn code_page(frame: &Frame<'_>, view: &EmailCodeView) -> Markup {
    let words = frame.words;
    let title = words.get("email-code-title");
    let form = Form {
        action: routes::ENROL_EMAIL_CONFIRM,
        seal: Some(view.seal.as_form()),
        ..Form::default()
    };
    let wrong = view.is_wrong.then(|| words.get("email-code-wrong"));
    let code = SecretField {
        name: "code",
        label: &words.get("prove-code"),
        kind: Secret::Digits,
        hint: Some(&words.get("prove-email-hint")),
        problem: wrong.as_deref(),
        focus: !view.is_wrong,
    };
    let fields = html! {
        (code.within(&form, words))
        div.actions {
            (submit(&form, &words.get("prove-verify"), &words.get("prove-verifying"), Weight::Primary))
        }
    };
    let problems: Vec<Problem> = wrong
        .iter()
        .map(|text| Problem {
            field: Some("code".into()),
            text: text.clone(),
        })
        .collect();
    let body = html! {
        (problem_summary(words, &problems))
        (head(Some(&Purpose::Enrol.name(words)), &title, Some(&words.get("email-code-lead"))))
        div.sheet { (form.around(words, &fields)) }
        p.soft { (words.get("email-code-again")) }
        p { (link_button(routes::ENROL_EMAIL, &words.get("email-code-again-go"), Weight::Quiet)) }
        (back(words))
    };
    frame.document(&title, &body, view.is_wrong)
}
