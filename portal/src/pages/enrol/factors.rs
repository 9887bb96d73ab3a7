//! What is enrolled since when, and what can be added.

use maud::{Markup, html};
use ui::Words;
use ui::form::{Form, Problem, Weight, problem_summary, submit};
use ui::icon::Icon;
use ui::notice::{Kind, notice};

use super::FactorKind;
use crate::pages::home::choice_text;
use crate::pages::{Frame, Purpose, head};
use crate::routes;

/// An enrolled factor. Moments are milliseconds since the Unix epoch.
#[derive(Clone, Debug)]
pub struct Factor {
    /// Its id, for removing it.
    pub id: String,
    /// What it is.
    pub kind: FactorKind,
    /// What the core calls it: a masked address, or how many codes are left.
    pub label: String,
    /// Since when.
    pub since: i64,
    /// It counts from then on.
    pub counts_from: i64,
}

/// What just happened to the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A factor was added.
    Added,
    /// A factor was removed.
    Removed,
    /// The last factor cannot be removed.
    LastStays,
    /// What was to be confirmed is gone: tried too often, or too old.
    NothingPending,
}

/// A step of a recovery: any one of these passes it.
#[derive(Clone, Debug)]
pub struct Need {
    /// Those that can be added here.
    pub kinds: Vec<FactorKind>,
    /// Something enrolled passes it.
    pub is_met: bool,
}

/// The factors of the account.
#[derive(Clone, Debug)]
pub struct FactorsView {
    /// What is enrolled.
    pub factors: Vec<Factor>,
    /// What can be added.
    pub offered: Vec<FactorKind>,
    /// What a recovery takes.
    pub needs: Vec<Need>,
    /// A first enrolment is complete only with recovery codes.
    pub codes_missing: bool,
    /// A code was sent to a new address and waits to be entered.
    pub email_pending: bool,
    /// What just happened.
    pub news: Option<News>,
}

impl FactorsView {
    /// A first enrolment in the middle: an app, a fresh address, no codes yet.
    pub fn sample() -> Self {
        let now = crate::pages::gallery::NOW;
        let factor = |id: &str, kind, label: &str, since, counts_from| Factor {
            id: id.into(),
            kind,
            label: label.into(),
            since,
            counts_from,
        };
        Self {
            factors: vec![
                factor(
                    "f1",
                    FactorKind::Totp,
                    "",
                    now - 20 * 86_400_000,
                    now - 19 * 86_400_000,
                ),
                factor(
                    "f2",
                    FactorKind::Email,
                    "a•••@home.example",
                    now,
                    now + 86_400_000,
                ),
            ],
            offered: vec![FactorKind::RecoveryCodes, FactorKind::Totp, FactorKind::Email],
            needs: vec![
                Need {
                    kinds: vec![FactorKind::Totp, FactorKind::RecoveryCodes],
                    is_met: true,
                },
                Need {
                    kinds: vec![FactorKind::Email, FactorKind::RecoveryCodes],
                    is_met: true,
                },
            ],
            codes_missing: true,
            email_pending: false,
            news: Some(News::Added),
        }
    }

    /// Nothing enrolled yet, a code on its way.
    pub fn sample_empty() -> Self {
        let mut view = Self {
            factors: vec![],
            email_pending: true,
            news: None,
            ..Self::sample()
        };
        for need in &mut view.needs {
            need.is_met = false;
        }
        view
    }

    /// Recovery codes on top: nothing is left to do.
    pub fn sample_complete() -> Self {
        let mut view = Self {
            codes_missing: false,
            ..Self::sample()
        };
        let mut codes = view.factors[0].clone();
        codes.id = "f3".into();
        codes.kind = FactorKind::RecoveryCodes;
        codes.label = "10".into();
        view.factors.push(codes);
        view
    }

    fn is_complete(&self) -> bool {
        !self.codes_missing && self.needs.iter().all(|need| need.is_met)
    }
}

/// The list, then what can be added.
pub fn page(frame: &Frame<'_>, view: &FactorsView) -> Markup {
    let words = frame.words;
    let title = words.get("factors-title");
    let is_refused = matches!(view.news, Some(News::LastStays | News::NothingPending));
    let body = html! {
        (news(words, view.news))
        (head(Some(&Purpose::Enrol.name(words)), &title, Some(&words.get("factors-lead"))))
        @if view.email_pending { (pending_email(words)) }
        (to_do(words, view))
        div.sheet {
            @if view.factors.is_empty() { p { (words.get("factors-none")) } } @else {
                ul.factors { @for factor in &view.factors { (item(frame, factor)) } }
            }
        }
        @if !view.offered.is_empty() {
            h2 { (words.get("factors-add-title")) }
            ul.choices { @for kind in &view.offered { li { (offer(words, *kind)) } } }
        }
        (finish(words, view))
    };
    frame.document(&title, &body, is_refused)
}

