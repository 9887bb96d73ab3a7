//! Budgets: how often something may be tried before it is silently of no use.
//!
//! Budgets by account act silently (the page stays the same), those by source or typed identifier may be
//! seen by the visitor. Methods that cannot be guessed have none, so no stranger can close them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::factor::Method;

/// At most `most` within `span`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// How many.
    pub most: u32,
    /// Within which span.
    pub span: Duration,
}

impl Limit {
    /// So many an hour.
    pub const fn per_hour(most: u32) -> Self {
        Self {
            most,
            span: Duration::from_hours(1),
        }
    }

    /// So many a day.
    pub const fn per_day(most: u32) -> Self {
        Self {
            most,
            span: Duration::from_hours(24),
        }
    }

    /// Whether one more fits beside `used` within the span.
    pub fn has_room(self, used: u32) -> bool {
        used < self.most
    }
}

/// Every limit of recovery, with their defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Codes sent for one account in an hour.
    pub codes_an_hour: Limit,
    /// Codes sent for one account in a day.
    pub codes_a_day: Limit,
    /// Codes sent to one destination.
    pub codes_to_destination: Limit,
    /// Wrong tries against one sent code.
    pub tries_a_code: u32,
    /// Wrong tries of one guessable method of one account, over all recoveries.
    pub wrong_tries: Limit,
    /// Wrong tries of one guessable method of one account since its owner was last right, however long that takes
    /// (NIST SP 800-63B-4 section 3.2.2: no more than 100).
    pub wrong_in_a_row: u32,
    /// Recoveries begun from one source.
    pub begun_by_source: Limit,
    /// Recoveries begun with one typed identifier before a visitor has to wait.
    pub begun_by_identifier: Limit,
    /// Resets, and likewise unlocks, of one account.
    pub actions: Limit,
    /// Resets, unlocks and changes through one portal, all together: the brake. Several times what a busy
    /// Monday brings, so that only a portal in wrong hands reaches it.
    pub actions_by_portal: Limit,
    /// Accounts at which proofs from one network failed within an hour: an alarm.
    pub failed_from_network: u32,
    /// Accounts at which proofs failed within an hour, all together: an alarm.
    pub failed_accounts: u32,
    /// Accounts that exist at which proofs failed through one portal within an hour: the brake, and so several times
    /// what makes an alarm.
    pub failed_by_portal: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            codes_an_hour: Limit::per_hour(3),
            codes_a_day: Limit::per_day(6),
            codes_to_destination: Limit::per_hour(10),
            tries_a_code: 5,
            wrong_tries: Limit::per_day(10),
            wrong_in_a_row: 100,
            begun_by_source: Limit::per_hour(20),
            begun_by_identifier: Limit::per_hour(10),
            actions: Limit::per_day(3),
            actions_by_portal: Limit::per_hour(300),
            failed_from_network: 20,
            failed_accounts: 100,
            failed_by_portal: 300,
        }
    }
}

impl Limits {
    /// Whether one more try of a method may count. A method that cannot be guessed always may.
    pub fn allows_try(&self, method: Method, wrong: u32) -> bool {
        !method.is_guessable() || self.wrong_tries.has_room(wrong)
    }

    /// Whether a method may still count after so many wrong tries in a row. One that cannot be guessed always may.
    pub fn outlasts(&self, method: Method, in_a_row: u32) -> bool {
        !method.is_guessable() || in_a_row < self.wrong_in_a_row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_use_up_what_can_be_guessed_and_nothing_else() {
        let limits = Limits::default();
        assert!(limits.allows_try(Method::Totp, 9));
        assert!(!limits.allows_try(Method::Totp, 10));
        assert!(limits.outlasts(Method::Totp, 99));
        assert!(!limits.outlasts(Method::Totp, 100));
        for safe in [
            Method::Passkey,
            Method::RecoveryCode,
            Method::Invitation,
            Method::HelpdeskCode,
        ] {
            assert!(limits.allows_try(safe, u32::MAX), "{safe:?}");
            assert!(limits.outlasts(safe, u32::MAX), "{safe:?}");
        }
    }
}
