//! What happened to an account, told to every address on file.

use super::{Text, one_line};
use crate::times::Calendar;
use crate::words::Words;

/// What every address on file is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new password was set without the old one.
    Reset,
    /// The password was changed.
    Changed,
    /// The account was unlocked.
    Unlocked,
    /// The directory was asked to act and nobody knows the outcome.
    Unknown,
    /// A way to recover was added.
    FactorAdded,
    /// A way to recover was taken away.
    FactorRemoved,
}

/// A notice to every address on file.
pub struct Notice<'a> {
    /// The organisation whose account it is.
    pub organisation: &'a str,
    /// What happened.
    pub event: Event,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Roughly where the request came from.
    pub place: &'a str,
    /// The address of the page that says "this was not me", with the token in its fragment.
    pub not_me: &'a str,
    /// How to reach the helpdesk, in one line.
    pub helpdesk: &'a str,
}

/// The mail that tells of an event, with the way to say that it was somebody else.
pub fn notice(words: &Words, calendar: &Calendar, notice: &Notice<'_>) -> Text {
    let (subject, what) = match notice.event {
        Event::Reset => ("mail-reset-subject", "mail-reset-what"),
        Event::Changed => ("mail-changed-subject", "mail-changed-what"),
        Event::Unlocked => ("mail-unlocked-subject", "mail-unlocked-what"),
        Event::Unknown => ("mail-unknown-subject", "mail-unknown-what"),
        Event::FactorAdded => ("mail-factor-added-subject", "mail-factor-added-what"),
        Event::FactorRemoved => ("mail-factor-removed-subject", "mail-factor-removed-what"),
    };
    let organisation = ("organisation", notice.organisation.into());
    let values = [
        (
            "what",
            words.with(what, std::slice::from_ref(&organisation)).into(),
        ),
        ("time", words.full_time_text(notice.at_ms, calendar).into()),
        ("place", notice.place.into()),
        ("link", notice.not_me.into()),
        ("helpdesk", notice.helpdesk.into()),
        organisation.clone(),
    ];
    Text {
        subject: one_line(&words.with(subject, &[organisation])),
        body: words.with("mail-notice-body", &values),
    }
}

/// The news that self-service of an account was stopped.
pub struct Frozen<'a> {
    /// The organisation whose account it is.
    pub organisation: &'a str,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// How to reach the helpdesk, in one line.
    pub helpdesk: &'a str,
}

/// The mail that tells every address that somebody said "this was not me". It has no link: what stops here is
/// allowed again by the helpdesk only.
pub fn frozen(words: &Words, calendar: &Calendar, frozen: &Frozen<'_>) -> Text {
    let values = [
        ("organisation", frozen.organisation.into()),
        ("time", words.full_time_text(frozen.at_ms, calendar).into()),
        ("helpdesk", frozen.helpdesk.into()),
    ];
    Text {
        subject: one_line(&words.with("mail-frozen-subject", &values[..1])),
        body: words.with("mail-frozen-body", &values),
    }
}
