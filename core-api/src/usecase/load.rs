//! Finding the recovery that a handle names.

use contract::ProblemKind;
use domain::Timestamp;
use sqlite::Connection;

use super::{Caller, UseCaseError};
use crate::core::Core;
use crate::keys::Handle;
use crate::store::recovery::{self, Stored};
use crate::store::{StoreError, pause};

/// What a handle names.
pub(crate) enum Named {
    /// The recovery whose current handle it is, as it stands at this moment.
    Current(Box<Stored>),
    /// The recovery whose handle it was before the last passed step.
    Former(Box<Stored>),
    /// None, or none of this portal's origin.
    Nothing,
    /// The portal is paused.
    Paused,
}

/// Looks a handle up for a portal. Every request makes these same calls.
pub(crate) fn named(
    c: &Connection,
    hash: &[u8; 32],
    caller: &Caller,
    now: Timestamp,
) -> Result<Named, StoreError> {
    if pause::is_paused(c, &caller.portal)? {
        return Ok(Named::Paused);
    }
    let current = recovery::by_handle(c, hash)?;
    let former = recovery::by_former_handle(c, hash)?;
    Ok(match (current, former) {
        (Some(stored), _) if stored.origin == caller.origin => Named::Current(Box::new(at(stored, now))),
        (None, Some(stored)) if stored.origin == caller.origin => Named::Former(Box::new(at(stored, now))),
        _ => Named::Nothing,
    })
}

/// The recovery with this current handle.
///
/// # Errors
/// `RecoveryOver` for anything else.
pub(crate) async fn current(core: &Core, caller: &Caller, handle: &Handle) -> Result<Stored, UseCaseError> {
    let (hash, caller, now) = (handle.hash(), caller.clone(), core.now());
    match core.store.read(move |c| named(c, &hash, &caller, now)).await? {
        Named::Current(stored) => Ok(*stored),
        Named::Paused => Err(ProblemKind::Paused.into()),
        Named::Former(_) | Named::Nothing => Err(ProblemKind::RecoveryOver.into()),
    }
}

fn at(stored: Stored, now: Timestamp) -> Stored {
    Stored {
        recovery: stored.recovery.at(now),
        ..stored
    }
}
