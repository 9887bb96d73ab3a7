//! What is the matter with an account, in plain words. Shown only after all proofs.

use maud::{Markup, html};
use ui::notice::{Kind, notice};

use super::Frame;

/// Something to know about an account, the gravest first. Moments are milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Self-service may not touch it.
    Protected,
    /// Switched off by an administrator.
    Disabled,
    /// The account ended then.
    Expired(i64),
    /// Locked now.
    Locked {
        /// When the lock opens by itself.
        until: Option<i64>,
    },
    /// The password must be changed at the next sign-in.
    MustChange,
    /// The password has expired.
    PasswordExpired,
    /// The owner may not change the password before then.
    TooYoungUntil(i64),
    /// The password is good until then.
    PasswordExpires(i64),
}

/// The state of an account.
#[derive(Clone, Debug, Default)]
pub struct AccountState {
    /// Whom to greet: the display name, or the account name.
    pub name: String,
    /// What is to be known, in any order; nothing if all is well.
    pub facts: Vec<Fact>,
}

impl AccountState {
    /// Locked, with a password that is too new to be changed.
    pub fn sample() -> Self {
        const NOW: i64 = crate::pages::gallery::NOW;
        let locked = Fact::Locked {
            until: Some(NOW + 20 * 60_000),
        };
        Self {
            name: "Alice Müller".into(),
            facts: vec![Fact::TooYoungUntil(NOW + 2 * 86_400_000), locked],
        }
    }

    /// Whether only the helpdesk can let its owner in.
    pub(super) fn is_stopped(&self) -> bool {
        self.facts
            .iter()
            .any(|fact| matches!(fact, Fact::Protected | Fact::Disabled | Fact::Expired(_)))
    }

    /// Whether the account is locked now.
    pub(super) fn is_locked(&self) -> bool {
        self.facts.iter().any(|fact| matches!(fact, Fact::Locked { .. }))
    }
}

/// One notice for each thing that is to be known, the gravest first.
pub(super) fn notices(frame: &Frame<'_>, state: &AccountState) -> Markup {
    let mut facts = state.facts.clone();
    facts.sort_unstable();
    let is_well = facts.iter().all(|fact| matches!(fact, Fact::PasswordExpires(_)));
    html! {
        ul.notice-list {
            @if is_well { li { (notice(Kind::Good, &html! { p { (frame.words.get("state-fine")) } })) } }
            @for fact in facts { li { (remark(frame, fact)) } }
        }
    }
}

fn remark(frame: &Frame<'_>, fact: Fact) -> Markup {
    let words = frame.words;
    let say = |kind, key| notice(kind, &html! { p { (words.get(key)) } });
    let say_when = |kind, key, name, at| {
        notice(
            kind,
            &html! { p { (words.timed(key, name, at, frame.calendar)) } },
        )
    };
    match fact {
        Fact::Protected => say(Kind::Stop, "state-protected"),
        Fact::Disabled => say(Kind::Stop, "state-disabled"),
        Fact::Expired(at) => say_when(Kind::Stop, "state-expired", "at", at),
        Fact::Locked { until } => notice(Kind::Warning, &locked(frame, until)),
        Fact::MustChange => say(Kind::Warning, "state-must-change"),
        Fact::PasswordExpired => say(Kind::Warning, "state-password-expired"),
        Fact::TooYoungUntil(until) => say_when(Kind::Info, "state-too-young", "until", until),
        Fact::PasswordExpires(at) => say_when(Kind::Info, "state-password-expires", "at", at),
    }
}

fn locked(frame: &Frame<'_>, until: Option<i64>) -> Markup {
    let words = frame.words;
    html! {
        p {
            strong {
                @match until {
                    Some(until) => (words.timed("state-locked-until", "until", until, frame.calendar)),
                    None => (words.get("state-locked")),
                }
            }
        }
        p { (words.get("state-locked-why")) }
    }
}
