//! What to show of a recovery.

use std::time::Duration;

use contract::ProblemKind;
use contract::recovery::{AccountView, Answer, Offer, Refused, Stage, View};
use directory::{DirectoryError, Survey};
use domain::password::{self, Writing};
use domain::policy::{Action, Purpose};
use domain::recovery::{Ended, Ending, Proved, Proving, Recovery};
use domain::{Account, Method, Timestamp};

use super::blocks::Binding;
use super::load;
use super::wire::{self, OnTheWire as _};
use crate::core::Core;
use crate::keys::Handle;
use crate::store::operation::{self, Operation, Outcome};
use crate::store::recovery::Stored;
use crate::usecase::{Caller, UseCaseError};

/// A write has 5 s at the directory; after that there will be no answer any more.
const DIRECTORY_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// The current page of the recovery with this handle.
///
/// # Errors
/// `RecoveryOver` when there is none.
pub async fn look(core: &Core, caller: &Caller, handle: &Handle) -> Result<Answer, UseCaseError> {
    let stored = load::current(core, caller, handle).await?;
    Ok(Answer {
        handle: None,
        view: view(core, handle, &stored).await?,
    })
}

/// The page of a recovery as it stands.
pub(super) async fn view(core: &Core, handle: &Handle, stored: &Stored) -> Result<View, UseCaseError> {
    let stage = match &stored.recovery {
        Recovery::Proving(proving) => proving_stage(core, handle, stored, proving),
        Recovery::Proved(proved) => proved_stage(core, handle, stored, proved).await?,
        Recovery::Acting(acting) => acting_stage(core, stored, acting.action()).await?,
        Recovery::Ended(ended) => ended_stage(core, stored, ended).await?,
    };
    let until = stored.recovery.until().map(|at| at.0);
    Ok(View {
        purpose: stored.recovery.purpose().to_wire(),
        until,
        stage,
    })
}

/// The page of a recovery whose step has just been taken: a directory that is away must not hide that.
pub(super) async fn view_or_away(
    core: &Core,
    handle: &Handle,
    stored: &Stored,
) -> Result<View, UseCaseError> {
    match view(core, handle, stored).await {
        Err(UseCaseError::Refused(ProblemKind::DirectoryAway)) => Ok(View {
            purpose: stored.recovery.purpose().to_wire(),
            until: stored.recovery.until().map(|at| at.0),
            stage: Stage::DirectoryAway,
        }),
        other => other,
    }
}

fn proving_stage(core: &Core, handle: &Handle, stored: &Stored, proving: &Proving) -> Stage {
    let methods: Vec<_> = proving.offered().into_iter().map(Method::to_wire).collect();
    match (proving.asked(), stored.challenge) {
        (Some(method), Some(challenge)) => Stage::Challenge {
            method: method.to_wire(),
            methods,
            seal: Binding::proof(stored.recovery.purpose(), &challenge, stored.step).block(core, handle),
            wrong: stored.wrong,
            sent_an_hour: method
                .is_sent()
                .then_some(core.settings.limits.codes_an_hour.most),
        },
        _ => Stage::Choose { methods },
    }
}

async fn proved_stage(
    core: &Core,
    handle: &Handle,
    stored: &Stored,
    proved: &Proved,
) -> Result<Stage, UseCaseError> {
    if stored.recovery.purpose() == Purpose::Enrol {
        return Ok(Stage::Enrolling);
    }
    let Some(survey) = core.directory.survey(proved.account()).await? else {
        return Err(DirectoryError::NotFound.into());
    };
    let Survey { account, policy, .. } = survey;
    let now = core.now();
    let mut offers = Vec::new();
    for action in proved.actions().filter(|action| is_sensible(*action, &account)) {
        let rules = writing(action).map(|w| password::rules(&policy, &account, w, &*core.own_rules, now));
        offers.push(Offer {
            action: action.to_wire(),
            seal: rules
                .is_some()
                .then(|| Binding::action(stored.recovery.purpose(), action, stored.step).block(core, handle)),
            rules: rules.unwrap_or_default().iter().map(wire::rule).collect(),
            unlocks: action == Action::Reset && account.state.locked.is_some(),
        });
    }
    // Whoever only needs the lock gone should not have to choose a new password.
    if account.state.locked.is_some() {
        offers.sort_by_key(|offer| offer.action != contract::Action::Unlock);
    }
    let too_young = password::too_young_until(&policy, &account).filter(|until| *until > now);
    let refused = last_refusal(core, stored).await?;
    Ok(Stage::Proved {
        account: account_view(&account, too_young),
        offers,
        refused,
    })
}

