//! The texts of the mails: subject and body, in the person's language, as plain text.
//!
//! They stand here because their words do. Who sends them, and when, is decided elsewhere. A code is never in
//! the subject, where a locked phone would show it.

use crate::times::Calendar;
use crate::words::Words;

/// A mail's text.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The subject line, without line breaks.
    pub subject: String,
    /// The body, lines separated by `\n`.
    pub body: String,
}

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

/// A link to a one-time message by mail.
pub struct MessageLink<'a> {
    /// The organisation that sends it.
    pub organisation: &'a str,
    /// The link.
    pub link: &'a str,
    /// Until when it can be opened, in milliseconds since the Unix epoch.
    pub until_ms: i64,
    /// How often it can be opened.
    pub readings: u32,
    /// Whether a passphrase is needed. It is never in the mail.
    pub with_passphrase: bool,
    /// How to reach the helpdesk, in one line.
    pub helpdesk: &'a str,
}

/// The mail with the link to a one-time message. What the message is about is not in it.
pub fn message_link(words: &Words, calendar: &Calendar, message: &MessageLink<'_>) -> Text {
    let key = words.get(if message.with_passphrase {
        "mail-message-passphrase"
    } else {
        "mail-message-link-only"
    });
    let values = [
        ("organisation", message.organisation.into()),
        ("link", message.link.into()),
        ("readings", message.readings.into()),
        ("until", words.full_time_text(message.until_ms, calendar).into()),
        ("key", key.into()),
        ("helpdesk", message.helpdesk.into()),
    ];
    Text {
        subject: one_line(&words.with("mail-message-subject", &values[..1])),
        body: words.with("mail-message-body", &values),
    }
}

/// What the sender of a one-time message is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It was opened.
    Opened,
    /// It was opened though it should not have been.
    OpenedBeyond,
    /// Too many wrong passphrases.
    Locked,
    /// Its time was over before anybody opened it.
    Expired,
    /// The site lost it.
    Lost,
    /// It never got to the site.
    NotSent,
    /// The mail with its link could not be delivered.
    NotMailed,
    /// Something came in by a drop box.
    Arrived,
    /// What may have come in by a drop box was lost or damaged.
    DropLost,
}

/// News of a one-time message, for its sender.
pub struct MessageNews<'a> {
    /// The organisation.
    pub organisation: &'a str,
    /// What happened.
    pub news: News,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The reader's address, where there was a reader.
    pub place: Option<&'a str>,
    /// The message's id.
    pub message: &'a str,
    /// For whom it was, where the core mailed it.
    pub recipient: Option<&'a str>,
    /// Why it was sent.
    pub reason: Option<&'a str>,
}

/// The mail that tells a sender what became of a message.
pub fn message_news(words: &Words, calendar: &Calendar, news: &MessageNews<'_>) -> Text {
    let (subject, what) = match news.news {
        News::Opened => ("mail-news-opened-subject", "mail-news-opened-what"),
        News::OpenedBeyond => ("mail-news-beyond-subject", "mail-news-beyond-what"),
        News::Locked => ("mail-news-locked-subject", "mail-news-locked-what"),
        News::Expired => ("mail-news-expired-subject", "mail-news-expired-what"),
        News::Lost => ("mail-news-lost-subject", "mail-news-lost-what"),
        News::NotSent => ("mail-news-not-sent-subject", "mail-news-not-sent-what"),
        News::NotMailed => ("mail-news-not-mailed-subject", "mail-news-not-mailed-what"),
        News::Arrived => ("mail-news-arrived-subject", "mail-news-arrived-what"),
        News::DropLost => ("mail-news-drop-lost-subject", "mail-news-drop-lost-what"),
    };
    // What somebody typed must not look like another line of the mail.
    let field = |text: Option<&str>| one_line(text.unwrap_or("–"));
    let organisation = ("organisation", news.organisation.into());
    let values = [
        ("what", words.get(what).into()),
        ("time", words.full_time_text(news.at_ms, calendar).into()),
        ("place", field(news.place).into()),
        ("message", news.message.into()),
        ("recipient", field(news.recipient).into()),
        ("reason", field(news.reason).into()),
        organisation.clone(),
    ];
    Text {
        subject: one_line(&words.with(subject, &[organisation])),
        body: words.with("mail-news-body", &values),
    }
}

