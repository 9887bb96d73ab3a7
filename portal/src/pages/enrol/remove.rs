//! The question before a factor is taken away.

use maud::{Markup, html};
use ui::form::{Form, Weight, link_button, submit};

use super::FactorKind;
use crate::pages::{Frame, Purpose, head};
use crate::routes;

/// A factor to be removed.
#[derive(Clone, Debug)]
pub struct RemoveView {
    /// Its id; the form's field is `factor`.
    pub id: String,
    /// What it is.
    pub kind: FactorKind,
    /// What the person recognises it by.
    pub label: String,
}

impl RemoveView {
    /// An e-mail address.
    pub fn sample() -> Self {
        Self {
            id: "f2".into(),
            kind: FactorKind::Email,
            label: "a•••@home.example".into(),
        }
    }
}

/// Remove it, or keep it.
pub fn page(frame: &Frame<'_>, view: &RemoveView) -> Markup {
    let words = frame.words;
    let whole = view.kind.whole(words, &view.label);
    let title = words.with("remove-title", &[("factor", whole.into())]);
    let hidden = [("factor", view.id.as_str())];
    let form = Form {
        action: routes::ENROL_REMOVE,
        hidden: &hidden,
        ..Form::default()
    };
    let buttons = html! {
        div.actions {
            (submit(&form, &words.get("remove-button"), &words.get("remove-busy"), Weight::Danger))
            (link_button(routes::ENROL, &words.get("remove-keep"), Weight::Quiet))
        }
    };
    let body = html! {
        (head(Some(&Purpose::Enrol.name(words)), &title, Some(&words.get("remove-line"))))
        (form.around(words, &buttons))
    };
    frame.page(&title, &body)
}
