//! Settles operations whose outcome nobody knows, by reading back what the directory shows now.

use std::sync::Arc;
use std::time::Duration;

use directory::{DirectoryError, Evidence};
use domain::{Account, OperationId};

use super::outcome::{outcome_from, settle};
use crate::core::Core;
use crate::store::StoreError;
use crate::store::audit::operation_text;
use crate::store::operation::{self, Operation, Outcome};
use crate::usecase::UseCaseError;

/// A write that was sent is over on the controller by then: its own limit is 5 s.
const SURELY_OVER: Duration = Duration::from_secs(15);

/// After this long an operation that nothing tells about is recorded as never known.
const GIVE_UP: Duration = Duration::from_hours(24);

/// Tries to settle every open operation that is surely over. Run at start and every minute.
///
/// # Errors
/// When the store fails; a directory that is away leaves them open.
pub async fn settle_all(core: &Arc<Core>) -> Result<(), UseCaseError> {
    let before = core.now().minus(SURELY_OVER);
    for operation in core.store.read(move |c| operation::open_since(c, before)).await? {
        // One that cannot be settled must not keep the others open.
        if let Err(error) = settle_one(core, operation.id).await {
            tracing::error!(operation = operation_text(operation.id), cause = %error, "an outcome stays open");
        }
    }
    Ok(())
}

/// Tries to settle one operation; leaves it open when the directory tells nothing.
///
/// # Errors
/// When the store fails.
pub async fn settle_one(core: &Arc<Core>, id: OperationId) -> Result<(), UseCaseError> {
    let Some(operation) = core.store.read(move |c| operation::by_id(c, id)).await? else {
        return Ok(());
    };
    let age = core.now().since(operation.asked_at);
    let (account, shown) = match look(core, &operation).await {
        Ok((account, shown)) => (Some(account), shown),
        Err(error) => {
            let why = error.to_string();
            tracing::warn!(
                operation = operation_text(id),
                why,
                "the directory does not tell what became of a write"
            );
            (None, None)
        }
    };
    // "Not done" is only sure once the write cannot be on its way any more.
    let outcome = match shown {
        Some(Outcome::NotDone) if age < SURELY_OVER => None,
        None if age > GIVE_UP => Some(Outcome::NeverKnown),
        other => other,
    };
    match outcome {
        Some(outcome) => settle(core, id, account.as_ref(), outcome, true).await,
        None => Ok(()),
    }
}

/// The account, and what the directory shows about the operation now.
async fn look(core: &Core, operation: &Operation) -> Result<(Account, Option<Outcome>), UseCaseError> {
    let before: Evidence = serde_json::from_str(&operation.evidence).map_err(StoreError::from)?;
    let account = core.directory.read(operation.account).await?;
    let account = account.ok_or(DirectoryError::NotFound)?;
    let after = core.directory.evidence(operation.account).await?;
    Ok((account, outcome_from(before.shows(&after, operation.action))))
}
