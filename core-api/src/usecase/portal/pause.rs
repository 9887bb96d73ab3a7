//! The brake: a portal is paused, and allowed to serve again.

use contract::ProblemKind;

use crate::core::Core;
use crate::store::audit::{Event, Personal};
use crate::store::{audit, pause};
use crate::usecase::UseCaseError;

/// Stops a portal, or all with [`pause::ALL`], until it is resumed. Recoveries under way stop at their next step.
pub async fn pause(
    core: &Core,
    portal: &str,
    why: &str,
    operator: &str,
    reference: &str,
) -> Result<(), UseCaseError> {
    let portal = known(core, portal)?;
    let entry = entry(core, true, &portal, operator, reference);
    let (now, why) = (core.now(), why.to_owned());
    core.store
        .write(move |c| {
            pause::set(c, &portal, &why, now)?;
            audit::append(c, &entry, now)?;
            Ok(())
        })
        .await?;
    tracing::warn!("a portal was paused");
    Ok(())
}

/// Lets a portal serve again; false when it was not paused.
pub async fn resume(
    core: &Core,
    portal: &str,
    operator: &str,
    reference: &str,
) -> Result<bool, UseCaseError> {
    let portal = known(core, portal)?;
    let entry = entry(core, false, &portal, operator, reference);
    let now = core.now();
    let lifted = core
        .store
        .write(move |c| {
            let lifted = pause::lift(c, &portal, now)?;
            if lifted {
                audit::append(c, &entry, now)?;
            }
            Ok(lifted)
        })
        .await?;
    if lifted {
        tracing::warn!("a portal serves again");
    }
    Ok(lifted)
}

fn known(core: &Core, portal: &str) -> Result<String, UseCaseError> {
    let name = portal.to_ascii_lowercase();
    if name == pause::ALL || core.settings.portals.contains_key(&name) {
        Ok(name)
    } else {
        Err(ProblemKind::NotFound.into())
    }
}

/// The portal is no person, but nothing else in the record could say which one it was.
fn entry(core: &Core, paused: bool, portal: &str, operator: &str, reference: &str) -> audit::Entry {
    let personal = Personal {
        name: Some(portal.to_owned()),
        operator: Some(operator.to_owned()),
        ..Personal::default()
    };
    core.entry(Event::Pause { paused }, reference, "command", personal)
}
