//! Adding an authenticator app. The secret is opened in the browser, so this page needs the script.

use maud::{Markup, html};
use ui::form::{Form, Problem, Secret, SecretField, Weight, problem_summary, submit};
use ui::layout::needs_script;

use super::back;
use crate::pages::{Frame, Purpose, Seal, head};
use crate::routes;

/// A new authenticator app.
#[derive(Clone, Debug)]
pub struct TotpView {
    /// The block to seal the page's key to.
    pub seal: Seal,
    /// The block to seal the first code to, once a picture was shown: its secret still waits in the core.
    pub confirmation: Option<Seal>,
    /// The app's code was wrong.
    pub is_wrong: bool,
}

impl TotpView {
    /// Before the picture.
    pub fn sample() -> Self {
        Self {
            seal: Seal::sample(),
            confirmation: None,
            is_wrong: false,
        }
    }

    /// A digit was mistyped.
    pub fn sample_wrong() -> Self {
        Self {
            confirmation: Some(Seal::sample()),
            is_wrong: true,
            ..Self::sample()
        }
    }
}

/// The question for the picture, then (by the script) the picture and the field for the first code. Whoever has
/// scanned a picture already, and reloads or mistypes, finds the field at once and the new picture as another way.
pub fn page(frame: &Frame<'_>, view: &TotpView) -> Markup {
    let words = frame.words;
    let title = words.get("totp-title");
    let problem = view.is_wrong.then(|| Problem {
        field: view.confirmation.as_ref().map(|_| "code".into()),
        text: words.get("totp-wrong"),
    });
    let body = html! {
        (problem_summary(words, problem.as_slice()))
        (head(Some(&Purpose::Enrol.name(words)), &title, None))
        (needs_script(words, "totp-needs-script"))
        div.sheet {
            @if view.confirmation.is_some() {
                (shown(frame, view)) (ask(frame, view))
            } @else {
                (ask(frame, view)) (shown(frame, view))
            }
        }
        (back(words))
    };
    frame.document(&title, &body, view.is_wrong)
}

fn ask(frame: &Frame<'_>, view: &TotpView) -> Markup {
    let words = frame.words;
    let is_again = view.confirmation.is_some();
    let (title, line, button, weight) = if is_again {
        (
            "totp-again-title",
            "totp-again-line",
            "totp-again",
            Weight::Secondary,
        )
    } else {
        (
            "totp-step-scan",
            "totp-step-scan-line",
            "totp-show",
            Weight::Primary,
        )
    };
    html! {
        form method="post" action=(routes::ENROL_TOTP) data-seal=(view.seal.block)
            data-enrol="totp" data-shows="totp-shown" data-failed=(words.get("secret-failed"))
        {
            h2 { (words.get(title)) }
            p { (words.get(line)) }
            @if !is_again { p.soft { (words.get("totp-reload")) } }
            div.actions {
                button class=(weight.class()) type="submit" disabled data-busy=(words.get("totp-showing")) {
                    (words.get(button))
                }
            }
            p.form-message role="alert" hidden {}
        }
    }
}

fn shown(frame: &Frame<'_>, view: &TotpView) -> Markup {
    let words = frame.words;
    // The block is replaced by the one that comes with a secret.
    let block = view.confirmation.as_ref().unwrap_or(&view.seal);
    let form = Form {
        action: routes::ENROL_TOTP_CONFIRM,
        seal: Some(block.as_form()),
        ..Form::default()
    };
    let wrong = view.is_wrong.then(|| words.get("totp-wrong"));
    let code = SecretField {
        name: "code",
        label: &words.get("prove-code"),
        kind: Secret::Digits,
        hint: Some(&words.get("prove-totp-hint")),
        problem: wrong.as_deref().filter(|_| view.confirmation.is_some()),
        focus: false,
    };
    let fields = html! {
        (code.within(&form, words))
        div.actions {
            (submit(&form, &words.get("prove-verify"), &words.get("prove-verifying"), Weight::Primary))
        }
    };
    html! {
        div.shown #totp-shown tabindex="-1" hidden[view.confirmation.is_none()] {
            div.shown data-picture hidden {
                p { (words.get("totp-step-scan-line")) }
                svg.qr data-qr role="img" aria-label=(words.get("totp-qr")) {}
                p { (words.get("totp-no-camera")) " " code.secret-text data-secret-text {} }
                p { a data-uri { (words.get("totp-on-this-phone")) } }
            }
            h2 { (words.get("totp-step-code")) }
            (form.around(words, &fields))
        }
    }
}
