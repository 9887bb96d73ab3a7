//! What the operators are told: alarms.

use super::{Text, one_line};
use crate::times::Calendar;
use crate::words::Words;

/// Over what failures were added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Across {
    /// A network.
    Network,
    /// Everything.
    All,
    /// A portal, which is paused.
    Portal,
}

/// The alarm that proofs failed at many accounts.
pub struct Sprayed<'a> {
    /// The organisation whose accounts they are.
    pub organisation: &'a str,
    /// What was added up.
    pub across: Across,
    /// The network or the portal.
    pub whose: &'a str,
    /// At how many accounts within an hour.
    pub accounts: u32,
    /// When the limit was reached, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// The mail to the operators.
pub fn sprayed(words: &Words, calendar: &Calendar, sprayed: &Sprayed<'_>) -> Text {
    let values = [
        ("organisation", sprayed.organisation.into()),
        ("accounts", sprayed.accounts.into()),
        ("whose", sprayed.whose.into()),
        ("time", words.full_time_text(sprayed.at_ms, calendar).into()),
    ];
    let body = match sprayed.across {
        Across::Network => words.with("mail-sprayed-network", &values),
        Across::All => words.with(
            "mail-sprayed-all",
            &[values[0].clone(), values[1].clone(), values[3].clone()],
        ),
        Across::Portal => words.with("mail-sprayed-portal", &values),
    };
    Text {
        subject: one_line(&words.with("mail-sprayed-subject", &values[..2])),
        body,
    }
}

/// The alarm that something is wrong with a site of one-time messages.
pub struct SiteAlarm<'a> {
    /// The organisation.
    pub organisation: &'a str,
    /// The site.
    pub site: &'a str,
    /// What is wrong, in one word.
    pub what: &'a str,
    /// The same for people, with what to do. In English, like all that the core says to operators.
    pub sentence: &'a str,
    /// The message or page that it is about.
    pub about: Option<&'a str>,
    /// Since when, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// The mail to the operators.
pub fn site_alarm(words: &Words, calendar: &Calendar, alarm: &SiteAlarm<'_>) -> Text {
    let values = [
        ("organisation", alarm.organisation.into()),
        ("site", alarm.site.into()),
        ("what", alarm.what.into()),
        ("sentence", alarm.sentence.into()),
        ("about", alarm.about.unwrap_or("–").into()),
        ("time", words.full_time_text(alarm.at_ms, calendar).into()),
    ];
    Text {
        subject: one_line(&words.with("mail-site-alarm-subject", &values[..3])),
        body: words.with("mail-site-alarm-body", &values[1..]),
    }
}
