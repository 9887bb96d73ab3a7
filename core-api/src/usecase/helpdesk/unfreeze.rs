//! Self-service of an account is allowed again, after its owner had stopped it.

use super::invite::{AskedAbout, InviteError, find};
use crate::core::Core;
use crate::store::audit::{Event, Personal};
use crate::store::{audit, freeze};
use crate::usecase::UseCaseError;

/// Lifts the freeze; gives the account's name, and whether there was one.
pub async fn unfreeze(core: &Core, asked: &AskedAbout<'_>) -> Result<(String, bool), InviteError> {
    let (account, name) = find(core, asked.identifier).await?;
    let personal = Personal {
        account: Some(account.to_string()),
        name: Some(name.clone()),
        operator: Some(asked.operator.to_owned()),
        ..Personal::default()
    };
    let entry = core.entry(
        Event::Freeze { frozen: false },
        asked.reference,
        "command",
        personal,
    );
    let now = core.now();
    let lifted = core
        .store
        .write(move |c| {
            let lifted = freeze::lift(c, account)?;
            if lifted {
                audit::append(c, &entry, now)?;
            }
            Ok(lifted)
        })
        .await
        .map_err(UseCaseError::from)?;
    Ok((name, lifted))
}
