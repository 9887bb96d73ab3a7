//! Does what was proved: unlock, reset, change.
//!
//! One transaction spends the proofs for a permit and writes down the intent; then the directory is asked; then
//! the outcome is written down; only then anybody is told. A repeat under the same key gets the stored outcome.

use std::sync::Arc;
use std::time::Duration;

use contract::ProblemKind;
use contract::recovery::{Act, ActSecret, Answer, Refused};
use directory::{After, Directory, DirectoryError, Evidence, Survey};
use domain::password::{self, PasswordPolicy};
use domain::policy::Action;
use domain::recovery::{Permit, Recovery};
use domain::{Account, AccountId, OperationId};
use secrecy::{ExposeSecret, SecretString};

use super::blocks::{self, Binding};
use super::intent::{Intended, Intent};
use super::outcome::settle;
use super::password_try::{self, Counted};
use super::settle::settle_one;
use super::wire::{self, OnTheWire as _};
use super::{load, look};
use crate::core::Core;
use crate::keys::Handle;
use crate::store::audit::operation_text;
use crate::store::operation::{self, Outcome};
use crate::store::recovery::Stored;
use crate::usecase::{Caller, UseCaseError};

/// How long a repeat waits for the first to come back from the directory.
const REPEAT_WAITS: Duration = Duration::from_secs(12);

/// What is to be written.
struct Wish {
    current: Option<SecretString>,
    new: SecretString,
    repeat: SecretString,
}

/// Does an action and gives the page behind it.
///
/// # Errors
/// `RecoveryOver` when nothing is proved (any more), `StaleStep` for a box of an earlier page, `DirectoryAway`
/// when the domain could not be asked.
pub async fn act(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
    asked: Act,
) -> Result<Answer, UseCaseError> {
    if !(16..=64).contains(&asked.key.len()) {
        return Err(ProblemKind::Malformed.into());
    }
    let stored = load::current(core, caller, handle).await?;
    if known(core, &stored, &asked.key).await? {
        return when_settled(core, caller, handle, &asked.key).await;
    }
    let action = Action::from_wire(asked.action);
    let wish = open(core, handle, &stored, action, &asked)?;
    let Recovery::Proved(proved) = &stored.recovery else {
        return Err(ProblemKind::RecoveryOver.into());
    };
    let mut ready = prepare(core, proved.account(), action, wish.as_ref(), &caller.reference).await?;
    let intent = Intent {
        core: Arc::clone(core),
        caller: caller.clone(),
        hash: handle.hash(),
        step: stored.step,
        key: asked.key.clone(),
        operation: ready.operation,
        action,
        refused: ready.refused,
        unlock_too: ready.after.unlock,
        evidence: ready.evidence,
        now: core.now(),
        salt: core.new_salt(),
    };
    let intended = core.store.write(move |c| intent.write_down(c)).await?;
    if !matches!(intended, Intended::Go(_)) {
        excuse(core, ready.counted.take()).await?;
    }
    match intended {
        Intended::Stale => Err(ProblemKind::StaleStep.into()),
        Intended::Over => Err(ProblemKind::RecoveryOver.into()),
        Intended::Braked => {
            metrics::counter!("portals_braked_total").increment(1);
            tracing::error!(
                portal = caller.portal,
                "the portal did too much in an hour and is paused"
            );
            Err(ProblemKind::Paused.into())
        }
        Intended::Repeat => when_settled(core, caller, handle, &asked.key).await,
        Intended::Refused(stored) => answer(core, handle, &stored).await,
        Intended::Go(permit) => {
            let done = ask(&*core.directory, permit, wish.as_ref(), ready.after).await;
            let left = ready.counted.as_ref().map_or(0, |counted| counted.left_after);
            finish(core, caller, ready.operation, &ready.account, &done, left).await?;
            if !may_be_wrong(&done) {
                excuse(core, ready.counted).await?;
            }
            let stored = load::current(core, caller, handle).await?;
            answer(core, handle, &stored).await
        }
    }
}

