//! What every use case of enrolment stands on: a recovery for this purpose whose proofs are complete, the rules
//! about when factors may change, and the steps that boxes spend.
//!
//! A step of an enrolment does not change the handle: the person is known by then, and only the step number says
//! which box was used.

use std::sync::Arc;
use std::time::Duration;

use contract::ProblemKind;
use directory::DirectoryError;
use domain::policy::{Action, Policy, Purpose};
use domain::recovery::{Proved, Recovery};
use domain::{Account, Method, Timestamp};
use seal::{MAX_PLAIN, SealBlock};
use serde::Serialize;
use sqlite::Connection;
use zeroize::Zeroizing;

use crate::core::Core;
use crate::keys::Handle;
use crate::store::audit::{Event, FactorChange, Personal};
use crate::store::factor::Factor;
use crate::store::recovery::Stored;
use crate::store::{StoreError, audit, factor, freeze, operation, recovery};
use crate::usecase::recovery::blocks::{self, Binding};
use crate::usecase::recovery::load::{Named, named};
use crate::usecase::recovery::notify::{self, Notice};
use crate::usecase::{Caller, UseCaseError};

/// What can be set up here, in the order in which people see it.
const HERE: [Method; 3] = [Method::Totp, Method::RecoveryCode, Method::EmailCode];

/// The challenge of an enrolment's boxes: there is no challenge any more.
const ENROL: &str = "enrol";

/// How long factors stay as they are after a recovery: whoever took an account over shall not settle in it
/// before its owner has read the notice.
const QUIET: Duration = Duration::from_hours(24);

/// A step of an enrolment that a box carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Asks for an authenticator secret.
    Totp,
    /// The first code of the app.
    TotpConfirmation,
    /// Asks for recovery codes.
    RecoveryCodes,
    /// The code that was sent to a new mailbox.
    EmailConfirmation,
}

impl Step {
    /// Its name in the contract.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::TotpConfirmation => "totp-confirmation",
            Self::RecoveryCodes => "recovery-codes",
            Self::EmailConfirmation => "email-confirmation",
        }
    }

    /// The block to seal it to, at this step number.
    pub(super) fn block(self, core: &Core, handle: &Handle, number: u64) -> String {
        self.binding(number).block(core, handle)
    }

    fn binding(self, number: u64) -> Binding {
        Binding {
            purpose: Purpose::Enrol,
            action: Some(self.name().to_owned()),
            challenge: ENROL.to_owned(),
            step: number,
        }
    }
}

/// Who asks, with what, when.
pub(super) struct Request {
    core: Arc<Core>,
    caller: Caller,
    hash: [u8; 32],
    now: Timestamp,
}

impl Request {
    pub(super) fn new(core: &Arc<Core>, caller: &Caller, handle: &Handle) -> Self {
        Self {
            core: Arc::clone(core),
            caller: caller.clone(),
            hash: handle.hash(),
            now: core.now(),
        }
    }

    /// Reads from the enrolment that the handle names.
    ///
    /// # Errors
    /// `RecoveryOver` when there is none.
    pub(super) async fn look<T: Send + 'static>(
        self,
        job: impl FnOnce(&Connection, &Open) -> Result<T, UseCaseError> + Send + 'static,
    ) -> Result<T, UseCaseError> {
        let core = Arc::clone(&self.core);
        core.store
            .read(move |c| told(self.open(c).and_then(|open| job(c, &open))))
            .await?
    }

    /// Changes something in one transaction, and wakes the outbox for the letters that it may have queued. What
    /// the job wrote before it refused stays written.
    ///
    /// # Errors
    /// `RecoveryOver` when there is no such enrolment, `TooSoon` after a recovery.
    pub(super) async fn change<T: Send + 'static>(
        self,
        job: impl FnOnce(&Connection, Open) -> Result<T, UseCaseError> + Send + 'static,
    ) -> Result<T, UseCaseError> {
        let core = Arc::clone(&self.core);
        let changed = core
            .store
            .write(move |c| {
                told(self.open(c).and_then(|open| {
                    open.refuse_soon_after_a_recovery(c)?;
                    job(c, open)
                }))
            })
            .await?;
        core.wake.outbox.notify_one();
        changed
    }

    fn open(self, c: &Connection) -> Result<Open, UseCaseError> {
        let stored = match named(c, &self.hash, &self.caller, self.now)? {
            Named::Current(stored) => stored,
            Named::Paused => return Err(ProblemKind::Paused.into()),
            Named::Former(_) | Named::Nothing => return Err(ProblemKind::RecoveryOver.into()),
        };
        match stored.recovery.clone() {
            Recovery::Proved(proved)
                if stored.recovery.purpose() == Purpose::Enrol
                    && !freeze::is_frozen(c, proved.account())? =>
            {
                Ok(Open {
                    core: self.core,
                    caller: self.caller,
                    now: self.now,
                    stored,
                    proved,
                })
            }
            _ => Err(ProblemKind::RecoveryOver.into()),
        }
    }
}

