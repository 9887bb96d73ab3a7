//! Makes a sheet of recovery codes. The former sheet is good until the new one is kept and counts.

use std::sync::Arc;

use contract::ProblemKind;
use contract::enrolment::{Enrolment, Outward, ReplyKey};
use contract::recovery::Sealed;
use domain::Method;
use serde::Serialize;
use sqlite::Connection;
use zeroize::Zeroizing;

use super::look;
use super::open::{self, NewFactor, Open, Request, Step};
use crate::core::Core;
use crate::factor::recovery_codes;
use crate::keys::Handle;
use crate::store::factor::{self, Factor};
use crate::usecase::recovery::blocks;
use crate::usecase::{Caller, UseCaseError};

/// What the page shows, in the browser only.
#[derive(Serialize)]
struct Shown<'a> {
    codes: Vec<&'a str>,
}

/// Makes ten codes and gives them away, sealed to the key that the browser sent in its box.
///
/// # Errors
/// `OtherProofNeeded` when a sheet stands there that this enrolment may not replace, `StaleStep` for a box of
/// an earlier page, and the rules of enrolment.
pub async fn begin(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
    sealed: Sealed,
) -> Result<Outward, UseCaseError> {
    let (block, asked) = blocks::open::<ReplyKey>(core, handle, &sealed.seal, &sealed.boxed)?;
    Request::new(core, caller, handle)
        .look(demand_replaceable)
        .await?;
    let sheet = recovery_codes::new_sheet(&*core.randomness);
    let shown = Shown {
        codes: sheet.iter().map(|code| code.shown.as_str()).collect(),
    };
    let outward = open::seal_to_browser(core, &asked.reply_key, &sealed.seal, &shown)?;
    let mut hashes = Vec::with_capacity(sheet.len());
    for code in &sheet {
        hashes.push((code.selector.clone(), recovery_codes::hash(core, code).await));
    }
    let id = core.new_id();
    // The sheet's secrets are the hashes beside it; it has none of its own.
    let secret = Zeroizing::default();
    let new = NewFactor {
        id,
        method: Method::RecoveryCode,
        label: String::new(),
        secret,
    };
    Request::new(core, caller, handle)
        .change(move |c, mut open| {
            demand_replaceable(c, &open)?;
            open.spend(c, &block, Step::RecoveryCodes)?;
            open.begin(c, new)?;
            for (selector, hash) in &hashes {
                factor::insert_code(c, &id, selector, hash)?;
            }
            Ok(())
        })
        .await?;
    Ok(Outward {
        seal: sealed.seal,
        outward,
        next: None,
    })
}

/// Takes the person's word that the new codes are kept. A sheet that counts stays good until the new one does, so that
/// the account has codes on every day; one that was still on hold is replaced at once.
///
/// # Errors
/// `NothingPending` without a sheet that awaits it.
pub async fn confirm(core: &Arc<Core>, caller: &Caller, handle: &Handle) -> Result<Enrolment, UseCaseError> {
    let account = open::account(core, caller, handle).await?;
    let owner = account.clone();
    Request::new(core, caller, handle)
        .change(move |c, open| {
            let pending = open.pending(c, Method::RecoveryCode)?;
            demand_replaceable(c, &open)?;
            let former = sheets(c, &open)?;
            open.confirm(c, &pending, &owner)?;
            let hold = open.core.settings.hold;
            let counts = |sheet: &Factor| sheet.counts_from.is_some_and(|from| from <= open.now);
            for sheet in former.iter().filter(|sheet| hold.is_zero() || !counts(sheet)) {
                open.remove(c, sheet)?;
            }
            Ok(())
        })
        .await?;
    look::page(core, caller, handle, &account, false).await
}

fn demand_replaceable(c: &Connection, open: &Open) -> Result<(), UseCaseError> {
    if sheets(c, open)?.iter().all(|sheet| open.may_remove(sheet, &[])) {
        return Ok(());
    }
    Err(ProblemKind::OtherProofNeeded.into())
}

/// The sheets that were confirmed.
fn sheets(c: &Connection, open: &Open) -> Result<Vec<Factor>, UseCaseError> {
    let mut factors = open.factors(c)?;
    factors.retain(|factor| factor.method == Method::RecoveryCode && factor.counts_from.is_some());
    Ok(factors)
}
