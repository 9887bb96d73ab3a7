//! What a directory answers when all went well.

use domain::Account;
use domain::password::PasswordPolicy;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;

/// What is done together with a reset, in the same write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// Remove the lock too.
    pub unlock: bool,
}

/// All that is known about an account before something is done to it, read at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The account.
    pub account: Account,
    /// The password policy that applies to it.
    pub policy: PasswordPolicy,
    /// What tells later whether a write was done.
    pub evidence: Evidence,
}

/// A write was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The controller that took it; the others learn it by replication.
    pub controller: String,
}

/// What a sign-in with a password showed. Only who knows the password learns more than wrong or locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is right, and signs in.
    Right,
    /// It is right and must be changed at the next sign-in (773).
    RightMustChange,
    /// It is right and has expired (532).
    RightExpired,
    /// It is right, and the account is switched off (533).
    Disabled,
    /// It is right, and the account has ended (701).
    AccountExpired,
    /// It is right, but not at this hour (530) or from this host (531).
    NotHereOrNow,
    /// It is wrong.
    Wrong,
    /// The account is locked: right or wrong, nobody is told (775).
    Locked,
}

impl PasswordCheck {
    /// Whether it proves who one is: right for an account that a person may use. Must-change and expired
    /// passwords count, because their owners are the ones who come to recover.
    pub fn proves(self) -> bool {
        matches!(self, Self::Right | Self::RightMustChange | Self::RightExpired)
    }
}

/// One thing that a directory needs, and whether it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckLine {
    /// What was tried.
    pub what: String,
    /// The host or file that it was tried at.
    #[serde(rename = "where")]
    pub where_: String,
    /// The TCP port, if one was dialled.
    pub port: Option<u16>,
    /// What was found, or what is wrong.
    pub result: Result<String, String>,
    /// What an administrator does about it, if something is wrong.
    pub remedy: Option<String>,
}

impl CheckLine {
    /// Whether it is as it must be.
    pub fn is_fine(&self) -> bool {
        self.result.is_ok()
    }
}
