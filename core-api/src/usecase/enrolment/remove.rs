//! Removes a factor.

use std::sync::Arc;

use contract::ProblemKind;
use contract::enrolment::Enrolment;
use data_encoding::BASE64URL_NOPAD;
use domain::Method;
use sqlite::Connection;

use super::look;
use super::open::{self, Open, Request};
use crate::core::Core;
use crate::keys::Handle;
use crate::store::factor::{self, Factor};
use crate::usecase::recovery::notify::Notice;
use crate::usecase::{Caller, UseCaseError};

/// Removes the factor with this id.
///
/// # Errors
/// `NotFound` when the account has none with this id, `LastFactor` when nothing would be left to recover with,
/// `OtherProofNeeded` for one that this enrolment may not remove.
pub async fn remove(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
    factor_id: &str,
) -> Result<Enrolment, UseCaseError> {
    let id = BASE64URL_NOPAD
        .decode(factor_id.as_bytes())
        .map_err(|_| ProblemKind::NotFound)?;
    let account = open::account(core, caller, handle).await?;
    let owner = account.clone();
    Request::new(core, caller, handle)
        .change(move |c, open| {
            let (gone, others): (Vec<_>, Vec<_>) = open
                .factors(c)?
                .into_iter()
                .filter(|factor| factor.counts_from.is_some())
                .partition(|factor| factor.id == *id);
            let gone = gone.first().ok_or(ProblemKind::NotFound)?;
            if !open.may_remove(gone, &others) {
                return Err(ProblemKind::OtherProofNeeded.into());
            }
            if !someone_can_recover(c, &open, gone, &others)? {
                return Err(ProblemKind::LastFactor.into());
            }
            // Before it goes: a mailbox that is removed is told too.
            open.tell(c, &owner, Notice::FactorRemoved)?;
            open.remove(c, gone)
        })
        .await?;
    look::page(core, caller, handle, &account, false).await
}

/// Whether another factor counts no later than the one that goes would have, so that there is no day on which
/// the account cannot be recovered because of this.
fn someone_can_recover(
    c: &Connection,
    open: &Open,
    gone: &Factor,
    others: &[Factor],
) -> Result<bool, UseCaseError> {
    let needed_from = gone.counts_from.max(Some(open.now));
    for other in others.iter().filter(|other| other.counts_from <= needed_from) {
        if other.method != Method::RecoveryCode || factor::codes_left(c, &other.id)? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}
