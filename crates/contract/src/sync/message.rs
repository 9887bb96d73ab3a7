//! A message on a site: its rules, and its end.

use serde::{Deserialize, Serialize};

/// The rules of a message, which the core decides and may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_at: i64,
    /// How often it may be opened, at least once.
    pub readings: u32,
    /// After how many wrong passphrases it is locked, at least one.
    pub max_wrong: u32,
}

/// How a message ended, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// How.
    pub state: End,
    /// When, in milliseconds since the Unix epoch.
    pub at: i64,
}

/// The ends that a message can have on a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It was opened as often as it might be.
    Read,
    /// Its time was over.
    Expired,
    /// The core took it back.
    Revoked,
    /// It was destroyed after too many wrong passphrases, by its sender's wish.
    Destroyed,
}