/// Nothing is offered that cannot help: no unlock of what is not locked, nothing for who is switched off or
/// protected.
fn is_sensible(action: Action, account: &Account) -> bool {
    let helpful = account.state.can_be_helped() && account.protection.is_none();
    helpful && (action != Action::Unlock || account.state.locked.is_some())
}

async fn last_refusal(core: &Core, stored: &Stored) -> Result<Option<Refused>, UseCaseError> {
    Ok(last_operation(core, stored)
        .await?
        .and_then(|operation| match operation.outcome {
            Some(Outcome::Refused { refused }) => Some(refused),
            Some(Outcome::NotDone) => Some(Refused::DirectoryAway),
            Some(Outcome::Done | Outcome::NeverKnown) | None => None,
        }))
}

async fn last_operation(core: &Core, stored: &Stored) -> Result<Option<Operation>, UseCaseError> {
    let id = stored.id;
    Ok(core.store.read(move |c| operation::last_of(c, &id)).await?)
}

/// While the directory may still answer this is "please wait"; later nobody knows yet, and the page says so.
async fn acting_stage(core: &Core, stored: &Stored, action: Action) -> Result<Stage, UseCaseError> {
    let operation = last_operation(core, stored)
        .await?
        .ok_or(ProblemKind::RecoveryOver)?;
    let action = action.to_wire();
    Ok(
        if core.now().since(operation.asked_at) < DIRECTORY_ANSWERS_WITHIN {
            Stage::Acting { action }
        } else {
            Stage::Unknown {
                action,
                reference: operation.reference,
            }
        },
    )
}

async fn ended_stage(core: &Core, stored: &Stored, ended: &Ended) -> Result<Stage, UseCaseError> {
    let action = match ended.how {
        Ending::Expired | Ending::Cancelled => return Err(ProblemKind::RecoveryOver.into()),
        Ending::Done { action } | Ending::Unknown { action } => action,
    };
    let operation = last_operation(core, stored)
        .await?
        .ok_or(ProblemKind::RecoveryOver)?;
    Ok(match (ended.how, &operation.outcome) {
        // What nobody knew may have been found out since.
        (Ending::Done { .. }, _) | (_, Some(Outcome::Done)) => Stage::Done {
            action: action.to_wire(),
            unlocked: operation.unlock_too || action == Action::Unlock,
            at: operation.asked_at.0,
        },
        _ => Stage::Unknown {
            action: action.to_wire(),
            reference: operation.reference,
        },
    })
}

/// Which rules hold for the new password; `None` where there is none.
pub(super) fn writing(action: Action) -> Option<Writing> {
    match action {
        Action::Unlock => None,
        Action::Reset => Some(Writing::Reset),
        Action::Change => Some(Writing::Change),
    }
}

fn account_view(account: &Account, too_young: Option<Timestamp>) -> AccountView {
    let state = &account.state;
    AccountView {
        name: account.name.clone(),
        display_name: account.display_name.clone(),
        enabled: state.enabled,
        locked: state.locked.is_some(),
        locked_until: state.locked.and_then(|lock| lock.until).map(|at| at.0),
        expired: state.expired.map(|at| at.0),
        password_expired: state.password_expired,
        must_change: state.must_change,
        too_young_until: too_young.map(|at| at.0),
        password_expires: state.password_expires.map(|at| at.0),
        protected: account.protection.is_some(),
    }
}
