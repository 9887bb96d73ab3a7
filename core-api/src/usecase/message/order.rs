//! A sender orders something for a message of his: the rules of whose it is, and for how long it may be extended.

use std::sync::Arc;
use std::time::Duration;

use contract::ProblemKind;
use contract::sync::Order;
use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::{self, By, Ordered};
use super::send::Sender;
use super::show::own;
use crate::core::Core;
use crate::store::Id;
use crate::usecase::UseCaseError;

/// What can be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// Nobody shall open it.
    Revoke,
    /// It shall end this many seconds from now.
    Extend {
        /// How many.
        expires_in: u64,
    },
    /// Wrong passphrases shall be borne again. Once.
    Unlock,
    /// It is locked, and nobody shall open it.
    Destroy,
}

/// Orders it, for a message of `owner` only where one is named. Gives the command that is on its way to the site;
/// `None` where the message never left, so that it is done already.
///
/// # Errors
/// `NotFound` for an unknown message and for somebody else's, `MessageOver` for one that ended, `NotLocked` for
/// an order that does not fit its state, `TooMany` where too much waits for it already.
pub async fn order(
    core: &Arc<Core>,
    sender: &Sender,
    owner: Option<&str>,
    id: Id,
    wanted: Wanted,
) -> Result<Option<Id>, UseCaseError> {
    let order = match wanted {
        Wanted::Revoke => Order::Revoke,
        Wanted::Unlock => Order::Unlock,
        Wanted::Destroy => Order::Destroy,
        Wanted::Extend { expires_in } => Order::Extend {
            expires_at: extended(core, expires_in)?.0,
        },
    };
    let owner = owner.map(str::to_owned);
    let is_own = core
        .store
        .read(move |c| Ok(own(c, owner.as_deref(), &id)?.is_some()))
        .await?;
    if !is_own {
        return Err(ProblemKind::NotFound.into());
    }
    let by = By {
        operator: sender.name.clone(),
        through: sender.through.clone(),
        reference: sender.reference.clone(),
    };
    match command::order(core, id, order, by).await? {
        Ordered::Done => Ok(None),
        Ordered::Queued(command) => Ok(Some(command)),
        Ordered::Unknown => Err(ProblemKind::NotFound.into()),
        Ordered::Ended(_) => Err(ProblemKind::MessageOver.into()),
        Ordered::TooMany => Err(ProblemKind::TooMany.into()),
        Ordered::Unfitting => Err(ProblemKind::NotLocked.into()),
    }
}

fn extended(core: &Core, expires_in: u64) -> Result<Timestamp, UseCaseError> {
    let span = Duration::from_secs(expires_in);
    if span.is_zero() || span > core.settings.messages.longest_expiry {
        return Err(ProblemKind::Malformed.into());
    }
    Ok(core.now().plus(span))
}
