//! Finds out whom an identifier means. Run by a worker, never within a request.

use directory::DirectoryError;
use domain::policy::Policy;
use domain::recovery::Recovery;
use domain::{Account, AccountId, AccountKind, Identifier};

use crate::core::Core;
use crate::store::audit::{Event, Found, Personal};
use crate::store::recovery::Stored;
use crate::store::{Id, audit, freeze, recovery};
use crate::usecase::UseCaseError;

/// Resolves one recovery. Resolving twice changes nothing.
///
/// # Errors
/// When the directory does not answer: try again.
pub async fn resolve(core: &Core, id: Id) -> Result<(), UseCaseError> {
    let now = core.now();
    let Some(mut stored) = core.store.read(move |c| recovery::by_id(c, &id)).await? else {
        return Ok(());
    };
    stored.recovery = stored.recovery.at(now);
    if !matches!(&stored.recovery, Recovery::Proving(_)) {
        // Its time was over before the directory answered.
        return Ok(core.store.write(move |c| recovery::save(c, &stored)).await?);
    }
    let (found, subject) = find(core, &stored).await?;
    let personal = Personal::of(
        subject.as_ref().map(|(account, _)| *account),
        &stored.identifier,
        &stored.source,
    );
    let settle = |found| core.entry(Event::Resolved { found }, "", &stored.portal, personal.clone());
    let (entry, frozen_entry) = (settle(found), settle(Found::Frozen));
    core.store
        .write(move |c| {
            let Some(mut stored) = recovery::by_id(c, &id)? else {
                return Ok(());
            };
            let Recovery::Proving(proving) = stored.recovery else {
                return Ok(());
            };
            if proving.is_resolved() {
                return Ok(());
            }
            let frozen = subject
                .as_ref()
                .map(|(account, _)| freeze::is_frozen(c, *account))
                .transpose()?;
            let subject = subject.as_ref().filter(|_| frozen != Some(true));
            stored.recovery =
                Recovery::Proving(proving.resolve(subject.map(|(account, policy)| (*account, policy))));
            audit::append(
                c,
                if frozen == Some(true) {
                    &frozen_entry
                } else {
                    &entry
                },
                now,
            )?;
            recovery::save(c, &stored)
        })
        .await?;
    core.wake.settled.notify_waiters();
    Ok(())
}

/// Asks the directory, unless no account can have such a name.
async fn find(core: &Core, stored: &Stored) -> Result<(Found, Option<(AccountId, Policy)>), UseCaseError> {
    let Some(lookup) = Identifier::parse(&stored.identifier).lookup() else {
        return Ok((Found::Unknown, None));
    };
    match core.directory.find(&lookup).await {
        Ok(None) | Err(DirectoryError::NotFound) => Ok((Found::Unknown, None)),
        Err(DirectoryError::Ambiguous) => Ok((Found::Ambiguous, None)),
        // If it stayed open, the waiting would tell that there is such an account.
        Err(DirectoryError::Unreadable(_)) => Ok((Found::Unreadable, None)),
        Err(error) => Err(error.into()),
        Ok(Some(account)) => Ok(judge(core, stored, &account)),
    }
}

fn judge(core: &Core, stored: &Stored, account: &Account) -> (Found, Option<(AccountId, Policy)>) {
    if account.kind != AccountKind::Person {
        return (Found::NotAPerson, None);
    }
    match core
        .settings
        .policies
        .matching(account, stored.recovery.purpose())
    {
        None => (Found::NoPolicy, None),
        Some(policy) => (Found::Account, Some((account.id, policy.clone()))),
    }
}
