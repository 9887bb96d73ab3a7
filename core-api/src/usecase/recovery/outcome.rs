//! The transaction after the directory was asked: the outcome, the audit, the recovery's end or return, and the
//! notices, all at once and before anybody is told.

use std::sync::Arc;

use contract::recovery::Refused;
use directory::Settled;
use domain::recovery::{Acting, Recovery};
use domain::{Account, OperationId, Timestamp};
use sqlite::Connection;

use super::notify::{self, Notice, Notices};
use crate::core::Core;
use crate::store::audit::{Event, Personal, operation_text};
use crate::store::operation::{self, Operation, Outcome};
use crate::store::{StoreError, audit, freeze, recovery};
use crate::usecase::UseCaseError;
/// What reading back shows of an operation that got no answer.
pub(super) fn outcome_from(settled: Settled) -> Option<Outcome> {
    match settled {
        Settled::Done => Some(Outcome::Done),
        Settled::NotDone => Some(Outcome::NotDone),
        Settled::CannotTell => None,
    }
}

/// Settles an operation: outcome, audit, the recovery's end or return, and notices, all in one transaction.
pub(super) async fn settle(
    core: &Arc<Core>,
    id: OperationId,
    account: Option<&Account>,
    outcome: Outcome,
    later: bool,
) -> Result<(), UseCaseError> {
    let now = core.now();
    let Some(operation) = core.store.read(move |c| operation::by_id(c, id)).await? else {
        return Ok(());
    };
    let notices = match outcome {
        Outcome::Done => Some(Notice::of(operation.action)),
        Outcome::NeverKnown => Some(Notice::Unknown),
        Outcome::Refused { .. } | Outcome::NotDone => None,
    }
    // Without an account there is nobody left to tell.
    .zip(account)
    .map(|(notice, account)| notify::prepare(core, account, notice, operation.recovery));
    let entry = core.entry(
        Event::Outcome {
            action: operation.action,
            operation: operation_text(id),
            result: outcome_word(&outcome).to_owned(),
            settled_later: later,
        },
        &operation.reference,
        "core",
        Personal {
            account: Some(operation.account.to_string()),
            name: account.map(|account| account.name.clone()),
            ..Personal::default()
        },
    );
    metrics::counter!("actions_total", "action" => operation.action.name(), "result" => outcome_word(&outcome))
        .increment(1);
    core.store
        .write(move |c| write_outcome(c, &operation, &outcome, &entry, notices, now))
        .await?;
    core.wake.settled.notify_waiters();
    core.wake.outbox.notify_one();
    Ok(())
}

fn write_outcome(
    c: &Connection,
    operation: &Operation,
    outcome: &Outcome,
    entry: &audit::Entry,
    notices: Option<Notices>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !operation::settle(c, operation.id, outcome, now)? {
        return Ok(());
    }
    audit::append(c, entry, now)?;
    lead_on(c, operation, outcome)?;
    match notices {
        Some(notices) => notices.queue(c, now),
        None => Ok(()),
    }
}

/// The recovery's end, or its return to where another try can be made.
fn lead_on(c: &Connection, operation: &Operation, outcome: &Outcome) -> Result<(), StoreError> {
    let Some(mut stored) = recovery::by_id(c, &operation.recovery)? else {
        return Ok(());
    };
    let Recovery::Acting(acting) = stored.recovery else {
        return Ok(());
    };
    stored.recovery = match outcome {
        Outcome::Done => Recovery::Ended(acting.done()),
        Outcome::Refused { .. } | Outcome::NotDone => goes_on(c, acting)?,
        Outcome::NeverKnown => Recovery::Ended(acting.unknown()),
    };
    recovery::save(c, &stored)
}

/// Another try can be made, unless the owner said in the meantime that this is not him.
fn goes_on(c: &Connection, acting: Acting) -> Result<Recovery, StoreError> {
    let frozen = freeze::is_frozen(c, acting.account())?;
    let proved = Recovery::Proved(acting.refused());
    Ok(if frozen {
        proved.clone().cancel().unwrap_or(proved)
    } else {
        proved
    })
}

fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Refused { refused } => refusal_word(refused),
        Outcome::NotDone => "not-done",
        Outcome::NeverKnown => "never-known",
    }
}

/// A refusal in one lasting word, for the audit.
pub(super) fn refusal_word(refused: &Refused) -> &'static str {
    match refused {
        Refused::Rules { .. } => "rules",
        Refused::Domain { .. } => "domain",
        Refused::WrongPassword { .. } => "wrong-password",
        Refused::NoMoreTries => "no-more-tries",
        Refused::Mismatch => "mismatch",
        Refused::TooManyToday => "too-many-today",
        Refused::Forbidden { .. } => "forbidden",
        Refused::DirectoryAway => "directory-away",
    }
}
