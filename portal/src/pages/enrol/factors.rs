//! What is enrolled since when, and what can be added.

use maud::{Markup, html};
use ui::Words;
use ui::form::{Form, Problem, Weight, problem_summary, submit};
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
    /// What the person recognises it by, for example a masked address.
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
}

/// The factors of the account.
#[derive(Clone, Debug)]
pub struct FactorsView {
    /// What is enrolled.
    pub factors: Vec<Factor>,
    /// What can be added.
    pub offered: Vec<FactorKind>,
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
            codes_missing: true,
            email_pending: false,
            news: Some(News::Added),
        }
    }

    /// Nothing enrolled yet, a code on its way.
    pub fn sample_empty() -> Self {
        Self {
            factors: vec![],
            codes_missing: false,
            email_pending: true,
            news: None,
            ..Self::sample()
        }
    }
}

/// The list, then what can be added.
pub fn page(frame: &Frame<'_>, view: &FactorsView) -> Markup {
    let words = frame.words;
    let title = words.get("factors-title");
    let is_refused = view.news == Some(News::LastStays);
    let body = html! {
        (news(words, view.news))
        (head(Some(&Purpose::Enrol.name(words)), &title, Some(&words.get("factors-lead"))))
        @if view.codes_missing { (notice(Kind::Warning, &html! { p { (words.get("factors-codes-missing")) } })) }
        @if view.email_pending { (pending_email(words)) }
        div.sheet {
            @if view.factors.is_empty() { p { (words.get("factors-none")) } } @else {
                ul.factors { @for factor in &view.factors { (item(frame, factor)) } }
            }
        }
        @if !view.offered.is_empty() {
            h2 { (words.get("factors-add-title")) }
            ul.choices { @for kind in &view.offered { li { (offer(words, *kind)) } } }
        }
        (finish(words, view.codes_missing))
    };
    frame.document(&title, &body, is_refused)
}

fn news(words: &Words, news: Option<News>) -> Markup {
    let good = |key: &str| notice(Kind::Good, &html! { p role="status" { (words.get(key)) } });
    match news {
        None => html! {},
        Some(News::Added) => good("factors-added"),
        Some(News::Removed) => good("factors-removed"),
        Some(News::LastStays) => problem_summary(
            words,
            &[Problem {
                field: None,
                text: words.get("factors-last"),
            }],
        ),
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
    let name = factor.kind.name(words);
    let whole = if factor.label.is_empty() {
        name.clone()
    } else {
        format!("{name} {}", factor.label)
    };
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
                span.factor-name { (name) }
                @if !factor.label.is_empty() { " " span.factor-detail { (factor.label) } }
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

fn finish(words: &Words, is_too_early: bool) -> Markup {
    let weight = if is_too_early {
        Weight::Quiet
    } else {
        Weight::Primary
    };
    let form = Form {
        action: routes::END,
        ..Form::default()
    };
    let button = submit(
        &form,
        &words.get("factors-finish"),
        &words.get("busy-wait"),
        weight,
    );
    form.around(words, &html! { div.actions { (button) } })
}