/// A failing store undoes the transaction; a refusal does not.
fn told<T>(result: Result<T, UseCaseError>) -> Result<Result<T, UseCaseError>, StoreError> {
    match result {
        Err(UseCaseError::Store(error)) => Err(error),
        other => Ok(other),
    }
}

/// An enrolment within a transaction.
pub(super) struct Open {
    pub(super) core: Arc<Core>,
    pub(super) caller: Caller,
    pub(super) now: Timestamp,
    pub(super) stored: Box<Stored>,
    pub(super) proved: Proved,
}

impl Open {
    /// The policy under which this account proved who it is.
    pub(super) fn policy(&self) -> Option<&Policy> {
        let policies = &self.core.settings.policies.0;
        policies.iter().find(|policy| policy.name == self.proved.policy())
    }

    /// What this account can set up here: recovery codes, and what its policy takes.
    pub(super) fn offered(&self) -> Vec<Method> {
        let policy = self.policy();
        let taken = |method: &Method| {
            policy.is_some_and(|policy| {
                policy
                    .steps
                    .iter()
                    .chain(policy.unlock_steps.iter().flatten())
                    .any(|step| step.contains(method))
            })
        };
        HERE.into_iter()
            .filter(|method| *method == Method::RecoveryCode || taken(method))
            .collect()
    }

    /// # Errors
    /// `NotFound` for a method that cannot be set up here.
    pub(super) fn demand_offered(&self, method: Method) -> Result<(), UseCaseError> {
        if self.offered().contains(&method) {
            Ok(())
        } else {
            Err(ProblemKind::NotFound.into())
        }
    }

    /// Spends the step that a box is bound to, whatever becomes of what is in it.
    ///
    /// # Errors
    /// `StaleStep` for a box of an earlier page, `RecoveryOver` for one that was made for something else.
    pub(super) fn spend(
        &mut self,
        c: &Connection,
        block: &SealBlock,
        step: Step,
    ) -> Result<(), UseCaseError> {
        if !blocks::is_bound(block, &step.binding(self.stored.step)) {
            let ours = blocks::is_bound(block, &step.binding(block.step));
            return Err(if ours {
                ProblemKind::StaleStep
            } else {
                ProblemKind::RecoveryOver
            }
            .into());
        }
        self.stored.step += 1;
        recovery::save(c, &self.stored)?;
        Ok(())
    }

    /// The account's factors, oldest first. A sheet of recovery codes that a newer one has replaced is none any more.
    pub(super) fn factors(&self, c: &Connection) -> Result<Vec<Factor>, StoreError> {
        let mut factors = factor::of_account(c, self.proved.account())?;
        let counts = |factor: &Factor| {
            factor.method == Method::RecoveryCode && factor.counts_from.is_some_and(|from| from <= self.now)
        };
        let newest = factors
            .iter()
            .rfind(|factor| counts(factor))
            .map(|sheet| sheet.id);
        factors.retain(|factor| !counts(factor) || Some(factor.id) == newest);
        Ok(factors)
    }

    /// Whether this enrolment may remove or replace a factor: not the one that proved the person just now, and
    /// with an invitation nothing that stood there before it. `others` are the account's other factors.
    pub(super) fn may_remove(&self, factor: &Factor, others: &[Factor]) -> bool {
        let is_proof =
            self.proved.passed().contains(&factor.method) && !self.same_code_went_elsewhere(factor, others);
        let older_than_invitation = self.proved.is_invited() && factor.since < self.stored.begun_at;
        !is_proof && !older_than_invitation
    }

    /// A code by mail goes to every address that counts. With one of them gone, another that got the same code still
    /// stands for the proof; one that was added since the beginning does not.
    fn same_code_went_elsewhere(&self, factor: &Factor, others: &[Factor]) -> bool {
        factor.method.is_sent()
            && others
                .iter()
                .filter(|other| other.method == factor.method && other.id != factor.id)
                .any(|other| other.counts_from.is_some_and(|from| from <= self.stored.begun_at))
    }

    /// Stores a factor that awaits its confirmation; an earlier one of the method that still does is void.
    pub(super) fn begin(&self, c: &Connection, new: NewFactor) -> Result<(), UseCaseError> {
        let account = self.proved.account();
        let secret = self
            .core
            .at_rest
            .lock(&new.id, &new.secret, &*self.core.randomness);
        let factor = Factor {
            id: new.id,
            account,
            method: new.method,
            label: new.label,
            secret,
            since: self.now,
            counts_from: None,
            last_step: 0,
        };
        factor::remove_pending(c, account, new.method)?;
        factor::insert(c, &factor)?;
        self.write_down(c, new.method, FactorChange::Begun)
    }

