//! Refusals that the other side can explain (RFC 9457, `application/problem+json`).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

const PREFIX: &str = "urn:sallyport:problem:";

/// Every kind of problem there is. The list is closed: what is not here is `internal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The recovery is over, unknown, of another portal, or at another stage. One and the same for all of
    /// these. Begin again.
    RecoveryOver,
    /// The step was already used; ask for the current one.
    StaleStep,
    /// The box was sealed to a key that is gone; reload the page.
    UnknownKey,
    /// The domain does not answer. Nothing was spent; try again.
    DirectoryAway,
    /// Too much at once from here; wait.
    TooMany,
    /// Somebody in charge has stopped this portal for now.
    Paused,
    /// The request cannot be understood.
    Malformed,
    /// The request is larger than anything that makes sense.
    TooLarge,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// There is no such address or method.
    NotFound,
    /// The certificate is good but not for this.
    NotAllowed,
    /// The request took too long.
    TooSlow,
    /// An enrolment step that does not fit, for example a confirmation with nothing to confirm.
    NothingPending,
    /// The address is not one that codes may be sent to.
    UnusableAddress,
    /// The last factor that somebody could recover with cannot be removed.
    LastFactor,
    /// Factors stay as they are for a day after a recovery of the account.
    TooSoon,
    /// A factor that was just used as a proof, or stood there before an invitation, takes other proofs to be
    /// removed or replaced.
    OtherProofNeeded,
    /// The id is another message's. Of a question about the journal: it is of a time that is no longer there.
    Conflict,
    /// The chain is not the one that the other side knows: somebody turned this site back, or it is another's.
    Fork,
    /// Openings wait until the core has confirmed this site.
    NotConfirmed,
    /// No room is left.
    Full,
    /// A site remembers as many commands for messages that it does not know as it can.
    TooManyUnknown,
    /// A message that is mailed needs a passphrase that is told in another way.
    PassphraseNeeded,
    /// Messages may not be mailed to this address.
    RecipientNotAllowed,
    /// No site of this name takes messages now.
    NoSite,
    /// The message has ended already.
    MessageOver,
    /// Only a locked message can be unlocked, once, or destroyed.
    NotLocked,
    /// Something broke inside.
    Internal,
}

impl ProblemKind {
    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::UnusableAddress | Self::PassphraseNeeded => 400,
            Self::NotAllowed | Self::RecipientNotAllowed => 403,
            Self::NotFound => 404,
            Self::TooSlow => 408,
            Self::StaleStep
            | Self::UnknownKey
            | Self::NothingPending
            | Self::LastFactor
            | Self::TooSoon
            | Self::OtherProofNeeded
            | Self::Conflict
            | Self::NotLocked
            | Self::Fork => 409,
            Self::RecoveryOver | Self::MessageOver => 410,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::DirectoryAway | Self::Paused | Self::NotConfirmed | Self::NoSite => 503,
            Self::Full | Self::TooManyUnknown => 507,
        }
    }

    /// What the person may do, in English; pages have their own words.
    pub fn title(self) -> &'static str {
        match self {
            Self::RecoveryOver => "This recovery is over. Begin again.",
            Self::StaleStep => "This step was already used. Reload the page.",
            Self::UnknownKey => "The page is too old. Reload it.",
            Self::DirectoryAway => "The directory does not answer. Try again in a minute.",
            Self::TooMany => "Too many requests. Wait, then try again.",
            Self::Paused => "Self-service is paused. Contact the helpdesk.",
            Self::Malformed => "The request cannot be understood.",
            Self::TooLarge => "The request is too large.",
            Self::UnsupportedMediaType => "The request must be JSON.",
            Self::NotFound => "There is nothing here.",
            Self::NotAllowed => "This certificate may not do that.",
            Self::TooSlow => "The request took too long. Try again.",
            Self::NothingPending => "There is nothing to confirm. Begin this step again.",
            Self::UnusableAddress => "This address cannot be used. Give another one.",
            Self::LastFactor => "This is your only way to recover. Set up another one first.",
            Self::TooSoon => "Your account was recovered less than a day ago. Come back later.",
            Self::OtherProofNeeded => "Begin again and prove who you are in another way to do this.",
            Self::Conflict => "This id belongs to another message.",
            Self::Fork => "The journals differ. Nothing is served until the site begins a new epoch.",
            Self::NotConfirmed => "The core has not confirmed this site. Try again in a minute.",
            Self::Full => "No room is left. Try again later.",
            Self::TooManyUnknown => "Too many commands for unknown messages are remembered. Try again later.",
            Self::PassphraseNeeded => "A message that is mailed needs a passphrase. Tell it in another way.",
            Self::RecipientNotAllowed => "Messages may not be mailed to this address.",
            Self::NoSite => "No site of this name takes messages now.",
            Self::MessageOver => "This message has ended already.",
            Self::NotLocked => "Only a locked message can be unlocked, once, or destroyed.",
            Self::Internal => "Something went wrong. Try again, or contact the helpdesk with the reference.",
        }
    }
}

/// A problem as it crosses the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:sallyport:problem:<kind>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What may be done.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// Joins the answer, the log and the audit.
    pub reference: String,
    /// Seconds after which another try makes sense.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem of that kind.
    pub fn new(kind: ProblemKind, reference: impl Into<String>) -> Self {
        let name = serde_json::to_value(kind).expect("a unit variant is a string");
        let name = name.as_str().expect("a unit variant is a string").to_owned();
        Self {
            kind: format!("{PREFIX}{name}"),
            title: kind.title().to_owned(),
            status: kind.status(),
            reference: reference.into(),
            retry_after: None,
        }
    }

    /// Its kind; `Internal` for one that this build does not know.
    pub fn kind(&self) -> ProblemKind {
        self.kind
            .strip_prefix(PREFIX)
            .and_then(|name| serde_json::from_value(serde_json::Value::from(name)).ok())
            .unwrap_or(ProblemKind::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_finds_its_kind_back_and_unknown_ones_are_internal() {
        let problem = Problem::new(ProblemKind::StaleStep, "7F3K");
        assert_eq!(
            (problem.kind.as_str(), problem.status),
            ("urn:sallyport:problem:stale-step", 409)
        );
        assert_eq!(problem.kind(), ProblemKind::StaleStep);
        let newer = Problem {
            kind: "urn:sallyport:problem:from-next-year".into(),
            ..problem
        };
        assert_eq!(newer.kind(), ProblemKind::Internal);
    }
}
