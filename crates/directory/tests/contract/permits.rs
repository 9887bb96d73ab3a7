//! Permits come from where they come from in life: a recovery with all its proofs, or the lockout allowance.

use std::time::Duration;

use domain::lockout::{BadPasswords, LockoutPolicy, allow_try};
use domain::permit::PasswordTryPermit;
use domain::policy::{Action, Policy, Purpose};
use domain::recovery::{Permit, Recovery, Verdict};
use domain::{AccountId, ChangePermit, Method, OperationId, ResetPermit, Timestamp, UnlockPermit};

const OPERATION: OperationId = OperationId([9; 16]);

fn permit(account: AccountId, purpose: Purpose, action: Action) -> Permit {
    let policy = Policy {
        name: "contract".into(),
        groups: [].into(),
        actions: [Action::Reset, Action::Unlock, Action::Change].into(),
        steps: vec![[Method::Totp].into()],
        unlock_steps: None,
    };
    let Recovery::Proving(begun) = Recovery::begin(purpose, [Method::Totp].into(), Timestamp(i64::MAX))
    else {
        panic!("a recovery begins with proofs")
    };
    let asked = begun
        .resolve(Some((account, &policy)))
        .ask(Method::Totp)
        .expect("is offered");
    let Ok(Recovery::Proved(proved)) = asked.judge(Verdict::Right) else {
        panic!("one step was asked for")
    };
    let (_acting, permit) = proved
        .begin(action, OPERATION, Timestamp(0))
        .expect("is allowed and in time");
    permit
}

pub(crate) fn may_reset(account: AccountId) -> ResetPermit {
    match permit(account, Purpose::Reset, Action::Reset) {
        Permit::Reset(permit) => permit,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn may_unlock(account: AccountId) -> UnlockPermit {
    match permit(account, Purpose::Unlock, Action::Unlock) {
        Permit::Unlock(permit) => permit,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn may_change(account: AccountId) -> ChangePermit {
    match permit(account, Purpose::Change, Action::Change) {
        Permit::Change(permit) => permit,
        other => panic!("{other:?}"),
    }
}

/// A permit for a try that the true counts might not allow: for cases that lock on purpose.
pub(crate) fn may_try_anyway(account: AccountId) -> PasswordTryPermit {
    let roomy = LockoutPolicy {
        threshold: 100,
        window: Duration::from_secs(1),
        duration: None,
    };
    let unused = BadPasswords {
        count: 0,
        last: None,
        now: Timestamp(0),
    };
    allow_try(account, OPERATION, roomy, unused, 0, 0).expect("there is room")
}
