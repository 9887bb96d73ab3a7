//! What is the matter with an account, in plain words. Shown only after all proofs.

use maud::{Markup, html};
use ui::notice::{Kind, notice};

use super::Frame;

/// The state of an account. Moments are milliseconds since the Unix epoch.
#[derive(Clone, Debug, Default)]
pub struct AccountState {
    /// Whom to greet: the display name, or the account name.
    pub name: String,
    /// Switched off by an administrator.
    pub disabled: bool,
    /// Locked now.
    pub locked: bool,
    /// When the lock opens by itself.
    pub locked_until: Option<i64>,
    /// Wrong passwords keep coming in.
    pub attacked: bool,
    /// The account ended then.
    pub expired: Option<i64>,
    /// The password has expired.
    pub password_expired: bool,
    /// The password must be changed at the next sign-in.
    pub must_change: bool,
    /// The owner may not change the password before then.
    pub too_young_until: Option<i64>,
    /// When the password expires.
    pub password_expires: Option<i64>,
    /// Self-service may not touch it.
    pub protected: bool,
}

impl AccountState {
    /// Locked, with a password that is too new to be changed.
    pub fn sample() -> Self {
        Self {
            name: "Alice Müller".into(),
            locked: true,
            locked_until: Some(super::gallery::NOW + 20 * 60_000),
            too_young_until: Some(super::gallery::NOW + 2 * 86_400_000),
            ..Self::default()
        }
    }
}

/// One notice for each thing that is to be known, the gravest first.
pub(super) fn notices(frame: &Frame<'_>, state: &AccountState) -> Markup {
    let remarks = remarks(frame, state);
    html! {
        @match remarks.as_slice() {
            [] => (notice(Kind::Good, &html! { p { (frame.words.get("state-fine")) } })),
            remarks => ul.notice-list { @for (kind, text) in remarks { li { (notice(*kind, text)) } } },
        }
        @if let Some(at) = state.password_expires {
            p.soft { (frame.words.timed("state-password-expires", "at", at, frame.calendar)) }
        }
    }
}

fn remarks(frame: &Frame<'_>, state: &AccountState) -> Vec<(Kind, Markup)> {
    let words = frame.words;
    let say = |key: &str| html! { p { (words.get(key)) } };
    let mut remarks = Vec::new();
    if state.protected {
        remarks.push((Kind::Stop, say("state-protected")));
    }
    if state.disabled {
        remarks.push((Kind::Stop, say("state-disabled")));
    }
    if let Some(at) = state.expired {
        remarks.push((
            Kind::Stop,
            html! { p { (words.timed("state-expired", "at", at, frame.calendar)) } },
        ));
    }
    if state.locked {
        remarks.push((Kind::Warning, locked(frame, state.locked_until)));
    }
    if state.attacked {
        remarks.push((Kind::Warning, say("state-attacked")));
    }
    if state.must_change {
        remarks.push((Kind::Warning, say("state-must-change")));
    } else if state.password_expired {
        remarks.push((Kind::Warning, say("state-password-expired")));
    }
    if let Some(until) = state.too_young_until {
        remarks.push((
            Kind::Info,
            html! { p { (words.timed("state-too-young", "until", until, frame.calendar)) } },
        ));
    }
    remarks
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
