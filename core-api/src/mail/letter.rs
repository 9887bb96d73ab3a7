//! A letter as it waits in the outbox: to whom, in which language, about what. Its words are found when it leaves.

use std::fmt;

use domain::Timestamp;
use domain::policy::Purpose;
use serde::{Deserialize, Serialize};
use ui::{Calendar, Lang, Words, mail as words};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::House;
pub use super::about_message::{MessageEvent, MessageLink, MessageNews};
use crate::store::audit::Across;

/// A mail to one person.
#[derive(Clone, Serialize, Deserialize)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The language, as a tag.
    pub language: String,
    /// What it says.
    pub content: Content,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(..)")
    }
}

/// What a letter says.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum Content {
    /// A code.
    Code {
        /// What it is for.
        purpose: CodePurpose,
        /// The code.
        code: Secret,
        /// When it was asked for.
        asked: Timestamp,
        /// Until when it is good.
        until: Timestamp,
        /// Roughly where the request came from.
        place: String,
    },
    /// Something happened to the account.
    Notice {
        /// What.
        event: NoticeEvent,
        /// When.
        at: Timestamp,
        /// Roughly where the request came from.
        place: String,
        /// The address of the page that says "this was not me".
        not_me: Secret,
    },
    /// Self-service of the account was stopped by such a link.
    Frozen {
        /// When.
        at: Timestamp,
    },
    /// Proofs failed at many accounts. Goes to the operators.
    Sprayed {
        /// What was added up.
        across: Across,
        /// The network or the portal; nothing for everything.
        whose: String,
        /// At how many accounts within the hour.
        accounts: u32,
        /// When the limit was reached.
        at: Timestamp,
    },
    /// Something is wrong with a site. Goes to the operators.
    SiteAlarm(SiteAlarm),
    /// An invitation to set up recovery.
    Invitation {
        /// The name of the account.
        account: String,
        /// The code.
        code: Secret,
        /// The address of the portal's page for it.
        page: String,
        /// Until when it is good.
        until: Timestamp,
    },
    /// A one-time message is there to be opened.
    MessageLink(MessageLink),
    /// Something became of a one-time message, for its sender.
    MessageNews(MessageNews),
}

/// Something is wrong with a site of one-time messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteAlarm {
    /// The site.
    pub site: String,
    /// What is wrong, in one word.
    pub what: String,
    /// What an operator has to know, and to do.
    pub sentence: String,
    /// The message or page that it is about, if it is about one.
    pub subject: Option<String>,
    /// Since when.
    pub at: Timestamp,
}

impl SiteAlarm {
    fn text(&self, house: &House, in_language: &Words, calendar: &Calendar) -> words::Text {
        let alarm = words::SiteAlarm {
            organisation: &house.organisation,
            site: &self.site,
            what: &self.what,
            sentence: &self.sentence,
            about: self.subject.as_deref(),
            at_ms: self.at.0,
        };
        words::site_alarm(in_language, calendar, &alarm)
    }
}

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodePurpose {
    /// A proof in a recovery with this purpose.
    Recovery(Purpose),
    /// Confirming a new mailbox.
    Confirm,
}

/// What everybody on file is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeEvent {
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

/// A code or link within a letter: wiped when dropped, printed by nobody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes it over.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Letter {
    /// A lasting word for logs, metrics and audit.
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Code { .. } => "code",
            Content::Notice { .. } => "notice",
            Content::Frozen { .. } => "frozen",
            Content::Sprayed { .. } | Content::SiteAlarm(_) => "alarm",
            Content::Invitation { .. } => "invitation",
            Content::MessageLink(_) => "message-link",
            Content::MessageNews(_) => "message-news",
        }
    }

    /// Whether somebody waits for the code in it.
    pub(crate) fn is_code(&self) -> bool {
        matches!(self.content, Content::Code { .. })
    }

    /// Its words, as of now.
    pub(super) fn text(&self, house: &House, now: Timestamp) -> words::Text {
        let in_language = Words::of(Lang::from_tag(&self.language).unwrap_or(Lang::En));
        let calendar = Calendar {
            now_ms: now.0,
            zone: house.zone.clone(),
        };
        let (organisation, helpdesk) = (house.organisation.as_str(), house.helpdesk.as_str());
        match &self.content {
            Content::Code {
                purpose,
                code,
                asked,
                until,
                place,
            } => {
                let code = words::Code {
                    organisation,
                    purpose: (*purpose).into(),
                    code: code.expose(),
                    asked_ms: asked.0,
                    until_ms: until.0,
                    place,
                };
                words::code(in_language, &calendar, &code)
            }
            Content::Notice {
                event,
                at,
                place,
                not_me,
            } => {
                let notice = words::Notice {
                    organisation,
                    event: (*event).into(),
                    at_ms: at.0,
                    place,
                    not_me: not_me.expose(),
                    helpdesk,
                };
                words::notice(in_language, &calendar, &notice)
            }
            Content::Frozen { at } => words::frozen(
                in_language,
                &calendar,
                &words::Frozen {
                    organisation,
                    at_ms: at.0,
                    helpdesk,
                },
            ),
            Content::Sprayed {
                across,
                whose,
                accounts,
                at,
            } => {
                let sprayed = words::Sprayed {
                    organisation,
                    across: (*across).into(),
                    whose,
                    accounts: *accounts,
                    at_ms: at.0,
                };
                words::sprayed(in_language, &calendar, &sprayed)
            }
            Content::Invitation {
                account,
                code,
                page,
                until,
            } => {
                let invitation = words::Invitation {
                    organisation,
                    account,
                    code: code.expose(),
                    page,
                    until_ms: until.0,
                    helpdesk,
                };
                words::invitation(in_language, &calendar, &invitation)
            }
            Content::SiteAlarm(alarm) => alarm.text(house, in_language, &calendar),
            Content::MessageLink(link) => link.text(house, in_language, &calendar),
            Content::MessageNews(news) => news.text(house, in_language, &calendar),
        }
    }
}

impl From<CodePurpose> for words::Purpose {
    fn from(purpose: CodePurpose) -> Self {
        match purpose {
            CodePurpose::Recovery(Purpose::Reset) => Self::Reset,
            CodePurpose::Recovery(Purpose::Unlock) => Self::Unlock,
            CodePurpose::Recovery(Purpose::Change) => Self::Change,
            CodePurpose::Recovery(Purpose::Enrol) => Self::Enrol,
            CodePurpose::Confirm => Self::Confirm,
        }
    }
}

impl From<Across> for words::Across {
    fn from(across: Across) -> Self {
        match across {
            Across::Network => Self::Network,
            Across::All => Self::All,
            Across::Portal => Self::Portal,
        }
    }
}

impl From<NoticeEvent> for words::Event {
    fn from(event: NoticeEvent) -> Self {
        match event {
            NoticeEvent::Reset => Self::Reset,
            NoticeEvent::Changed => Self::Changed,
            NoticeEvent::Unlocked => Self::Unlocked,
            NoticeEvent::Unknown => Self::Unknown,
            NoticeEvent::FactorAdded => Self::FactorAdded,
            NoticeEvent::FactorRemoved => Self::FactorRemoved,
        }
    }
}
