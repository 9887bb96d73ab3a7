//! Enter the code. A wrong one is told without a word about tries or about the account.

use maud::{Markup, html};
use ui::Words;
use ui::form::{Form, Problem, Secret, SecretField, Weight, link_button, problem_summary, submit};
use ui::notice::{Kind, notice};

use super::{Frame, Purpose, Seal, cancel, head, stale_notice, works_until};
use crate::routes;

/// A proof that is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeMethod {
    /// Of an authenticator app.
    Totp,
    /// By e-mail.
    EmailCode,
    /// On paper.
    RecoveryCode,
    /// From an administrator.
    Invitation,
}

impl CodeMethod {
    const fn kind(self) -> Secret {
        match self {
            Self::Totp | Self::EmailCode => Secret::Digits,
            Self::RecoveryCode | Self::Invitation => Secret::Letters,
        }
    }

    /// Title, label and hint.
    fn words(self, words: &Words) -> [String; 3] {
        let (title, label, hint) = match self {
            Self::Totp => ("prove-totp-title", "prove-code", "prove-totp-hint"),
            Self::EmailCode => ("prove-email-title", "prove-code", "prove-email-hint"),
            Self::RecoveryCode => ("prove-recovery-title", "prove-code", "prove-recovery-hint"),
            Self::Invitation => (
                "prove-invitation-title",
                "prove-invitation-code",
                "prove-invitation-hint",
            ),
        };
        [words.get(title), words.get(label), words.get(hint)]
    }
}

/// Why the code is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotProved {
    /// It was not accepted; nobody is told why.
    Wrong,
    /// The code was left empty.
    MissingCode,
    /// The password was left empty.
    MissingPassword,
}

/// The question for a proof.
#[derive(Clone, Debug)]
pub struct ProveView {
    /// What the person came for.
    pub purpose: Purpose,
    /// What is asked for.
    pub method: CodeMethod,
    /// Whether the current password goes into the same box (a first enrolment).
    pub with_password: bool,
    /// The block to seal the proof to.
    pub seal: Seal,
    /// Why it is asked again.
    pub problem: Option<NotProved>,
    /// What just happened.
    pub news: Option<News>,
    /// For a code that is sent: how many are sent in an hour at most.
    pub sent_an_hour: Option<u32>,
    /// When the recovery ends by itself, in milliseconds since the Unix epoch.
    pub until: Option<i64>,
}

/// What just happened, told above the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A new code was asked for.
    SentAgain,
    /// What was sent belonged to an earlier page.
    Stale,
}

impl ProveView {
    /// A code by e-mail, on its way.
    pub fn sample() -> Self {
        Self {
            purpose: Purpose::Reset,
            method: CodeMethod::EmailCode,
            with_password: false,
            seal: Seal::sample(),
            problem: None,
            news: None,
            sent_an_hour: Some(3),
            until: Some(super::gallery::NOW + 15 * 60_000),
        }
    }

    /// A wrong code.
    pub fn sample_wrong() -> Self {
        Self {
            problem: Some(NotProved::Wrong),
            ..Self::sample()
        }
    }

    /// A new code, on its way.
    pub fn sample_sent_again() -> Self {
        Self {
            news: Some(News::SentAgain),
            ..Self::sample()
        }
    }

    /// A first enrolment: the invitation and the current password together, not accepted.
    pub fn sample_first_enrolment() -> Self {
        Self {
            purpose: Purpose::Enrol,
            method: CodeMethod::Invitation,
            with_password: true,
            problem: Some(NotProved::Wrong),
            ..Self::sample()
        }
    }
}

