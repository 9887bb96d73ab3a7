//! The mail with a code.

use super::{Text, one_line};
use crate::times::Calendar;
use crate::words::Words;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Setting a new password.
    Reset,
    /// Unlocking the account.
    Unlock,
    /// Changing the password.
    Change,
    /// Setting up recovery.
    Enrol,
    /// Confirming that this mailbox belongs to the person.
    Confirm,
}

/// A code by mail.
pub struct Code<'a> {
    /// The organisation whose account it is.
    pub organisation: &'a str,
    /// What it is for.
    pub purpose: Purpose,
    /// The code itself.
    pub code: &'a str,
    /// When it was asked for, in milliseconds since the Unix epoch.
    pub asked_ms: i64,
    /// Until when it is good, likewise.
    pub until_ms: i64,
    /// Roughly where the request came from, for example a network.
    pub place: &'a str,
}

/// The mail with a code.
pub fn code(words: &Words, calendar: &Calendar, code: &Code<'_>) -> Text {
    let purpose = words.get(match code.purpose {
        Purpose::Reset => "mail-purpose-reset",
        Purpose::Unlock => "mail-purpose-unlock",
        Purpose::Change => "mail-purpose-change",
        Purpose::Enrol => "mail-purpose-enrol",
        Purpose::Confirm => "mail-purpose-confirm",
    });
    let values = [
        ("organisation", code.organisation.into()),
        ("purpose", purpose.into()),
        ("code", code.code.into()),
        ("time", words.full_time_text(code.asked_ms, calendar).into()),
        ("until", words.full_time_text(code.until_ms, calendar).into()),
        ("place", code.place.into()),
    ];
    Text {
        subject: one_line(&words.with("mail-code-subject", &values[..2])),
        body: words.with("mail-code-body", &values),
    }
}
