//! "This was not me": the page that every notice links to, with its token in the fragment.
//!
//! The fragment is never sent; the script moves it into the field. Opening the page changes nothing, so a mail
//! scanner that follows the link stops nobody's self-service: only the button does.

use maud::{Markup, html};
use ui::form::{Form, Problem, Weight, problem_summary, submit};
use ui::layout::contacts;
use ui::notice::{Kind, notice};

use super::{Frame, head};
use crate::routes;

/// The question whether to stop self-service.
#[derive(Clone, Debug, Default)]
pub struct NotMeView {
    /// The token was left empty.
    pub is_missing: bool,
}

impl NotMeView {
    /// Freshly opened.
    pub fn sample() -> Self {
        Self { is_missing: false }
    }
}

/// One button. The field's name is `token`.
pub fn page(frame: &Frame<'_>, view: &NotMeView) -> Markup {
    let words = frame.words;
    let title = words.get("notme-title");
    let form = Form {
        action: routes::NOT_ME,
        ..Form::default()
    };
    let missing = view.is_missing.then(|| words.get("notme-missing"));
    let fields = html! {
        div.field.bad[view.is_missing] {
            label for="token" { (words.get("notme-code")) }
            p.hint #token-hint { (words.get("notme-code-hint")) }
            @if let Some(missing) = &missing { p.wrong #token-problem { (missing) } }
            input #token type="text" name="token" data-from-fragment autocomplete="off" maxlength="512"
                autocapitalize="none" autocorrect="off" spellcheck="false"
                aria-describedby=(if view.is_missing { "token-problem token-hint" } else { "token-hint" })
                aria-invalid=[view.is_missing.then_some("true")] required;
        }
        div.actions { (submit(&form, &words.get("notme-button"), &words.get("notme-busy"), Weight::Danger)) }
    };
    let problems: Vec<Problem> = missing
        .iter()
        .map(|text| Problem {
            field: Some("token".into()),
            text: text.clone(),
        })
        .collect();
    let body = html! {
        (problem_summary(words, &problems))
        (head(None, &title, Some(&words.get("notme-line"))))
        div.sheet { (form.around(words, &fields)) }
        p { (words.get("notme-call")) }
        (contacts(words, &frame.site.helpdesk))
    };
    frame.document(&title, &body, view.is_missing)
}

/// After the button. The same for every token, so that nobody can try tokens out; so it must not promise what a
/// bad one does not do.
pub fn done(frame: &Frame<'_>) -> Markup {
    let words = frame.words;
    let title = words.get("notme-done-title");
    let body = html! {
        (notice(Kind::Info, &html! { h1 { (title) } p { (words.get("notme-done")) } }))
        p { (words.get("notme-done-call")) }
        (contacts(words, &frame.site.helpdesk))
    };
    frame.page(&title, &body)
}
