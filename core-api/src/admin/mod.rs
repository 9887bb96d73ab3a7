//! Commands to a running core, over a Unix socket in its data directory.
//!
//! One line of JSON asks, one answers, and the connection ends. Behind a line that says so a body of bytes follows: a
//! ciphertext or a chain on its way in, what was in a drop box on its way out. Who may connect is decided twice: the socket's mode
//! lets nobody else's process in, and the kernel says whose process it is.

mod client;
mod handle;
mod listen;
mod messages;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::pairing::{Pairing, PairingAnswer};
use contract::sync::LONGEST_CHAIN;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use self::client::{AskError, ask, ask_about, ask_about_with, ask_with_body};
pub use self::listen::{AdminSocket, may_command};
pub use self::messages::{MessageAnswer, MessageRequest};
use crate::usecase::audit::export::Exported;
use crate::usecase::site::certificate;
use crate::usecase::site::list::Shown;

/// The longest line that is read, in bytes. Answers with audit records are the longest.
const LONGEST: usize = 4 * 1024 * 1024;

/// The longest body behind a line, in bytes: a message of ten mebibytes, sealed and padded.
const LONGEST_BODY: u64 = 12 * 1024 * 1024;

/// Within which a command must have arrived and been answered; the directory may be asked in between.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// Make an invitation.
    Invite {
        /// Whom.
        identifier: String,
        /// For how long; the configuration's default if absent.
        days: Option<u16>,
    },
    /// Allow self-service of an account again.
    Unfreeze {
        /// Whose.
        identifier: String,
    },
    /// Pause a portal.
    Pause {
        /// The name in its certificate, or `*` for all.
        portal: String,
        /// Why, for whoever resumes it.
        why: String,
    },
    /// Let a portal serve again.
    Resume {
        /// The name in its certificate, or `*` for all.
        portal: String,
    },
    /// Some records of the audit.
    Audit {
        /// Those after this one.
        after: u64,
        /// Whether the reading begins with them, which is written down.
        begins: bool,
    },
    /// Make the file that pairs a site.
    SitePair {
        /// Which.
        site: String,
    },
    /// Take a site's answer to it.
    SiteAnswer {
        /// Which.
        site: String,
        /// What it answered.
        answer: PairingAnswer,
    },
    /// How the sites are.
    SiteList,
    /// An operator has looked at a site's alarms.
    SiteAcknowledge {
        /// Which.
        site: String,
    },
    /// End a site for good.
    SiteRetire {
        /// Which.
        site: String,
    },
    /// Begin a new epoch at a site.
    SiteReKey {
        /// Which.
        site: String,
    },
    /// Which public certificate a site has in use.
    SiteCertificate {
        /// Which.
        site: String,
    },
    /// Have a site ask for a new public certificate.
    SiteCertificateRequest {
        /// Which.
        site: String,
    },
    /// Bring the chain behind this line to a site.
    SiteCertificateChain {
        /// Which.
        site: String,
        /// How long the chain is, in bytes.
        size: usize,
    },
    /// Something about one-time messages.
    Message {
        /// What.
        about: MessageRequest,
    },
}

/// What is answered. Not `Debug`: it may hold a code.
#[derive(Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// An invitation was made.
    Invited {
        /// The code, shown once.
        code: String,
        /// The account's name in the directory.
        name: String,
        /// When it ends, in milliseconds since the Unix epoch.
        until: i64,
    },
    /// It was done.
    Done {
        /// What, in words.
        what: String,
    },
    /// Records of the audit; none when there are no more.
    Audit {
        /// In order.
        records: Vec<Exported>,
    },
    /// The file that pairs a site.
    Pairing {
        /// What stands in it, with its secret.
        pairing: Pairing,
    },
    /// How the sites are.
    Sites {
        /// One after the other.
        sites: Vec<Shown>,
    },
    /// A site's public certificate.
    SiteCertificate {
        /// As the site tells.
        in_use: certificate::Shown,
    },
    /// A site's signing request.
    SigningRequest {
        /// PEM.
        request: String,
    },
    /// Something about one-time messages.
    Message {
        /// What.
        told: MessageAnswer,
    },
    /// It was not done.
    Refused {
        /// Why, in words for an administrator.
        why: String,
    },
}

/// An answer and the bytes behind its line.
struct Response {
    answer: Answer,
    body: Zeroizing<Vec<u8>>,
}

impl Response {
    fn of(answer: Answer) -> Self {
        Self {
            answer,
            body: Zeroizing::default(),
        }
    }
}

impl Request {
    /// How many bytes follow the line.
    fn body(&self) -> u64 {
        match self {
            Self::Message { about } => about.body(),
            Self::SiteCertificateChain { size, .. } => u64::try_from(*size).unwrap_or(u64::MAX),
            _ => 0,
        }
    }

    /// Why so much does not follow; `None` if it may.
    fn too_long(&self) -> Option<&'static str> {
        let (most, why) = match self {
            Self::SiteCertificateChain { .. } => (LONGEST_CHAIN as u64, "the chain is too long"),
            _ => (LONGEST_BODY, "text and files together are larger than 10 MiB"),
        };
        (self.body() > most).then_some(why)
    }
}

impl Answer {
    /// How many bytes follow the line.
    fn body(&self) -> usize {
        match self {
            Self::Message {
                told: MessageAnswer::Opened { text, files },
            } => files
                .iter()
                .fold(*text, |sum, (_, size)| sum.saturating_add(*size)),
            _ => 0,
        }
    }
}

/// Where the socket of a core stands.
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}
