//! The texts of the mails: subject and body, in the person's language, as plain text.
//!
//! They stand here because their words do. Who sends them, and when, is decided elsewhere. A code is never in
//! the subject, where a locked phone would show it.

mod code;
mod invitation;
mod message;
mod notice;
mod operators;
#[cfg(test)]
mod tests;

pub use code::{Code, Purpose, code};
pub use invitation::{Invitation, invitation};
pub use message::{MessageLink, MessageNews, News, message_link, message_news};
pub use notice::{Event, Frozen, Notice, frozen, notice};
pub use operators::{Across, SiteAlarm, Sprayed, site_alarm, sprayed};

/// A mail's text.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The subject line, without line breaks.
    pub subject: String,
    /// The body, lines separated by `\n`.
    pub body: String,
}

/// A subject must not become a second header, whatever the configuration says the organisation is called.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
