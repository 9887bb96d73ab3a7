//! Letters about one-time messages: where one is, and what became of it.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use ui::{Calendar, Words, mail as words};

use super::House;
use super::letter::Secret;
use crate::store::Id;

/// Where a message can be opened.
#[derive(Clone, Serialize, Deserialize)]
pub struct MessageLink {
    /// The message.
    pub message: Id,
    /// Its link.
    pub link: Secret,
    /// Until when it can be opened.
    pub until: Timestamp,
    /// How often.
    pub readings: u32,
    /// Whether a passphrase is needed, which no letter says.
    pub with_passphrase: bool,
}

/// What became of a message, for its sender. Not `Debug`: it names people.
#[derive(Clone, Serialize, Deserialize)]
pub struct MessageNews {
    /// What happened.
    pub event: MessageEvent,
    /// When.
    pub at: Timestamp,
    /// The reader's address, where there was a reader.
    pub place: Option<String>,
    /// The message's id, as in its link.
    pub message: String,
    /// For whom it was.
    pub recipient: Option<String>,
    /// Why it was sent.
    pub reason: Option<String>,
}

/// What the sender of a one-time message is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageEvent {
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

impl MessageLink {
    pub(super) fn text(&self, house: &House, in_language: &Words, calendar: &Calendar) -> words::Text {
        let message = words::MessageLink {
            organisation: &house.organisation,
            link: self.link.expose(),
            until_ms: self.until.0,
            readings: self.readings,
            with_passphrase: self.with_passphrase,
            helpdesk: &house.helpdesk,
        };
        words::message_link(in_language, calendar, &message)
    }
}

impl MessageNews {
    pub(super) fn text(&self, house: &House, in_language: &Words, calendar: &Calendar) -> words::Text {
        let news = words::MessageNews {
            organisation: &house.organisation,
            news: self.event.into(),
            at_ms: self.at.0,
            place: self.place.as_deref(),
            message: &self.message,
            recipient: self.recipient.as_deref(),
            reason: self.reason.as_deref(),
        };
        words::message_news(in_language, calendar, &news)
    }
}

impl From<MessageEvent> for words::News {
    fn from(event: MessageEvent) -> Self {
        match event {
            MessageEvent::Opened => Self::Opened,
            MessageEvent::OpenedBeyond => Self::OpenedBeyond,
            MessageEvent::Locked => Self::Locked,
            MessageEvent::Expired => Self::Expired,
            MessageEvent::Lost => Self::Lost,
            MessageEvent::NotSent => Self::NotSent,
            MessageEvent::NotMailed => Self::NotMailed,
            MessageEvent::Arrived => Self::Arrived,
            MessageEvent::DropLost => Self::DropLost,
        }
    }
}
