//! An administrator invites somebody to set up recovery.

use std::time::Duration;

use directory::DirectoryError;
use domain::{AccountId, Identifier, Timestamp};
use zeroize::Zeroizing;

use crate::core::Core;
use crate::factor::invitation;
use crate::store::audit::{Event, Personal};
use crate::usecase::UseCaseError;

/// Selectors are short, so two invitations may draw the same one.
const DRAWS: usize = 4;

/// An invitation, shown once.
pub struct Invited {
    /// The code to hand out. Stored nowhere.
    pub code: Zeroizing<String>,
    /// The account's name in the directory, so that whoever invites sees whom.
    pub name: String,
    /// When it ends.
    pub until: Timestamp,
}

/// Why nobody was invited, in words for an administrator.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Nobody has this name.
    #[error("the directory knows nobody by this name")]
    Unknown,
    /// Two accounts have it.
    #[error("more than one account has this name; write DOMAIN\\name or the full user principal name")]
    Ambiguous,
    /// Computers and services do not recover.
    #[error("this account belongs to no person")]
    NotAPerson,
    /// Something else is wrong.
    #[error(transparent)]
    Failed(#[from] UseCaseError),
}

/// Whom an administrator's command is about, and on whose word.
pub struct AskedAbout<'a> {
    /// The identifier, as typed.
    pub identifier: &'a str,
    /// The administrator, for the audit.
    pub operator: &'a str,
    /// The reference of the asked.
    pub reference: &'a str,
}

/// Makes a one-time code for the account that is meant.
pub async fn invite(core: &Core, asked: &AskedAbout<'_>, lifetime: Duration) -> Result<Invited, InviteError> {
    let (account, name) = find(core, asked.identifier).await?;
    let personal = Personal {
        account: Some(account.to_string()),
        name: Some(name.clone()),
        operator: Some(asked.operator.to_owned()),
        ..Personal::default()
    };
    let now = core.now();
    let until = now.plus(lifetime);
    for _ in 0..DRAWS {
        let new = invitation::new(&*core.randomness);
        let entry = core.entry(
            Event::Invitation { used: false },
            asked.reference,
            "command",
            personal.clone(),
        );
        let operator = asked.operator.to_owned();
        let stored = core
            .store
            .write(move |c| {
                if crate::store::invitation::is_taken(c, &new.selector)? {
                    return Ok(None);
                }
                crate::store::invitation::insert(
                    c,
                    &new.selector,
                    &new.hash,
                    account,
                    &operator,
                    now,
                    until,
                )?;
                crate::store::audit::append(c, &entry, now)?;
                Ok(Some(new.shown))
            })
            .await
            .map_err(UseCaseError::from)?;
        if let Some(code) = stored {
            return Ok(Invited { code, name, until });
        }
    }
    Err(UseCaseError::from(contract::ProblemKind::Internal).into())
}

/// The account that an administrator means.
pub(super) async fn find(core: &Core, identifier: &str) -> Result<(AccountId, String), InviteError> {
    let lookup = Identifier::parse(identifier)
        .lookup()
        .ok_or(InviteError::Unknown)?;
    let found = core.directory.find(&lookup).await.map_err(|error| match error {
        DirectoryError::Ambiguous => InviteError::Ambiguous,
        DirectoryError::NotFound => InviteError::Unknown,
        other => InviteError::Failed(other.into()),
    })?;
    let account = found.ok_or(InviteError::Unknown)?;
    if account.kind != domain::AccountKind::Person {
        return Err(InviteError::NotAPerson);
    }
    Ok((account.id, account.name))
}
