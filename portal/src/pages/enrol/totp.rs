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
    /// The app's code was wrong, so a new picture is needed.
    pub is_wrong: bool,
}

impl TotpView {
    /// A second try.
    pub fn sample() -> Self {
        Self {
            seal: Seal::sample(),
            is_wrong: true,
        }
    }
}

/// The question for the picture, then (by the script) the picture and the field for the first code.
pub fn page(frame: &Frame<'_>, view: &TotpView) -> Markup {
    let words = frame.words;
    let title = words.get("totp-title");
    let problem = view.is_wrong.then(|| Problem {
        field: None,
        text: words.get("totp-wrong"),
    });
    let body = html! {
        (problem_summary(words, problem.as_slice()))
        (head(Some(&Purpose::Enrol.name(words)), &title, None))
        (needs_script(words, "totp-needs-script"))
        div.sheet { (ask(frame, view)) (shown(frame, view)) }
        (back(words))
    };
    frame.document(&title, &body, view.is_wrong)
}

fn ask(frame: &Frame<'_>, view: &TotpView) -> Markup {
    let words = frame.words;
    html! {
        form method="post" action=(routes::ENROL_TOTP) data-seal=(view.seal.block)
            data-enrol="totp" data-shows="totp-shown" data-failed=(words.get("secret-failed"))
        {
            h2 { (words.get("totp-step-scan")) }
            p { (words.get("totp-step-scan-line")) }
            p.soft { (words.get("totp-reload")) }
            div.actions {
                button class=(Weight::Primary.class()) type="submit" disabled data-busy=(words.get("totp-showing")) {
                    (words.get("totp-show"))
                }
            }
            p.form-message role="alert" hidden {}
        }
    }
}

fn shown(frame: &Frame<'_>, view: &TotpView) -> Markup {
    let words = frame.words;
    // The block is replaced by the one that comes with the secret.
    let form = Form {
        action: routes::ENROL_TOTP_CONFIRM,
        seal: Some(view.seal.as_form()),
        ..Form::default()
    };
    let code = SecretField {
        name: "code",
        label: &words.get("prove-code"),
        kind: Secret::Digits,
        hint: Some(&words.get("prove-totp-hint")),
        problem: None,
        focus: false,
    };
    let fields = html! {
        (code.within(&form, words))
        div.actions {
            (submit(&form, &words.get("prove-verify"), &words.get("prove-verifying"), Weight::Primary))
        }
    };
    html! {
        div.shown #totp-shown tabindex="-1" hidden {
            p { (words.get("totp-step-scan-line")) }
            svg.qr data-qr role="img" aria-label=(words.get("totp-qr")) {}
            p { (words.get("totp-no-camera")) " " code.secret-text data-secret-text {} }
            p { a data-uri { (words.get("totp-on-this-phone")) } }
            h2 { (words.get("totp-step-code")) }
            (form.around(words, &fields))
        }
    }
}
