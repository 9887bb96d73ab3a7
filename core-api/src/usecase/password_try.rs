//! Trying a password that may be wrong, without ever coming near the account's lock.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use directory::{DirectoryError, PasswordCheck};
use domain::lockout::{self, NoAllowance};
use domain::permit::PasswordTryPermit;
use domain::{AccountId, OperationId};
use secrecy::SecretString;

use super::UseCaseError;
use crate::core::Core;
use crate::store::attempt;

/// Accounts with a try under way: one at a time, because each spends from the same allowance.
#[derive(Default, Clone)]
pub struct Tries(Arc<Mutex<HashSet<AccountId>>>);

/// The one try that an account has under way. Dropping it lets the next one in.
pub(crate) struct Turn {
    tries: Tries,
    account: AccountId,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.tries
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.account);
    }
}

impl Tries {
    fn take(&self, account: AccountId) -> Option<Turn> {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.insert(account).then(|| Turn {
            tries: self.clone(),
            account,
        })
    }
}

/// A try that may be made: the permit, the account's turn, and how many wrong ones would be left after it.
pub(crate) struct Allowed {
    /// For the directory.
    pub(crate) permit: PasswordTryPermit,
    /// Held until the outcome is written down.
    pub(crate) turn: Turn,
    /// Wrong tries left if this one is wrong.
    pub(crate) left_after: u32,
}

/// Asks for a try.
///
/// # Errors
/// The inner error says why none is made now; the outer one that the directory does not answer.
pub(crate) async fn allow(
    core: &Core,
    account: AccountId,
    operation: OperationId,
) -> Result<Result<Allowed, NoAllowance>, UseCaseError> {
    let Some(turn) = core.tries.take(account) else {
        return Ok(Err(NoAllowance::Reserve));
    };
    let policy = core.directory.password_policy(account).await?;
    let Some(policy) = policy.lockout else {
        return Ok(Err(NoAllowance::ThresholdTooLow));
    };
    let seen = core.directory.bad_passwords(account).await?;
    let (now, span) = (core.now(), std::time::Duration::from_hours(24));
    let wrong_today = core
        .store
        .read(move |c| attempt::wrong_passwords(c, account, span, now))
        .await?;
    let left = lockout::tries_left(policy, seen)
        .unwrap_or(0)
        .min(lockout::WRONG_PASSWORDS_A_DAY.saturating_sub(wrong_today));
    Ok(
        lockout::allow_try(account, operation, policy, seen, wrong_today, 0).map(|permit| Allowed {
            permit,
            turn,
            left_after: left.saturating_sub(1),
        }),
    )
}

/// How a try went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    /// It is the account's password.
    Right,
    /// It is not, or the account cannot be used.
    Wrong,
    /// It was not tried.
    Withheld,
}

/// Tries a password by signing in with it.
///
/// # Errors
/// When the directory does not answer.
pub(crate) async fn try_password(
    core: &Core,
    account: AccountId,
    password: &SecretString,
) -> Result<Tried, UseCaseError> {
    let operation = OperationId(core.new_id());
    let Ok(allowed) = allow(core, account, operation).await? else {
        return Ok(Tried::Withheld);
    };
    let outcome = core.directory.check_password(allowed.permit, password).await;
    let now = core.now();
    let tried = match outcome {
        Ok(check) if check.proves() => Tried::Right,
        Ok(PasswordCheck::Locked) => Tried::Withheld,
        Ok(_) => Tried::Wrong,
        // Refused before it was sent: too long, empty.
        Err(DirectoryError::Policy(_)) => return Ok(Tried::Wrong),
        Err(error) => return Err(error.into()),
    };
    if tried != Tried::Withheld {
        let right = tried == Tried::Right;
        core.store
            .write(move |c| attempt::add_password(c, account, right, now))
            .await?;
    }
    drop(allowed.turn);
    Ok(tried)
}
