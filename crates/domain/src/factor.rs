//! The ways to prove who one is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A way to prove who one is. The list is closed; which of them a build offers is said in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A passkey with user verification (WebAuthn).
    Passkey,
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// One of ten codes on paper.
    RecoveryCode,
    /// A code sent to a verified mailbox.
    EmailCode,
    /// A code sent to a verified telephone.
    SmsCode,
    /// A code that the helpdesk gave to a verified caller.
    HelpdeskCode,
    /// The answer of a RADIUS server.
    Radius,
    /// A sign-in at an OpenID Connect provider.
    OpenidConnect,
    /// A one-time invitation by an administrator.
    Invitation,
    /// Answers to questions.
    SecurityQuestions,
}

/// What a proof rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Something that one has.
    Has,
    /// Something that one knows or is.
    Knows,
    /// The word of an operator or administrator.
    Vouched,
}

/// Where a proof comes from; one channel never serves two steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The person's own device.
    Device,
    /// A sheet of paper.
    Paper,
    /// A mailbox.
    Mailbox,
    /// A telephone.
    Phone,
    /// Staff.
    Staff,
    /// Another server's sign-in.
    Elsewhere,
    /// Memory.
    Memory,
}

impl Method {
    /// Every method, in the order in which people see them.
    pub const ALL: [Self; 10] = [
        Self::Passkey,
        Self::Totp,
        Self::EmailCode,
        Self::SmsCode,
        Self::RecoveryCode,
        Self::HelpdeskCode,
        Self::Invitation,
        Self::Radius,
        Self::OpenidConnect,
        Self::SecurityQuestions,
    ];

    /// The name in configuration, API and audit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery-code",
            Self::EmailCode => "email-code",
            Self::SmsCode => "sms-code",
            Self::HelpdeskCode => "helpdesk-code",
            Self::Radius => "radius",
            Self::OpenidConnect => "openid-connect",
            Self::Invitation => "invitation",
            Self::SecurityQuestions => "security-questions",
        }
    }

    /// The method with that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// What a proof by it rests on.
    pub fn classes(self) -> &'static [Class] {
        match self {
            Self::Passkey => &[Class::Has, Class::Knows],
            Self::Totp | Self::RecoveryCode | Self::EmailCode | Self::SmsCode => &[Class::Has],
            Self::HelpdeskCode | Self::Invitation => &[Class::Vouched],
            Self::Radius | Self::OpenidConnect | Self::SecurityQuestions => &[Class::Knows],
        }
    }

    /// The channel that it uses up.
    pub fn channel(self) -> Channel {
        match self {
            Self::Passkey | Self::Totp => Channel::Device,
            Self::RecoveryCode => Channel::Paper,
            Self::EmailCode => Channel::Mailbox,
            Self::SmsCode => Channel::Phone,
            Self::HelpdeskCode | Self::Invitation => Channel::Staff,
            Self::Radius | Self::OpenidConnect => Channel::Elsewhere,
            Self::SecurityQuestions => Channel::Memory,
        }
    }

    /// Whether a stranger could guess it with many tries, so that tries are budgeted per account.
    pub fn is_guessable(self) -> bool {
        matches!(
            self,
            Self::Totp | Self::EmailCode | Self::SmsCode | Self::SecurityQuestions | Self::Radius
        )
    }

    /// Whether a code is sent for it, so that sends are budgeted per account and destination.
    pub fn is_sent(self) -> bool {
        matches!(self, Self::EmailCode | Self::SmsCode)
    }

    /// How long a code that was sent or given for it is good; `None` where nothing is sent.
    pub fn code_lifetime(self) -> Option<Duration> {
        (self.is_sent() || self == Self::HelpdeskCode).then_some(Duration::from_mins(10))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_serialised_ones_and_find_their_way_back() {
        for method in Method::ALL {
            assert_eq!(Method::named(method.name()), Some(method));
        }
        assert_eq!(Method::named("password"), None);
    }
}