    /// The factor of a method that was begun in this enrolment and awaits its confirmation.
    ///
    /// # Errors
    /// `NothingPending` when there is none.
    pub(super) fn pending(&self, c: &Connection, method: Method) -> Result<Factor, UseCaseError> {
        factor::of_account(c, self.proved.account())?
            .into_iter()
            .rfind(|factor| factor.method == method && self.is_pending(factor))
            .ok_or_else(|| ProblemKind::NothingPending.into())
    }

    /// What somebody else or an earlier enrolment left behind cannot be confirmed here.
    pub(super) fn is_pending(&self, factor: &Factor) -> bool {
        factor.counts_from.is_none() && factor.since >= self.stored.begun_at
    }

    /// Confirms a factor: it counts when the hold is over. Every address on file is told, the new one too.
    pub(super) fn confirm(
        &self,
        c: &Connection,
        pending: &Factor,
        owner: &Account,
    ) -> Result<(), UseCaseError> {
        if !factor::confirm(c, &pending.id, self.now.plus(self.core.settings.hold))? {
            return Err(ProblemKind::NothingPending.into());
        }
        self.tell(c, owner, Notice::FactorAdded)?;
        self.write_down(c, pending.method, FactorChange::Confirmed)
    }

    /// Queues a notice to every address on file as it is at this point of the transaction.
    pub(super) fn tell(&self, c: &Connection, owner: &Account, notice: Notice) -> Result<(), UseCaseError> {
        notify::prepare(&self.core, owner, notice, self.stored.id).queue(c, self.now)?;
        Ok(())
    }

    /// Removes a factor.
    pub(super) fn remove(&self, c: &Connection, gone: &Factor) -> Result<(), UseCaseError> {
        factor::remove(c, self.proved.account(), &gone.id)?;
        self.write_down(c, gone.method, FactorChange::Removed)
    }

    fn write_down(&self, c: &Connection, method: Method, change: FactorChange) -> Result<(), UseCaseError> {
        let personal = Personal::of(
            Some(self.proved.account()),
            &self.stored.identifier,
            &self.stored.source,
        );
        let event = Event::Factor { method, change };
        let entry = self
            .core
            .entry(event, &self.caller.reference, &self.caller.portal, personal);
        audit::append(c, &entry, self.now)?;
        Ok(())
    }

    /// The demo has no such wait: it would stop a newcomer after his first reset. A first enrolment has none
    /// either: an administrator vouches for it.
    fn refuse_soon_after_a_recovery(&self, c: &Connection) -> Result<(), UseCaseError> {
        if self.core.settings.demo || self.proved.is_invited() {
            return Ok(());
        }
        for action in [Action::Reset, Action::Unlock, Action::Change] {
            if operation::done_since(c, self.proved.account(), action, self.now.minus(QUIET))? > 0 {
                return Err(ProblemKind::TooSoon.into());
            }
        }
        Ok(())
    }
}

/// A factor that is to be stored.
pub(super) struct NewFactor {
    pub(super) id: [u8; 16],
    pub(super) method: Method,
    pub(super) label: String,
    pub(super) secret: Zeroizing<Vec<u8>>,
}

/// The account of an enrolment, as the directory knows it now.
///
/// # Errors
/// `RecoveryOver` when there is no such enrolment, `DirectoryAway` when the directory is silent.
pub(super) async fn account(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
) -> Result<Account, UseCaseError> {
    let id = Request::new(core, caller, handle)
        .look(|_, open| Ok(open.proved.account()))
        .await?;
    Ok(core.directory.read(id).await?.ok_or(DirectoryError::NotFound)?)
}

/// Seals a secret to the browser's key, bound to the block of the box that asked for it.
///
/// # Errors
/// `Malformed` when the reply key is none.
pub(super) fn seal_to_browser<T: Serialize>(
    core: &Core,
    reply_key: &str,
    block: &str,
    secret: &T,
) -> Result<String, UseCaseError> {
    // Room for all of it from the start: a buffer that grows leaves copies behind.
    let mut json = Zeroizing::new(Vec::with_capacity(MAX_PLAIN));
    serde_json::to_writer(&mut *json, secret).map_err(StoreError::from)?;
    seal::seal_outward(reply_key, block, &json, &mut |bytes| core.randomness.fill(bytes))
        .map_err(|_| ProblemKind::Malformed.into())
}
