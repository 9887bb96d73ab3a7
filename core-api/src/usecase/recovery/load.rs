//! Finding the recovery that a handle names.

use std::pin::pin;
use std::time::Duration;

use contract::ProblemKind;
use domain::Timestamp;
use sqlite::Connection;
use tokio::time::{Instant, timeout_at};

use crate::core::Core;
use crate::keys::Handle;
use crate::store::recovery::{self, Stored};
use crate::store::{StoreError, pause};
use crate::usecase::{Caller, UseCaseError};

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
    Ok(current_and(core, caller, handle, |_, _| Ok(())).await?.0)
}

/// How a recovery stands after it was waited for.
pub(crate) struct Waited {
    /// The recovery.
    pub stored: Stored,
    /// Whether it is as it was wanted.
    pub ready: bool,
}

/// Waits, but no longer than `patience`, until the recovery with this current handle is as it is wanted. `is_ready`
/// is asked again each time that some recovery was resolved or settled.
///
/// # Errors
/// `RecoveryOver` when there is none (any more).
pub(crate) async fn wait_until(
    core: &Core,
    caller: &Caller,
    handle: &Handle,
    patience: Duration,
    is_ready: impl Fn(&Connection, &Stored) -> Result<bool, StoreError> + Clone + Send + 'static,
) -> Result<Waited, UseCaseError> {
    let deadline = Instant::now() + patience;
    loop {
        // Listens before it looks, so that nothing is missed in between.
        let mut waiting = pin!(core.wake.settled.notified());
        waiting.as_mut().enable();
        let (stored, ready) = current_and(core, caller, handle, is_ready.clone()).await?;
        if ready || timeout_at(deadline, waiting).await.is_err() {
            return Ok(Waited { stored, ready });
        }
    }
}

/// The recovery with this current handle, and what is read about it at the same moment.
async fn current_and<T: Send + 'static>(
    core: &Core,
    caller: &Caller,
    handle: &Handle,
    read: impl FnOnce(&Connection, &Stored) -> Result<T, StoreError> + Send + 'static,
) -> Result<(Stored, T), UseCaseError> {
    let (hash, caller, now) = (handle.hash(), caller.clone(), core.now());
    let found = core
        .store
        .read(move |c| {
            Ok(match named(c, &hash, &caller, now)? {
                Named::Current(stored) => {
                    let read = read(c, &stored)?;
                    Ok((*stored, read))
                }
                Named::Paused => Err(ProblemKind::Paused),
                Named::Former(_) | Named::Nothing => Err(ProblemKind::RecoveryOver),
            })
        })
        .await?;
    Ok(found?)
}

fn at(stored: Stored, now: Timestamp) -> Stored {
    Stored {
        recovery: stored.recovery.at(now),
        ..stored
    }
}
