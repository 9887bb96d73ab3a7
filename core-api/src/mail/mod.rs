//! Mail on its way out: an SMTP server, or a folder of `.eml` files for the demo.
//!
//! Nothing here decides who is told what: use cases queue a [`Letter`](letter::Letter), the outbox worker hands
//! it to the [`Mailer`], which finds the words, builds the message and gives it to the transport.

mod about_message;
pub mod address;
mod file;
pub mod letter;
mod message;
mod smtp;

use async_trait::async_trait;
use domain::Timestamp;
use jiff::tz::TimeZone;
use lettre::Message;
use lettre::message::Mailbox;

use self::letter::Letter;
use crate::config::{MailSettings, Transport as Way};
use crate::store::Id;

/// A way for messages to leave.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Hands over one message. When this answers `Ok`, whoever took it is responsible for it.
    async fn hand_over(&self, message: &Message) -> Result<(), Fault>;
}

/// Why a message did not leave. What it carries is for the operator's log and names nobody: a mail server's
/// own words may hold the address, so only its code is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is not the message's fault, or not for good: the same message may leave later.
    TryAgain(String),
    /// This message will never be taken.
    GiveUp(String),
}

/// Why there is no mailer.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The sender is no address.
    #[error("mail.from is not an address")]
    From,
    /// The certificates to trust cannot be used.
    #[error("the mail server's authority cannot be used: {0}")]
    Trust(String),
    /// The folder for messages cannot be made.
    #[error("{path}: {source}", path = .path.display())]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// Turns letters into messages and hands them over.
pub struct Mailer {
    transport: Box<dyn Transport>,
    from: Mailbox,
    house: House,
}

/// What every letter says about where it comes from.
#[derive(Debug, Clone)]
pub struct House {
    /// The organisation's name.
    pub organisation: String,
    /// How to reach the helpdesk, in one line.
    pub helpdesk: String,
    /// The zone that clock times are told in.
    pub zone: TimeZone,
}

impl Mailer {
    /// A mailer as configured. Needs the process-wide TLS provider to be installed.
    ///
    /// # Errors
    /// When the sender, the trusted authority or the folder cannot be used.
    pub fn new(settings: &MailSettings, house: House) -> Result<Self, MailerError> {
        let transport: Box<dyn Transport> = match &settings.transport {
            Way::Smtp {
                host,
                port,
                tls,
                login,
                ca_pem,
            } => Box::new(smtp::Smtp::new(
                host,
                *port,
                *tls,
                login.as_ref(),
                ca_pem.as_deref(),
            )?),
            Way::File { directory } => Box::new(file::Folder::new(directory)?),
        };
        Self::over(transport, &settings.from, house)
    }

    /// A mailer over any transport.
    ///
    /// # Errors
    /// When the sender is no address.
    pub fn over(transport: Box<dyn Transport>, from: &str, house: House) -> Result<Self, MailerError> {
        // A line break in the name would panic in the library, at the first message.
        if from.contains(char::is_control) {
            return Err(MailerError::From);
        }
        Ok(Self {
            transport,
            from: from.parse().map_err(|_| MailerError::From)?,
            house,
        })
    }

    /// Hands over one letter. The message's id follows from the outbox's, so that a repeat after a lost answer is
    /// the same message for whoever sorts out doubles.
    ///
    /// # Errors
    /// When it did not leave.
    pub async fn deliver(&self, id: &Id, letter: &Letter, now: Timestamp) -> Result<(), Fault> {
        let text = letter.text(&self.house, now);
        let message = message::build(id, &self.from, &letter.to, &text, now)?;
        self.transport.hand_over(&message).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    #[async_trait]
    impl Transport for Nowhere {
        async fn hand_over(&self, _: &Message) -> Result<(), Fault> {
            Ok(())
        }
    }

    #[test]
    fn a_sender_with_a_line_break_is_refused_at_the_start() {
        let house = || House {
            organisation: String::new(),
            helpdesk: String::new(),
            zone: TimeZone::UTC,
        };
        assert!(Mailer::over(Box::new(Nowhere), "Corp <reset@corp.example>", house()).is_ok());
        for bad in [
            "",
            "Corp",
            "\"Corp\r\nBcc: mallory@evil.example\" <reset@corp.example>",
            "Corp\n <reset@corp.example>",
            "Corp <reset@corp.example>\r\nBcc: mallory@evil.example",
        ] {
            assert!(Mailer::over(Box::new(Nowhere), bad, house()).is_err(), "{bad:?}");
        }
    }
}
