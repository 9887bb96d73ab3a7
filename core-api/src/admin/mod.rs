//! Commands to a running core, over a Unix socket in its data directory.
//!
//! One line of JSON asks, one answers, and the connection ends. Who may connect is decided twice: the socket's mode
//! lets nobody else's process in, and the kernel says whose process it is.

mod client;
mod handle;
mod listen;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::client::{AskError, ask};
pub use self::listen::{AdminSocket, may_command};
use crate::usecase::audit_export::Exported;

/// The longest line that is read, in bytes. Answers with audit records are the longest.
const LONGEST: usize = 4 * 1024 * 1024;

/// Within which a command must have arrived and been answered; the directory may be asked in between.
const DEADLINE: Duration = Duration::from_secs(20);

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
    /// It was not done.
    Refused {
        /// Why, in words for an administrator.
        why: String,
    },
}

/// Where the socket of a core stands.
pub fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}
