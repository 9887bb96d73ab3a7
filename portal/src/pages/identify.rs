//! Which account? Asked alone and first; nothing about the account is answered here.

use maud::{Markup, html};
use ui::form::{Form, Problem, TextField, Weight, link_button, problem_summary, submit};

use super::{Frame, Purpose, head};
use crate::routes;

/// What is wrong with what was typed, judged by its form alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Nothing was typed.
    Missing,
    /// It cannot be a name of anybody: too long, or with control characters.
    Malformed,
}

/// The question for the account.
#[derive(Clone, Debug)]
pub struct IdentifyView {
    /// What the person came for.
    pub purpose: Purpose,
    /// What was typed before.
    pub echo: Option<String>,
    /// Why it is asked again.
    pub problem: Option<Unusable>,
}

impl IdentifyView {
    /// Asked again after an empty answer.
    pub fn sample() -> Self {
        Self {
            purpose: Purpose::Reset,
            echo: None,
            problem: Some(Unusable::Missing),
        }
    }
}

/// One field and one button; it posts to the page's own address.
pub fn page(frame: &Frame<'_>, view: &IdentifyView) -> Markup {
    let words = frame.words;
    let title = words.get("identify-title");
    let problem = view.problem.map(|problem| match problem {
        Unusable::Missing => words.get("identify-missing"),
        Unusable::Malformed => words.get("identify-unusable"),
    });
    let form = Form {
        action: view.purpose.path(),
        ..Form::default()
    };
    let field = TextField {
        name: "identifier",
        label: &words.get("identify-field"),
        kind: "text",
        autocomplete: "username",
        echo: view.echo.as_deref(),
        hint: Some(&words.get("identify-hint")),
        problem: problem.as_deref(),
        focus: problem.is_none(),
    };
    let fields = html! {
        (field.draw())
        div.actions {
            (submit(&form, &words.get("identify-continue"), &words.get("busy-wait"), Weight::Primary))
            (link_button(routes::HOME, &words.get("go-back"), Weight::Quiet))
        }
    };
    let problems: Vec<Problem> = problem
        .iter()
        .map(|text| Problem {
            field: Some("identifier".into()),
            text: text.clone(),
        })
        .collect();
    let body = html! {
        (problem_summary(words, &problems))
        (head(Some(&view.purpose.name(words)), &title, None))
        div.sheet { (form.around(words, &fields)) }
    };
    frame.document(&title, &body, problem.is_some())
}