/// Takes a counted try back that was right, or never made.
async fn excuse(core: &Core, counted: Option<Counted>) -> Result<(), UseCaseError> {
    match counted {
        Some(counted) => counted.excuse(core).await,
        None => Ok(()),
    }
}

async fn answer(core: &Core, handle: &Handle, stored: &Stored) -> Result<Answer, UseCaseError> {
    Ok(Answer {
        handle: None,
        view: look::view_or_away(core, handle, stored).await?,
    })
}

async fn known(core: &Core, stored: &Stored, key: &str) -> Result<bool, UseCaseError> {
    let (id, key) = (stored.id, key.to_owned());
    Ok(core
        .store
        .read(move |c| operation::by_key(c, &id, &key))
        .await?
        .is_some())
}

/// Waits for the operation with this key to be settled, then gives the page.
async fn when_settled(
    core: &Core,
    caller: &Caller,
    handle: &Handle,
    key: &str,
) -> Result<Answer, UseCaseError> {
    let key = key.to_owned();
    let waited = load::wait_until(core, caller, handle, REPEAT_WAITS, move |c, stored| {
        let operation = operation::by_key(c, &stored.id, &key)?;
        let open = operation.is_some_and(|operation| operation.outcome.is_none());
        Ok(!(open && matches!(stored.recovery, Recovery::Acting(_))))
    })
    .await?;
    answer(core, handle, &waited.stored).await
}

/// Opens the box, if the action needs one, and checks what it is bound to.
fn open(
    core: &Core,
    handle: &Handle,
    stored: &Stored,
    action: Action,
    asked: &Act,
) -> Result<Option<Wish>, UseCaseError> {
    if action == Action::Unlock {
        return Ok(None);
    }
    let sealed = asked.sealed.as_ref().ok_or(ProblemKind::Malformed)?;
    let (block, secret) = blocks::open::<ActSecret>(core, handle, &sealed.seal, &sealed.boxed)?;
    if !blocks::is_bound(
        &block,
        &Binding::action(stored.recovery.purpose(), action, stored.step),
    ) {
        let ours = block.action.as_deref() == Some(action.name());
        return Err(if ours {
            ProblemKind::StaleStep
        } else {
            ProblemKind::RecoveryOver
        }
        .into());
    }
    Ok(Some(Wish {
        current: secret.current.map(SecretString::from),
        new: SecretString::from(secret.new),
        repeat: SecretString::from(secret.repeat),
    }))
}

/// What was found out before the intent.
struct Ready {
    operation: OperationId,
    account: Account,
    after: After,
    evidence: Evidence,
    refused: Option<Refused>,
    /// The try of the current password, counted as wrong until it is known to be right.
    counted: Option<Counted>,
}

async fn prepare(
    core: &Core,
    id: AccountId,
    action: Action,
    wish: Option<&Wish>,
    reference: &str,
) -> Result<Ready, UseCaseError> {
    let operation = OperationId(core.new_id());
    let survey = core.directory.survey(id).await?.ok_or(DirectoryError::NotFound)?;
    let Survey {
        account,
        policy,
        evidence,
    } = survey;
    let mut refused = wish.and_then(|wish| broken(core, &policy, &account, action, wish));
    if !(account.state.can_be_helped() && account.protection.is_none()) {
        refused = Some(Refused::Forbidden {
            reference: reference.to_owned(),
        });
    }
    let mut counted = None;
    if action == Action::Change && refused.is_none() {
        match password_try::allow(core, id, operation).await? {
            Ok((_permit, try_it)) => counted = Some(try_it),
            Err(_) => refused = Some(Refused::NoMoreTries),
        }
    }
    let unlock = action == Action::Reset && account.state.locked.is_some();
    Ok(Ready {
        operation,
        account,
        after: After { unlock },
        evidence,
        refused,
        counted,
    })
}

