//! Trying a password that may be wrong, without ever coming near the account's lock.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::ProblemKind;
use directory::{DirectoryError, PasswordCheck};
use domain::lockout::{self, NoAllowance};
use domain::permit::PasswordTryPermit;
use domain::{AccountId, OperationId};
use secrecy::SecretString;

use crate::core::Core;
use crate::store::attempt;
use crate::usecase::UseCaseError;

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

/// A try that was counted as wrong before it is made, so that none is lost when its answer is. Holds the account's
/// turn until then.
pub(crate) struct Counted {
    _turn: Turn,
    row: i64,
    /// Wrong tries left if this one is wrong.
    pub(crate) left_after: u32,
}

impl Counted {
    /// It was right, or never made: it does not count.
    pub(crate) async fn excuse(self, core: &Core) -> Result<(), UseCaseError> {
        let row = self.row;
        Ok(core.store.write(move |c| attempt::excuse(c, row)).await?)
    }
}

/// A try that may be made, or why none is made now.
pub(crate) type Allowed = Result<(PasswordTryPermit, Counted), NoAllowance>;

/// Asks for a try, and counts it.
///
/// # Errors
/// When the directory does not answer.
pub(crate) async fn allow(
    core: &Core,
    account: AccountId,
    operation: OperationId,
) -> Result<Allowed, UseCaseError> {
    let Some(turn) = core.tries.take(account) else {
        return Ok(Err(NoAllowance::Reserve));
    };
    let policy = core.directory.password_policy(account).await?;
    let Some(policy) = policy.lockout else {
        return Ok(Err(NoAllowance::ThresholdTooLow));
    };
    let seen = core.directory.bad_passwords(account).await?;
    let (now, span) = (core.now(), Duration::from_hours(24));
    let wrong_today = core
        .store
        .read(move |c| attempt::wrong_passwords(c, account, span, now))
        .await?;
    let permit = match lockout::allow_try(account, operation, policy, seen, wrong_today, 0) {
        Ok(permit) => permit,
        Err(why) => return Ok(Err(why)),
    };
    let left = lockout::tries_left(policy, seen)
        .unwrap_or(0)
        .min(lockout::WRONG_PASSWORDS_A_DAY.saturating_sub(wrong_today));
    let row = core
        .store
        .write(move |c| attempt::count_password(c, account, now))
        .await?;
    let left_after = left.saturating_sub(1);
    Ok(Ok((
        permit,
        Counted {
            _turn: turn,
            row,
            left_after,
        },
    )))
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
    let Ok((permit, counted)) = allow(core, account, operation).await? else {
        return Ok(Tried::Withheld);
    };
    let tried = match core.directory.check_password(permit, password).await {
        Ok(check) if check.proves() => Tried::Right,
        // Not looked at, or refused before it was sent: too long, empty.
        Ok(PasswordCheck::Locked) | Err(DirectoryError::Policy(_)) => Tried::Withheld,
        Ok(_) => return Ok(Tried::Wrong),
        // Sent without an answer: a wrong one was counted there, so it stays counted here.
        Err(DirectoryError::OutcomeUnknown(_)) => return Err(ProblemKind::DirectoryAway.into()),
        Err(error) => {
            counted.excuse(core).await?;
            return Err(error.into());
        }
    };
    counted.excuse(core).await?;
    Ok(tried)
}