/// A subject must not become a second header, whatever the configuration says the organisation is called.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lang;
    use jiff::tz::TimeZone;

    const NOON: i64 = 1_795_348_800_000;

    fn calendar() -> Calendar {
        Calendar {
            now_ms: NOON,
            zone: TimeZone::UTC,
        }
    }

    fn every_mail(lang: Lang) -> String {
        let (words, calendar) = (Words::of(lang), calendar());
        let purposes = [
            Purpose::Reset,
            Purpose::Unlock,
            Purpose::Change,
            Purpose::Enrol,
            Purpose::Confirm,
        ];
        let events = [
            Event::Reset,
            Event::Changed,
            Event::Unlocked,
            Event::Unknown,
            Event::FactorAdded,
            Event::FactorRemoved,
        ];
        let mut mails: Vec<Text> = purposes
            .into_iter()
            .map(|purpose| {
                let mail = Code {
                    organisation: "Example Corp",
                    purpose,
                    code: "1234 5678",
                    asked_ms: NOON,
                    until_ms: NOON + 600_000,
                    place: "203.0.113.0/24",
                };
                code(words, &calendar, &mail)
            })
            .collect();
        mails.extend(events.into_iter().map(|event| {
            let mail = Notice {
                organisation: "Example Corp",
                event,
                at_ms: NOON,
                place: "203.0.113.0/24",
                not_me: "https://reset.corp.example/not-me#token",
                helpdesk: "+49 30 1234567",
            };
            notice(words, &calendar, &mail)
        }));
        mails.extend(what_is_wrong(words, &calendar));
        mails.push(invitation(
            words,
            &calendar,
            &Invitation {
                organisation: "Example Corp",
                account: "alice",
                code: "ABCD-EFGH-JKMN-PQRS",
                page: "https://reset.corp.example/enrol",
                until_ms: NOON + 86_400_000,
                helpdesk: "+49 30 1234567",
            },
        ));
        for (readings, with_passphrase) in [(1, true), (3, false)] {
            let mail = MessageLink {
                organisation: "Example Corp",
                link: "https://secret.corp.example/m/AAAAAAAAAAAAAAAAAAAAAA#link.p1",
                until_ms: NOON + 86_400_000,
                readings,
                with_passphrase,
                helpdesk: "+49 30 1234567",
            };
            mails.push(message_link(words, &calendar, &mail));
        }
        let news = [
            News::Opened,
            News::OpenedBeyond,
            News::Locked,
            News::Expired,
            News::Lost,
            News::NotSent,
            News::NotMailed,
            News::Arrived,
            News::DropLost,
        ];
        mails.extend(news.into_iter().map(|news| {
            let mail = MessageNews {
                organisation: "Example Corp",
                news,
                at_ms: NOON,
                place: matches!(news, News::Opened | News::OpenedBeyond | News::Locked)
                    .then_some("203.0.113.7"),
                message: "AAAAAAAAAAAAAAAAAAAAAA",
                recipient: Some("bob@home.example"),
                reason: Some("first password\r\nFrom: nowhere"),
            };
            message_news(words, &calendar, &mail)
        }));
        mails
            .iter()
            .map(|mail| format!("Subject: {}\n\n{}\n", mail.subject, mail.body))
            .collect::<Vec<_>>()
            .join("\n---\n\n")
    }

    fn what_is_wrong(words: &Words, calendar: &Calendar) -> [Text; 2] {
        let stopped = Frozen {
            organisation: "Example Corp",
            at_ms: NOON,
            helpdesk: "+49 30 1234567",
        };
        let alarm = SiteAlarm {
            organisation: "Example Corp",
            site: "dmz1",
            what: "stale",
            sentence: "no good answer came from the site",
            about: None,
            at_ms: NOON,
        };
        [
            frozen(words, calendar, &stopped),
            site_alarm(words, calendar, &alarm),
        ]
    }

    #[test]
    fn mails_read_well_in_both_languages() {
        insta::assert_snapshot!("mails-en", every_mail(Lang::En));
        insta::assert_snapshot!("mails-de", every_mail(Lang::De));
    }

    #[test]
    fn a_code_is_never_in_the_subject_and_a_subject_is_one_line() {
        let mail = Code {
            organisation: "Example\r\nBcc: x@example.com",
            purpose: Purpose::Reset,
            code: "12345678",
            asked_ms: NOON,
            until_ms: NOON,
            place: "here",
        };
        let text = code(Words::of(Lang::En), &calendar(), &mail);
        assert!(!text.subject.contains("12345678") && !text.subject.contains(['\r', '\n']));
        assert!(text.body.contains("12345678"));
    }
}