/// One field (or two), one button, and the other ways on.
pub fn page(frame: &Frame<'_>, view: &ProveView) -> Markup {
    let words = frame.words;
    let [title, label, hint] = view.method.words(words);
    let title = if view.with_password {
        words.get("prove-first-title")
    } else {
        title
    };
    let form = Form {
        action: routes::PROVE,
        seal: Some(view.seal.as_form()),
        ..Form::default()
    };
    let problem = view.problem.map(|problem| problem_of(words, problem));
    let is_code_to_blame = view
        .problem
        .is_some_and(|problem| problem != NotProved::MissingPassword);
    let code = SecretField {
        name: "code",
        label: &label,
        kind: view.method.kind(),
        hint: Some(&hint),
        problem: problem
            .as_ref()
            .filter(|_| is_code_to_blame)
            .map(|problem| problem.text.as_str()),
        focus: problem.is_none(),
    };
    let fields = html! {
        (code.within(&form, words))
        @if view.with_password { (password(&form, words, view.problem)) }
        div.actions {
            (submit(&form, &words.get("prove-verify"), &words.get("prove-verifying"), Weight::Primary))
        }
    };
    let body = html! {
        (problem_summary(words, problem.as_slice()))
        (stale_notice(words, view.news == Some(News::Stale)))
        (head(Some(&view.purpose.name(words)), &title, None))
        @if view.method == CodeMethod::EmailCode { (on_its_way(words, view)) }
        div.sheet { (form.around(words, &fields)) }
        @if view.method == CodeMethod::EmailCode { (send_again(words)) }
        @if view.problem == Some(NotProved::Wrong) { (after_a_wrong_one(words, view.method)) }
        (works_until(frame, view.until))
        div.elsewhere {
            (link_button(routes::OTHER_WAY, &words.get("prove-other"), Weight::Quiet))
            (cancel(words))
        }
    };
    frame.document(&title, &body, problem.is_some())
}

/// The same for everybody, whether or not there is an address.
fn on_its_way(words: &Words, view: &ProveView) -> Markup {
    if view.news != Some(News::SentAgain) {
        return notice(Kind::Info, &html! { p { (words.get("send-on-its-way")) } });
    }
    let body = html! {
        p role="status" { (words.get("send-again-done")) }
        @if let Some(n) = view.sent_an_hour { p { (words.with("send-limit", &[("n", n.into())])) } }
    };
    notice(Kind::Good, &body)
}

/// What may be the matter, the same for everybody: budgets that are used up are told to nobody.
fn after_a_wrong_one(words: &Words, method: CodeMethod) -> Markup {
    html! {
        @match method {
            CodeMethod::EmailCode => p.soft { (words.get("prove-wrong-sent")) },
            CodeMethod::Totp => p.soft { (words.get("prove-wrong-app")) },
            CodeMethod::RecoveryCode | CodeMethod::Invitation => {}
        }
        p.soft { (words.get("prove-wrong-more")) }
    }
}

fn password(form: &Form<'_>, words: &Words, problem: Option<NotProved>) -> Markup {
    let missing = (problem == Some(NotProved::MissingPassword)).then(|| words.get("prove-missing-password"));
    let field = SecretField {
        name: "current",
        label: &words.get("password-current"),
        kind: Secret::CurrentPassword,
        hint: Some(&words.get("prove-current-hint")),
        problem: missing.as_deref(),
        focus: false,
    };
    field.within(form, words)
}

fn send_again(words: &Words) -> Markup {
    let form = Form {
        action: routes::SEND,
        hidden: &[("again", "yes")],
        ..Form::default()
    };
    let button = html! {
        p.soft { (words.get("send-again-line")) }
        (submit(&form, &words.get("send-again"), &words.get("busy-wait"), Weight::Quiet))
    };
    form.around(words, &button)
}

fn problem_of(words: &Words, problem: NotProved) -> Problem {
    let (field, key) = match problem {
        NotProved::Wrong => ("code", "prove-wrong"),
        NotProved::MissingCode => ("code", "prove-missing"),
        NotProved::MissingPassword => ("current", "prove-missing-password"),
    };
    Problem {
        field: Some(field.into()),
        text: words.get(key),
    }
}