fn news(words: &Words, news: Option<News>) -> Markup {
    let good = |key: &str| notice(Kind::Good, &html! { p role="status" { (words.get(key)) } });
    match news {
        None => html! {},
        Some(News::Added) => good("factors-added"),
        Some(News::Removed) => good("factors-removed"),
        Some(News::LastStays) => refusal(words, "factors-last"),
        Some(News::NothingPending) => refusal(words, "factors-nothing-pending"),
    }
}

fn refusal(words: &Words, key: &str) -> Markup {
    let problem = Problem {
        field: None,
        text: words.get(key),
    };
    problem_summary(words, &[problem])
}

/// What a recovery takes, ticked where something is there for it; the codes as the last point.
fn to_do(words: &Words, view: &FactorsView) -> Markup {
    if view.is_complete() {
        return notice(Kind::Good, &html! { p { (words.get("factors-complete")) } });
    }
    let lead = if view.needs.iter().all(|need| need.is_met) {
        "factors-todo-finish"
    } else {
        "factors-todo-lead"
    };
    html! {
        section.sheet aria-labelledby="todo-heading" {
            h2 #todo-heading { (words.get("factors-todo-title")) }
            p { (words.get(lead)) }
            ul.todo {
                @for (place, need) in view.needs.iter().enumerate() {
                    (point(words, &proof(words, place + 1, need), need.is_met))
                }
                (point(words, &words.get("factors-todo-codes"), !view.codes_missing))
            }
        }
    }
}

/// A proof by its number, with the ways to give it.
fn proof(words: &Words, number: usize, need: &Need) -> String {
    let names = need.kinds.iter().map(|kind| kind.name(words));
    let or = |one: String, other: String| {
        words.with("factors-todo-or", &[("one", one.into()), ("other", other.into())])
    };
    let ways = names.reduce(or).unwrap_or_default();
    words.with(
        "factors-todo-proof",
        &[("n", number.into()), ("ways", ways.into())],
    )
}

fn point(words: &Words, text: &str, is_done: bool) -> Markup {
    html! {
        li class=[is_done.then_some("done")] {
            span.tickbox aria-hidden="true" { @if is_done { (Icon::Done.draw()) } }
            span { (text) @if is_done { " (" (words.get("factors-todo-done")) ")" } }
        }
    }
}

fn pending_email(words: &Words) -> Markup {
    let body = html! {
        p { (words.get("factors-pending-email")) }
        p { a href=(routes::ENROL_EMAIL_CONFIRM) { (words.get("factors-pending-email-go")) } }
    };
    notice(Kind::Info, &body)
}

fn item(frame: &Frame<'_>, factor: &Factor) -> Markup {
    let words = frame.words;
    let detail = factor.kind.detail(words, &factor.label);
    let whole = factor.kind.whole(words, &factor.label);
    // The id comes from the core; only what is safe in an address gets into one.
    let id: String = factor
        .id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    html! {
        li {
            (factor.kind.icon().draw())
            div.factor-text {
                span.factor-name { (factor.kind.name(words)) }
                @if !detail.is_empty() { " " span.factor-detail { (detail) } }
                p { (words.timed("factors-since", "since", factor.since, frame.calendar)) }
                @if factor.counts_from > frame.calendar.now_ms {
                    p { (words.timed("factors-counts-from", "from", factor.counts_from, frame.calendar)) }
                }
            }
            a.button.secondary.small href={ (routes::ENROL_REMOVE) "?factor=" (id) }
                aria-label=(words.with("factors-remove-label", &[("factor", whole.into())]))
            { (words.get("factors-remove")) }
        }
    }
}

fn offer(words: &Words, kind: FactorKind) -> Markup {
    let (path, name, line) = match kind {
        FactorKind::Totp => (routes::ENROL_TOTP, "add-totp", "add-totp-line"),
        FactorKind::RecoveryCodes => (routes::ENROL_CODES, "add-codes", "add-codes-line"),
        FactorKind::Email => (routes::ENROL_EMAIL, "add-email", "add-email-line"),
    };
    html! {
        a.choice href=(path) { (kind.icon().draw()) (choice_text(&words.get(name), &words.get(line))) }
    }
}

/// The way out. It stands out only once recovery works.
fn finish(words: &Words, view: &FactorsView) -> Markup {
    let is_complete = view.is_complete();
    let (label, weight, hidden): (_, _, &[(&str, &str)]) = if is_complete {
        ("factors-finish", Weight::Primary, &[("set-up", "yes")])
    } else {
        ("factors-finish-later", Weight::Quiet, &[])
    };
    let form = Form {
        action: routes::END,
        hidden,
        ..Form::default()
    };
    let button = submit(&form, &words.get(label), &words.get("busy-wait"), weight);
    let body = html! {
        @if !is_complete { p.soft { (words.get("factors-finish-early")) } }
        div.actions { (button) }
    };
    form.around(words, &body)
}
