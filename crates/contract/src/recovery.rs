//! A recovery, from the portal's point of view.
//!
//! The recovery's handle travels in `Authorization: Bearer <handle>`, 43 characters of base64url. An answer
//! that carries a new handle replaces the old one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// "I forgot my password"
    Reset,
    /// "My account is locked"
    Unlock,
    /// "Change my password"
    Change,
    /// "Set up recovery"
    Enrol,
}

/// A way to prove who one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it; `domain::Method` explains each")]
pub enum Method {
    Passkey,
    Totp,
    RecoveryCode,
    EmailCode,
    SmsCode,
    HelpdeskCode,
    Radius,
    OpenidConnect,
    Invitation,
    SecurityQuestions,
}

/// What may be done to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Remove the lock.
    Unlock,
    /// Set a new password.
    Reset,
    /// Change a known password.
    Change,
}

/// Begins a recovery.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// What the person came for.
    pub purpose: Purpose,
    /// What was typed.
    pub identifier: String,
    /// The visitor's address as the portal sees it; used for limits and notices only.
    pub source: String,
    /// The language for mails, as a tag (`en`, `de`).
    pub language: String,
}

/// Picks a method for the current step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    /// The method, one of those offered.
    pub method: Method,
}

/// Something sealed to the core.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// The exact text of the seal block that the box was made for.
    pub seal: String,
    /// The box, base64url.
    #[serde(rename = "box")]
    pub boxed: String,
}

/// Asks for an action.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Which one.
    pub action: Action,
    /// The sealed passwords; none for an unlock.
    pub sealed: Option<Sealed>,
    /// Chosen by the portal's page, the same on a repeat: 16 to 64 characters.
    pub key: String,
}

/// The answer to everything about a recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The new handle, if it changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub handle: Option<String>,
    /// What to show.
    pub view: View,
}

/// What to show of a recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct View {
    /// What it is for.
    pub purpose: Purpose,
    /// When it ends by itself, in milliseconds since the Unix epoch; `None` when it is over.
    pub until: Option<i64>,
    /// Where it stands.
    #[serde(flatten)]
    pub stage: Stage,
}

/// Where a recovery stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "stage", rename_all = "kebab-case")]
pub enum Stage {
    /// A method must be picked.
    Choose {
        /// Those offered.
        methods: Vec<Method>,
    },
    /// A method was picked; its proof is awaited.
    Challenge {
        /// The method.
        method: Method,
        /// All that are offered, to pick another.
        methods: Vec<Method>,
        /// The block to seal the proof to.
        seal: String,
        /// The last proof of this step was not right.
        wrong: bool,
        /// For a method whose code is sent: how many are sent in an hour at most, to anybody.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        sent_an_hour: Option<u32>,
    },
    /// Everything is proved.
    Proved {
        /// What is the matter with the account.
        account: AccountView,
        /// What may be done, most wanted first.
        offers: Vec<Offer>,
        /// Why the last action was refused.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        refused: Option<Refused>,
    },
    /// Everything is proved, and factors may be set up or changed.
    Enrolling,
    /// Everything is proved, but the domain does not answer just now: ask for the page again.
    DirectoryAway,
    /// The directory is being asked.
    Acting {
        /// To do what.
        action: Action,
    },
    /// It is done.
    Done {
        /// What was done.
        action: Action,
        /// The account was unlocked along with it.
        unlocked: bool,
        /// When, in milliseconds since the Unix epoch.
        at: i64,
    },
    /// The directory was asked and nobody knows the outcome.
    Unknown {
        /// What was asked for.
        action: Action,
        /// Under which the helpdesk finds it.
        reference: String,
    },
}

/// The state of an account, told only after all proofs. Moments are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each told by a sentence of its own"
)]
pub struct AccountView {
    /// The account name.
    pub name: String,
    /// The display name.
    pub display_name: Option<String>,
    /// Not switched off.
    pub enabled: bool,
    /// Locked now.
    pub locked: bool,
    /// When the lock opens by itself.
    pub locked_until: Option<i64>,
    /// The account ended then.
    pub expired: Option<i64>,
    /// The password has expired.
    pub password_expired: bool,
    /// The password must be changed at the next sign-in.
    pub must_change: bool,
    /// The owner may not change the password before then.
    pub too_young_until: Option<i64>,
    /// When the password expires.
    pub password_expires: Option<i64>,
    /// Self-service may not touch it; the helpdesk can say more.
    pub protected: bool,
}

/// An action that may be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Offer {
    /// The action.
    pub action: Action,
    /// The block to seal the passwords to; none for an unlock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seal: Option<String>,
    /// The rules for the new password, as data.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// The lock will be removed along with it.
    #[serde(default)]
    pub unlocks: bool,
}

/// A rule for a new password: its lasting id, its kind and what the kind needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// The lasting id, for words and logs.
    pub id: String,
    /// The kind, for the script: `min_length`, `max_utf16`, `classes`, `not_account_name`,
    /// `not_display_name`, `not_blocked`, `not_breached`, `not_similar`, `history`, `min_age`.
    pub kind: String,
    /// A number that belongs to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub n: Option<i64>,
    /// Texts that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub texts: Vec<String>,
}

/// Why an action was refused. The proofs stay good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Refused {
    /// These rules are broken.
    Rules {
        /// Which.
        rules: Vec<Rule>,
    },
    /// The domain refused the password and does not say why.
    Domain {
        /// Under which the helpdesk finds it.
        reference: String,
    },
    /// The current password is wrong.
    WrongPassword {
        /// How many more wrong ones would still be tried.
        tries_left: u32,
    },
    /// No more passwords are tried for now, to keep the account from being locked.
    NoMoreTries,
    /// The two new passwords differ, or one is empty.
    Mismatch,
    /// Too many of these today.
    TooManyToday,
    /// The service may not do this to the account.
    Forbidden {
        /// Under which the helpdesk finds it.
        reference: String,
    },
    /// The domain does not answer; nothing was done.
    DirectoryAway,
}

/// What is inside a proof's box.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofSecret {
    /// The code.
    pub code: String,
    /// The current password, for a first enrolment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub current: Option<String>,
}

/// What is inside an action's box.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActSecret {
    /// The current password, for a change.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub current: Option<String>,
    /// The new password.
    pub new: String,
    /// The new password again.
    pub repeat: String,
}

/// The signed document with the core's sealing keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SealKey {
    /// The exact text that is signed.
    pub document: String,
    /// The Ed25519 signature, base64url.
    pub signature: String,
}

/// Somebody says that a recovery of his account was not his.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotMe {
    /// The token from the mail's link.
    pub token: String,
    /// The visitor's address.
    pub source: String,
}

/// Asks for a new certificate for the caller itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    /// The signing request, PEM.
    pub csr: String,
}

/// A renewed certificate.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Renewed {
    /// The certificate and its chain, PEM.
    pub chain: String,
}
