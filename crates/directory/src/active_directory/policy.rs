//! The password policy that applies to an account: its fine-grained one if there is one that we may read, else
//! the domain's.

use domain::lockout::LockoutPolicy;
use domain::password::{PasswordPolicy, PolicySource};

use crate::active_directory::entry::Entry;
use crate::active_directory::facts::Facts;
use crate::active_directory::filetime::span;
use crate::active_directory::session::Session;
use crate::error::DirectoryError;

/// Where each value stands: in the domain's head, or in a password settings object (MS-ADTS 3.1.1.4.5.36).
struct Names {
    min_length: &'static str,
    history: &'static str,
    min_age: &'static str,
    max_age: &'static str,
    threshold: &'static str,
    window: &'static str,
    duration: &'static str,
}

const DOMAIN: Names = Names {
    min_length: "minPwdLength",
    history: "pwdHistoryLength",
    min_age: "minPwdAge",
    max_age: "maxPwdAge",
    threshold: "lockoutThreshold",
    window: "lockOutObservationWindow",
    duration: "lockoutDuration",
};

const FINE_GRAINED: Names = Names {
    min_length: "msDS-MinimumPasswordLength",
    history: "msDS-PasswordHistoryLength",
    min_age: "msDS-MinimumPasswordAge",
    max_age: "msDS-MaximumPasswordAge",
    threshold: "msDS-LockoutThreshold",
    window: "msDS-LockoutObservationWindow",
    duration: "msDS-LockoutDuration",
};

/// Complexity in `pwdProperties`.
const COMPLEX: u32 = 1;

impl Names {
    fn with<'a>(&'a self, others: &[&'a str]) -> Vec<&'a str> {
        let mut names = vec![
            self.min_length,
            self.history,
            self.min_age,
            self.max_age,
            self.threshold,
            self.window,
            self.duration,
        ];
        names.extend(others);
        names
    }

    /// `None` when a value is not there: it may not be read.
    fn policy(
        &self,
        entry: &Entry,
        complexity: bool,
        source: PolicySource,
        facts: &Facts,
    ) -> Option<PasswordPolicy> {
        Some(PasswordPolicy {
            source,
            min_length: entry.flags(self.min_length)?,
            history: entry.flags(self.history)?,
            history_on_reset: facts.has_policy_hints,
            complexity,
            min_age: span(entry.number(self.min_age)?).unwrap_or_default(),
            max_age: span(entry.number(self.max_age)?),
            lockout: self.lockout(entry),
        })
    }

    fn lockout(&self, entry: &Entry) -> Option<LockoutPolicy> {
        Some(LockoutPolicy {
            threshold: entry.flags(self.threshold)?,
            window: span(entry.number(self.window)?).unwrap_or_default(),
            duration: span(entry.number(self.duration)?),
        })
    }
}

/// What an account has of its own.
pub(super) enum Own {
    /// Nothing: the domain's policy applies.
    Nothing,
    /// A fine-grained policy.
    Policy(PasswordPolicy),
    /// A fine-grained policy that may not be read.
    Unreadable,
}

impl Own {
    /// The policy that applies, given the domain's.
    pub(super) fn or(
        self,
        domain: Result<PasswordPolicy, DirectoryError>,
    ) -> Result<PasswordPolicy, DirectoryError> {
        match self {
            Self::Policy(policy) => Ok(policy),
            Self::Nothing => domain,
            // What is told is the domain's, but nobody may be locked on the strength of a guess.
            Self::Unreadable => Ok(PasswordPolicy {
                source: PolicySource::Unreadable,
                lockout: None,
                ..domain?
            }),
        }
    }
}

/// The policy for the account of this entry, which must have been read with `msDS-ResultantPSO`.
pub(super) async fn effective(
    session: &mut Session<'_>,
    account: &Entry,
    facts: &Facts,
) -> Result<PasswordPolicy, DirectoryError> {
    match own(session, account, facts).await? {
        Own::Policy(policy) => Ok(policy),
        other => other.or(domain(session, facts).await),
    }
}

/// The account's fine-grained policy, if one applies to it.
pub(super) async fn own(
    session: &mut Session<'_>,
    account: &Entry,
    facts: &Facts,
) -> Result<Own, DirectoryError> {
    let Some(dn) = account.text("msDS-ResultantPSO") else {
        return Ok(Own::Nothing);
    };
    let attributes = FINE_GRAINED.with(&["msDS-PasswordComplexityEnabled", "cn"]);
    let entry = session.entry(dn, &attributes).await?.unwrap_or_default();
    let complexity = entry
        .text("msDS-PasswordComplexityEnabled")
        .is_some_and(|value| value == "TRUE");
    let source = PolicySource::FineGrained(entry.text("cn").unwrap_or(dn).to_owned());
    let policy = FINE_GRAINED.policy(&entry, complexity, source, facts);
    Ok(policy.map_or(Own::Unreadable, Own::Policy))
}

/// The domain's own policy.
pub(super) async fn domain(
    session: &mut Session<'_>,
    facts: &Facts,
) -> Result<PasswordPolicy, DirectoryError> {
    let entry = session
        .entry(&facts.head, &DOMAIN.with(&["pwdProperties"]))
        .await?
        .unwrap_or_default();
    let complexity = entry
        .flags("pwdProperties")
        .is_some_and(|bits| bits & COMPLEX != 0);
    DOMAIN
        .policy(&entry, complexity, PolicySource::Domain, facts)
        .ok_or_else(|| {
            DirectoryError::Forbidden("the service account may not read the domain's policy".to_owned())
        })
}
