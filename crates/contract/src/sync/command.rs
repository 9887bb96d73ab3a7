//! Commands: what is to be done to a message that is on a site.

use serde::{Deserialize, Serialize};

use super::{Ended, Token};

/// Something to be done to a message. Repeated under its id it does nothing more and is answered the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The command's own id.
    pub id: Token,
    /// The message.
    pub message: Token,
    /// What.
    pub order: Order,
}

/// What can be done to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// End it.
    Revoke,
    /// Let it end at another time, in milliseconds since the Unix epoch.
    Extend {
        /// The new end.
        expires_at: i64,
    },
    /// Bear wrong passphrases again, as many as at first. Once.
    Unlock,
    /// End a locked one.
    Destroy,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Commanded {
    /// It was done, now or at the first time.
    Done,
    /// The message has ended already.
    Ended(Ended),
    /// No such message is here.
    Unknown,
    /// It does not fit the message's state: to unlock what is not locked, or a second time.
    Unfitting,
}
