//! Why an action was refused, in words that say what to do. The proofs stay good, so the same page asks again.

use maud::{Markup, html};
use ui::form::{Problem, problem_summary};
use ui::layout::reference;
use ui::rules::Rule;

use super::Frame;

/// Why an action was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A password field was left empty.
    Missing,
    /// The two new passwords differ.
    Mismatch,
    /// The new password breaks these rules.
    Rules(Vec<Rule>),
    /// The domain refused it and does not say why.
    Domain {
        /// Under which the helpdesk finds it.
        reference: String,
    },
    /// The current password is wrong.
    WrongPassword {
        /// How many more would be tried.
        tries_left: u32,
    },
    /// No more passwords are tried for now.
    NoMoreTries,
    /// Too many of these today.
    TooManyToday,
    /// The service may not do this to the account.
    Forbidden {
        /// Under which the helpdesk finds it.
        reference: String,
    },
    /// The directory does not answer; nothing was done.
    DirectoryAway,
}

impl Refusal {
    /// Two rules of a new password.
    pub fn sample() -> Self {
        Self::Rules(vec![Rule::MinLength(12), Rule::NotAccountName("alice".into())])
    }

    /// The rules that the new password breaks, to be marked in the list.
    pub(super) fn broken(&self) -> &[Rule] {
        match self {
            Self::Rules(rules) => rules,
            _ => &[],
        }
    }

    /// The field to blame: its name in the form.
    pub(super) fn field(&self) -> Option<&'static str> {
        match self {
            Self::Rules(_) | Self::Domain { .. } | Self::Missing => Some("new"),
            Self::Mismatch => Some("repeat"),
            Self::WrongPassword { .. } => Some("current"),
            Self::NoMoreTries | Self::TooManyToday | Self::Forbidden { .. } | Self::DirectoryAway => None,
        }
    }
}

/// The summary at the top of the page. `field_id` is the element of the field to blame, if it is in the page.
pub(super) fn summary(frame: &Frame<'_>, refusal: &Refusal, field_id: Option<&str>) -> Markup {
    let field = field_id.map(str::to_owned);
    let problems: Vec<Problem> = sentences(frame, refusal)
        .into_iter()
        .map(|text| Problem {
            field: field.clone(),
            text,
        })
        .collect();
    html! {
        (problem_summary(frame.words, &problems))
        @if let Refusal::Domain { reference: code } | Refusal::Forbidden { reference: code } = refusal {
            (reference(frame.words, code))
        }
    }
}

/// What to say: one sentence, and one more for a password that is too new.
fn sentences(frame: &Frame<'_>, refusal: &Refusal) -> Vec<String> {
    let words = frame.words;
    match refusal {
        Refusal::Rules(rules) => broken_rules(frame, rules),
        Refusal::Missing => vec![words.get("refused-missing")],
        Refusal::Mismatch => vec![words.get("refused-mismatch")],
        Refusal::Domain { .. } => vec![words.get("refused-domain")],
        Refusal::WrongPassword { tries_left } => {
            vec![words.with("refused-wrong-password", &[("tries", (*tries_left).into())])]
        }
        Refusal::NoMoreTries => vec![words.get("refused-no-more-tries")],
        Refusal::TooManyToday => vec![words.get("refused-too-many-today")],
        Refusal::Forbidden { .. } => vec![words.get("refused-forbidden")],
        Refusal::DirectoryAway => vec![words.get("refused-away")],
    }
}

/// The same at the field, short where the list of rules beside it is marked.
pub(super) fn field_sentence(frame: &Frame<'_>, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Rules(_) => frame.words.get("refused-rule-field"),
        other => sentences(frame, other).join(" "),
    }
}

fn broken_rules(frame: &Frame<'_>, rules: &[Rule]) -> Vec<String> {
    let words = frame.words;
    let text = |rule: &Rule| rule.text(words, frame.calendar);
    let (ages, others): (Vec<&Rule>, Vec<&Rule>) =
        rules.iter().partition(|rule| matches!(rule, Rule::MinAge(_)));
    let too_new = |rule: &Rule| words.with("refused-min-age", &[("rule", text(rule).into())]);
    let mut sentences: Vec<String> = ages.into_iter().map(too_new).collect();
    if !others.is_empty() {
        let list: Vec<String> = others.iter().map(|rule| text(rule)).collect();
        let values = [("n", others.len().into()), ("rules", list.join("; ").into())];
        sentences.push(words.with("refused-rules", &values));
    }
    sentences
}
