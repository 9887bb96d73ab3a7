//! Ends a recovery at the person's wish.

use contract::ProblemKind;
use domain::recovery::Recovery;

use super::load::{Named, named};
use crate::core::Core;
use crate::keys::Handle;
use crate::store::audit::{Entry, Event, Personal};
use crate::store::{audit, recovery};
use crate::usecase::{Caller, UseCaseError};

/// Ends it. Ending what is over is no error, for the wish is fulfilled.
///
/// # Errors
/// `RecoveryOver` for a handle that names none.
pub async fn cancel(core: &Core, caller: &Caller, handle: &Handle) -> Result<(), UseCaseError> {
    let (hash, caller, now) = (handle.hash(), caller.clone(), core.now());
    let salt = core.new_salt();
    let known = core
        .store
        .write(move |c| {
            let mut stored = match named(c, &hash, &caller, now)? {
                Named::Current(stored) => stored,
                Named::Former(_) | Named::Nothing | Named::Paused => return Ok(false),
            };
            if let Ok(Recovery::Ended(ended)) = stored.recovery.clone().cancel() {
                let account = ended.account;
                stored.recovery = Recovery::Ended(ended);
                recovery::save(c, &stored)?;
                let entry = Entry {
                    event: Event::Cancelled {
                        purpose: stored.recovery.purpose(),
                    },
                    reference: caller.reference.clone(),
                    through: caller.portal.clone(),
                    personal: Personal::of(account, &stored.identifier, &stored.source),
                    salt,
                };
                audit::append(c, &entry, now)?;
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
