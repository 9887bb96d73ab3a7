//! One-time messages: the link for the recipient, the news for the sender.

use super::{Text, one_line};
use crate::times::Calendar;
use crate::words::Words;

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
