//! Setting up and changing factors, behind a recovery with the purpose `enrol` whose proofs are complete.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::recovery::Method;

/// The factors of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Enrolment {
    /// The account name.
    pub name: String,
    /// What is enrolled.
    pub factors: Vec<Factor>,
    /// What can be added here.
    pub offered: Vec<Method>,
    /// The steps of a recovery, and which of them what is enrolled passes.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// A first enrolment is complete only with recovery codes.
    pub codes_missing: bool,
    /// How long a new factor waits before it counts, in seconds.
    pub hold_seconds: u64,
    /// A step that waits for its confirmation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pending: Option<Pending>,
    /// The code that was just typed to confirm it is not right; another may be typed.
    #[serde(default)]
    pub wrong: bool,
    /// The blocks to seal to, one for each step that needs one.
    pub seals: Vec<StepSeal>,
}

/// A step of a recovery: any one of its methods passes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Need {
    /// Those that can be added here.
    pub methods: Vec<Method>,
    /// Something enrolled passes it.
    pub met: bool,
}

/// A block for one step of the enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepSeal {
    /// `totp`, `totp-confirmation`, `recovery-codes`, `email-confirmation`.
    pub action: String,
    /// The block's exact text.
    pub seal: String,
}

/// A step that waits for its confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pending {
    /// The authenticator app's first code.
    Totp,
    /// That the recovery codes are kept.
    RecoveryCodes,
    /// The code sent to a new mailbox.
    Email,
}

/// An enrolled factor. Moments are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Factor {
    /// Its id, for removing it.
    pub id: String,
    /// The method it serves.
    pub method: Method,
    /// What the person recognises it by: a masked address, or how many codes are left.
    pub label: String,
    /// Since when.
    pub since: i64,
    /// It counts from then on; in the past once the hold is over.
    pub counts_from: i64,
}

/// A secret sealed to the browser.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Outward {
    /// The exact text of the block that it is bound to.
    pub seal: String,
    /// The box, base64url.
    pub outward: String,
    /// The block to seal the confirmation to, if it needs one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
}

/// A new mailbox.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmail {
    /// The address.
    pub address: String,
}

/// What is inside the box that asks for a secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyKey {
    /// The browser's fresh P-256 key, 65 bytes, base64url.
    pub reply_key: String,
}
