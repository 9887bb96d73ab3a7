//! Why a directory did not do what was asked.

use std::fmt;

use domain::Protection;

/// Why a directory did not do what was asked.
///
/// What it carries is for the operator's log and never holds a secret. `Display` is one and the same sentence
/// for all of them, so that nothing of the inside reaches a person without being mapped; use
/// [`for_operator`](Self::for_operator) in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryError {
    /// The account is gone.
    NotFound,
    /// More than one account answers to the identifier.
    Ambiguous,
    /// The account is not one that a recovery may touch.
    Protected(Protection),
    /// The account is there, and what has to be known about it may not be read or makes no sense. Asking again would
    /// find the same.
    Unreadable(String),
    /// The service account lacks a right: an administrator has to grant it.
    Forbidden(String),
    /// The directory does not take this password.
    Policy(PolicyRefusal),
    /// The current password is wrong.
    WrongPassword,
    /// The account is locked.
    Locked,
    /// The account is switched off.
    Disabled,
    /// The account has ended.
    Expired,
    /// The password has expired.
    PasswordExpired,
    /// The password must be changed first.
    MustChange,
    /// The directory refused the service account's own sign-in. It is not tried again, for that could lock it.
    ServiceCredentials(String),
    /// The directory cannot be reached. Nothing was sent.
    Unavailable(String),
    /// A write was sent and no answer came: whether it was done is told by [`Evidence`](crate::Evidence).
    OutcomeUnknown(String),
    /// The controller's certificate could not be verified.
    Tls(String),
    /// The configuration does not fit the directory.
    Misconfigured(String),
    /// The directory answered something that makes no sense to us.
    Protocol(String),
}

/// Why the directory did not take a password, as far as it says. For the log only: a real controller gives
/// one code for all of them, so people are told no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyRefusal {
    /// Empty, with a NUL, or above 256 UTF-16 units: refused by us before anything was sent.
    Malformed,
    /// Too short.
    TooShort,
    /// Not complex enough.
    Complexity,
    /// Used before.
    History,
    /// The present one is too young to be changed.
    TooYoung,
    /// It did not say.
    Unspecified,
}

impl DirectoryError {
    /// A lasting word for metrics and audit.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Ambiguous => "ambiguous",
            Self::Protected(_) => "protected",
            Self::Unreadable(_) => "unreadable",
            Self::Forbidden(_) => "forbidden",
            Self::Policy(_) => "policy",
            Self::WrongPassword => "wrong-password",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::PasswordExpired => "password-expired",
            Self::MustChange => "must-change",
            Self::ServiceCredentials(_) => "service-credentials",
            Self::Unavailable(_) => "unavailable",
            Self::OutcomeUnknown(_) => "outcome-unknown",
            Self::Tls(_) => "tls",
            Self::Misconfigured(_) => "misconfigured",
            Self::Protocol(_) => "protocol",
        }
    }

    /// What the log says: the word and what is known, without secrets.
    pub fn for_operator(&self) -> String {
        match self {
            Self::Protected(why) => format!("{}: {why:?}", self.word()),
            Self::Policy(why) => format!("{}: {why:?}", self.word()),
            Self::Unreadable(text)
            | Self::Forbidden(text)
            | Self::ServiceCredentials(text)
            | Self::Unavailable(text)
            | Self::OutcomeUnknown(text)
            | Self::Tls(text)
            | Self::Misconfigured(text)
            | Self::Protocol(text) => format!("{}: {text}", self.word()),
            _ => self.word().to_owned(),
        }
    }

    /// Whether the fault is the installation's and not the person's: an operator should know.
    pub fn is_operators_fault(&self) -> bool {
        matches!(
            self,
            Self::Unreadable(_)
                | Self::Forbidden(_)
                | Self::ServiceCredentials(_)
                | Self::Tls(_)
                | Self::Misconfigured(_)
                | Self::Protocol(_)
        )
    }
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the directory did not do what was asked")
    }
}

impl std::error::Error for DirectoryError {}
