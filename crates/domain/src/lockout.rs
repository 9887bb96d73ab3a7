//! The lockout allowance: how many uncertain passwords may be tried before the account's own lock is near.
//!
//! Wrong passwords tried by us count in the directory like everybody else's, and the count falls only after
//! a *quiet* window. So before each try the count is read, and a reserve is always left to the owner.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::clock::Timestamp;
use crate::permit::{OperationId, PasswordTryPermit};

/// The directory's rule for locking an account after wrong passwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockoutPolicy {
    /// Wrong passwords until the lock; zero for never.
    pub threshold: u32,
    /// The count falls to zero when this long passed since the last wrong one.
    pub window: Duration,
    /// How long the lock lasts; `None` until an administrator lifts it.
    pub duration: Option<Duration>,
}

/// Wrong passwords as the PDC emulator counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPasswords {
    /// `badPwdCount`. It keeps its value when the window is over, until the next try.
    pub count: u32,
    /// `badPasswordTime`; `None` when there was never one.
    pub last: Option<Timestamp>,
    /// That controller's clock at the reading.
    pub now: Timestamp,
}

/// Why no password is tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAllowance {
    /// One more wrong password would come too near to the lock.
    #[error("the lockout reserve would be touched")]
    Reserve,
    /// The threshold is so low that no try leaves a reserve.
    #[error("the lockout threshold leaves no room for a try")]
    ThresholdTooLow,
    /// Too many wrong passwords were tried through us today.
    #[error("the day's tries are used up")]
    DayUsedUp,
}

/// Our own cap on wrong passwords a day and account, also where the directory has none.
pub const WRONG_PASSWORDS_A_DAY: u32 = 5;

/// Decides whether one more uncertain password may be tried, and makes the permit for it.
///
/// `in_flight` counts tries of this account that were permitted and have no outcome yet.
///
/// # Errors
/// Says why not.
pub fn allow_try(
    account: AccountId,
    operation: OperationId,
    policy: LockoutPolicy,
    seen: BadPasswords,
    wrong_today: u32,
    in_flight: u32,
) -> Result<PasswordTryPermit, NoAllowance> {
    if wrong_today + in_flight >= WRONG_PASSWORDS_A_DAY {
        return Err(NoAllowance::DayUsedUp);
    }
    if policy.threshold > 0 {
        let left = tries_left(policy, seen)?;
        if left <= in_flight {
            return Err(NoAllowance::Reserve);
        }
    }
    Ok(PasswordTryPermit::mint(account, operation, false))
}

/// How many wrong passwords may still be tried without touching the reserve.
///
/// # Errors
/// When the threshold leaves no room at all.
pub fn tries_left(policy: LockoutPolicy, seen: BadPasswords) -> Result<u32, NoAllowance> {
    if policy.threshold == 0 {
        return Ok(WRONG_PASSWORDS_A_DAY);
    }
    if policy.threshold <= 2 {
        return Err(NoAllowance::ThresholdTooLow);
    }
    let reserve = 2.max(policy.threshold / 2);
    let quiet = seen.last.is_none_or(|last| seen.now > last.plus(policy.window));
    let count = if quiet { 0 } else { seen.count };
    Ok((policy.threshold - reserve).saturating_sub(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHO: AccountId = AccountId([7; 16]);
    const OP: OperationId = OperationId([1; 16]);

    fn policy(threshold: u32) -> LockoutPolicy {
        LockoutPolicy {
            threshold,
            window: Duration::from_mins(30),
            duration: Some(Duration::from_mins(30)),
        }
    }

    fn seen(count: u32, minutes_ago: i64) -> BadPasswords {
        BadPasswords {
            count,
            last: Some(Timestamp(-minutes_ago * 60_000)),
            now: Timestamp(0),
        }
    }

    #[test]
    fn two_of_five_are_kept_for_the_owner() {
        assert!(allow_try(WHO, OP, policy(5), seen(2, 1), 0, 0).is_ok());
        assert_eq!(
            allow_try(WHO, OP, policy(5), seen(3, 1), 0, 0).unwrap_err(),
            NoAllowance::Reserve
        );
        assert!(
            allow_try(WHO, OP, policy(5), seen(3, 31), 0, 0).is_ok(),
            "quiet for longer than the window"
        );
        assert_eq!(
            allow_try(WHO, OP, policy(5), seen(2, 1), 0, 1).unwrap_err(),
            NoAllowance::Reserve,
            "in flight"
        );
    }

    #[test]
    fn a_low_threshold_closes_and_none_still_has_our_own_cap() {
        assert_eq!(
            allow_try(WHO, OP, policy(2), seen(0, 99), 0, 0).unwrap_err(),
            NoAllowance::ThresholdTooLow
        );
        assert_eq!(
            allow_try(WHO, OP, policy(0), seen(99, 0), 5, 0).unwrap_err(),
            NoAllowance::DayUsedUp
        );
    }

    proptest! {
        #[test]
        fn a_permitted_try_never_reaches_the_threshold(threshold in 1u32..50, count in 0u32..60, in_flight in 0u32..5) {
            if allow_try(WHO, OP, policy(threshold), seen(count, 1), 0, in_flight).is_ok() {
                prop_assert!(count + in_flight + 1 + 2 <= threshold, "two tries must be left to the owner");
            }
        }
    }
}
