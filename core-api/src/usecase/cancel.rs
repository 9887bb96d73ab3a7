//! Ends a recovery at the person's wish.

use contract::ProblemKind;

use super::load::{Named, named};
use super::{Caller, UseCaseError};
use crate::core::Core;
use crate::keys::Handle;
use crate::store::recovery;

/// Ends it. Ending what is over is no error, for the wish is fulfilled.
///
/// # Errors
/// `RecoveryOver` for a handle that names none.
pub async fn cancel(core: &Core, caller: &Caller, handle: &Handle) -> Result<(), UseCaseError> {
    let (hash, caller, now) = (handle.hash(), caller.clone(), core.now());
    let known = core
        .store
        .write(move |c| {
            let mut stored = match named(c, &hash, &caller, now)? {
                Named::Current(stored) => stored,
                Named::Former(_) | Named::Nothing | Named::Paused => return Ok(false),
            };
            if let Ok(ended) = stored.recovery.clone().cancel() {
                stored.recovery = ended;
                recovery::save(c, &stored)?;
            }
            Ok(true)
        })
        .await?;
    if known {
        Ok(())
    } else {
        Err(ProblemKind::RecoveryOver.into())
    }
}
