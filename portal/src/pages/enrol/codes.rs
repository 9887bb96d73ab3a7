//! Making recovery codes. They are opened in the browser and shown once, so this page needs the script.

use maud::{Markup, html};
use ui::form::{Form, Weight, submit, tick};
use ui::layout::needs_script;

use super::back;
use crate::pages::{Frame, Purpose, Seal, head};
use crate::routes;

/// New recovery codes.
#[derive(Clone, Debug)]
pub struct CodesView {
    /// The block to seal the page's key to.
    pub seal: Seal,
    /// There are codes already, which become void.
    pub replaces: bool,
    /// Whose codes they are, for the printed sheet.
    pub account: String,
}

impl CodesView {
    /// Codes that replace earlier ones.
    pub fn sample() -> Self {
        Self {
            seal: Seal::sample(),
            replaces: true,
            account: "alice".into(),
        }
    }
}

/// The question, then (by the script) the codes and the word that they are kept.
pub fn page(frame: &Frame<'_>, view: &CodesView) -> Markup {
    let words = frame.words;
    let title = words.get("codes-title");
    let body = html! {
        (head(Some(&Purpose::Enrol.name(words)), &title, Some(&words.get("codes-lead"))))
        (needs_script(words, "codes-needs-script"))
        div.sheet { (ask(frame, view)) (shown(frame, view)) }
        (back(words))
    };
    frame.page(&title, &body)
}

fn ask(frame: &Frame<'_>, view: &CodesView) -> Markup {
    let words = frame.words;
    html! {
        form method="post" action=(routes::ENROL_CODES) data-seal=(view.seal.block)
            data-enrol="codes" data-shows="codes-shown" data-failed=(words.get("secret-failed"))
        {
            p { (words.get("codes-once")) @if view.replaces { " " (words.get("codes-void")) } }
            div.actions {
                button class=(Weight::Primary.class()) type="submit" disabled data-busy=(words.get("codes-showing")) {
                    (words.get("codes-show"))
                }
            }
            p.form-message role="alert" hidden {}
        }
    }
}

fn shown(frame: &Frame<'_>, view: &CodesView) -> Markup {
    let words = frame.words;
    let form = Form {
        action: routes::ENROL_CODES_CONFIRM,
        ..Form::default()
    };
    let fields = html! {
        (tick("kept", &words.get("codes-kept"), false, true))
        div.actions { (submit(&form, &words.get("codes-done"), &words.get("busy-wait"), Weight::Primary)) }
    };
    html! {
        div.shown #codes-shown tabindex="-1" hidden {
            h2 #codes-heading { (words.get("codes-list")) }
            p { (words.get("codes-once")) }
            ol.codes data-codes aria-labelledby="codes-heading" {}
            (on_paper(frame, view))
            div.actions {
                button.button.secondary.small type="button" data-copy data-copied=(words.get("codes-copied")) {
                    (words.get("codes-copy"))
                }
                button.button.secondary.small type="button" data-print { (words.get("codes-print")) }
                span role="status" data-copied-status {}
            }
            (form.around(words, &fields))
        }
    }
}

/// What a sheet of paper must say by itself: whose codes, of what, since when, and where they are used. Printed
/// only; the page's script puts the portal's address in.
fn on_paper(frame: &Frame<'_>, view: &CodesView) -> Markup {
    let words = frame.words;
    let now = words.full_time_text(frame.calendar.now_ms, frame.calendar);
    let values = [
        ("account", view.account.as_str().into()),
        ("organisation", frame.site.organisation.as_str().into()),
        ("time", now.into()),
    ];
    html! {
        div.printed {
            p { (words.with("codes-sheet", &values)) }
            p { (words.get("codes-sheet-use")) " " span data-origin {} }
        }
    }
}