/// What is wrong with the new password before the directory sees it.
fn broken(
    core: &Core,
    policy: &PasswordPolicy,
    account: &Account,
    action: Action,
    wish: &Wish,
) -> Option<Refused> {
    if wish.new.expose_secret().is_empty() || wish.new.expose_secret() != wish.repeat.expose_secret() {
        return Some(Refused::Mismatch);
    }
    if action == Action::Change
        && wish
            .current
            .as_ref()
            .is_none_or(|current| current.expose_secret().is_empty())
    {
        return Some(Refused::Mismatch);
    }
    let now = core.now();
    let rules = password::rules(policy, account, look::writing(action)?, &*core.own_rules, now);
    let broken = password::broken(&rules, &wish.new, wish.current.as_ref(), &*core.own_rules, now);
    (!broken.is_empty()).then(|| Refused::Rules {
        rules: broken.iter().map(wire::rule).collect(),
    })
}

/// Asks the directory, spending the permit.
async fn ask(
    directory: &dyn Directory,
    permit: Permit,
    wish: Option<&Wish>,
    after: After,
) -> Result<(), DirectoryError> {
    match (permit, wish) {
        (Permit::Unlock(permit), _) => directory.unlock(permit).await,
        (Permit::Reset(permit), Some(wish)) => directory.reset(permit, &wish.new, after).await,
        (
            Permit::Change(permit),
            Some(Wish {
                current: Some(current),
                new,
                ..
            }),
        ) => directory.change(permit, current, new).await,
        (Permit::Reset(_) | Permit::Change(_), _) => {
            return Err(DirectoryError::Protocol(
                "an action without its password".to_owned(),
            ));
        }
    }
    .map(|_| ())
}

/// What the directory's answer means for the operation; `None` while nobody knows.
fn outcome_of(done: &Result<(), DirectoryError>, reference: &str, left: u32) -> Option<Outcome> {
    let refused = |refused| Some(Outcome::Refused { refused });
    let reference = reference.to_owned();
    match done {
        Ok(()) => Some(Outcome::Done),
        Err(DirectoryError::OutcomeUnknown(_)) => None,
        Err(DirectoryError::Policy(_)) => refused(Refused::Domain { reference }),
        Err(DirectoryError::WrongPassword) => refused(Refused::WrongPassword { tries_left: left }),
        Err(DirectoryError::Locked) => refused(Refused::NoMoreTries),
        Err(DirectoryError::Unavailable(_)) => refused(Refused::DirectoryAway),
        Err(_) => refused(Refused::Forbidden { reference }),
    }
}

/// Writes the outcome down, before anybody is told.
async fn finish(
    core: &Arc<Core>,
    caller: &Caller,
    id: OperationId,
    account: &Account,
    done: &Result<(), DirectoryError>,
    left: u32,
) -> Result<(), UseCaseError> {
    if let Err(error) = done {
        log(caller, id, error);
    }
    match outcome_of(done, &caller.reference, left) {
        Some(outcome) => settle(core, id, Some(account), outcome, false).await,
        // A first look at once; if that tells nothing, a worker goes on looking.
        None => settle_one(core, id).await,
    }
}

fn log(caller: &Caller, id: OperationId, error: &DirectoryError) {
    let (reference, operation) = (&caller.reference, operation_text(id));
    let controller_says = error.for_operator();
    if error.is_operators_fault() {
        tracing::error!(
            reference,
            operation,
            controller_says,
            "the directory did not do it"
        );
    } else {
        tracing::warn!(
            reference,
            operation,
            controller_says,
            "the directory did not do it"
        );
    }
}

/// Whether the directory may have counted a wrong password.
fn may_be_wrong(done: &Result<(), DirectoryError>) -> bool {
    matches!(
        done,
        Err(DirectoryError::WrongPassword | DirectoryError::OutcomeUnknown(_))
    )
}
