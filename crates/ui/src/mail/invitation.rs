//! The mail with an invitation to set up recovery.

use super::{Text, one_line};
use crate::times::Calendar;
use crate::words::Words;

/// An invitation by mail.
pub struct Invitation<'a> {
    /// The organisation whose account it is.
    pub organisation: &'a str,
    /// The name of the account.
    pub account: &'a str,
    /// The code.
    pub code: &'a str,
    /// The address of the portal's page for setting up recovery.
    pub page: &'a str,
    /// Until when it is good, in milliseconds since the Unix epoch.
    pub until_ms: i64,
    /// How to reach the helpdesk, in one line.
    pub helpdesk: &'a str,
}

/// The mail with an invitation.
pub fn invitation(words: &Words, calendar: &Calendar, invitation: &Invitation<'_>) -> Text {
    let values = [
        ("organisation", invitation.organisation.into()),
        ("account", invitation.account.into()),
        ("code", invitation.code.into()),
        ("page", invitation.page.into()),
        (
            "until",
            words.full_time_text(invitation.until_ms, calendar).into(),
        ),
        ("helpdesk", invitation.helpdesk.into()),
    ];
    Text {
        subject: one_line(&words.with("mail-invitation-subject", &values[..1])),
        body: words.with("mail-invitation-body", &values),
    }
}
