//! Sets up a mailbox for codes: a code to the address, then that code back.

use std::sync::Arc;

use contract::ProblemKind;
use contract::enrolment::{Enrolment, NewEmail};
use contract::recovery::{ProofSecret, Sealed};
use domain::{Method, Timestamp};
use sqlite::Connection;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::look;
use super::open::{self, NewFactor, Open, Request, Step};
use crate::core::Core;
use crate::keys::Handle;
use crate::mail::address::{destination_key, is_usable, masked};
use crate::mail::letter::{CodePurpose, Content, Letter, Secret};
use crate::store::tally::{self, Tally};
use crate::store::{Id, StoreError, code, factor};
use crate::usecase::recovery::blocks;
use crate::usecase::recovery::send_code::eight_digits;
use crate::usecase::{Caller, UseCaseError};
use crate::worker::outbox::{Job, queue};

/// Sends a code to a new address. An earlier address that was not confirmed is void.
///
/// # Errors
/// `UnusableAddress` for one that codes may not go to or that is enrolled, `TooMany` when too many codes were
/// sent for this account or to this address, and the rules of enrolment.
pub async fn begin(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
    asked: NewEmail,
) -> Result<Enrolment, UseCaseError> {
    let account = open::account(core, caller, handle).await?;
    let address = asked.address.trim().to_owned();
    if !is_usable(&address, &core.settings.own_mail_domains) {
        return Err(ProblemKind::UnusableAddress.into());
    }
    Request::new(core, caller, handle)
        .change(move |c, open| {
            open.demand_offered(Method::EmailCode)?;
            refuse_enrolled(c, &open, &address)?;
            count_sending(c, &open, &address)?;
            let id = open.core.new_id();
            let secret = Zeroizing::new(address.clone().into_bytes());
            open.begin(
                c,
                NewFactor {
                    id,
                    method: Method::EmailCode,
                    label: masked(&address),
                    secret,
                },
            )?;
            send(c, &open, id, address)
        })
        .await?;
    look::page(core, caller, handle, &account, false).await
}

/// Takes the code that was sent to the new address.
///
/// # Errors
/// `NothingPending` when no code awaits its return, or it was tried too often; `StaleStep` for a box of an
/// earlier page.
pub async fn confirm(
    core: &Arc<Core>,
    caller: &Caller,
    handle: &Handle,
    sealed: Sealed,
) -> Result<Enrolment, UseCaseError> {
    let (block, secret) = blocks::open::<ProofSecret>(core, handle, &sealed.seal, &sealed.boxed)?;
    let typed = Zeroizing::new(secret.code);
    let account = open::account(core, caller, handle).await?;
    let owner = account.clone();
    let right = Request::new(core, caller, handle)
        .change(move |c, mut open| {
            let pending = open.pending(c, Method::EmailCode)?;
            open.spend(c, &block, Step::EmailConfirmation)?;
            if !take_code(c, &open, &pending.id, &typed)? {
                return Ok(false);
            }
            open.confirm(c, &pending, &owner)?;
            Ok(true)
        })
        .await?;
    look::page(core, caller, handle, &account, !right).await
}

fn refuse_enrolled(c: &Connection, open: &Open, address: &str) -> Result<(), UseCaseError> {
    for factor in factor::of_account(c, open.proved.account())? {
        if factor.method != Method::EmailCode || factor.counts_from.is_none() {
            continue;
        }
        let known = open
            .core
            .at_rest
            .open(&factor.id, &factor.secret)
            .map_err(StoreError::from)?;
        if known.eq_ignore_ascii_case(address.as_bytes()) {
            return Err(ProblemKind::UnusableAddress.into());
        }
    }
    Ok(())
}

/// The same budgets as for codes that prove somebody, so that nobody's mailbox is filled through this page.
fn count_sending(c: &Connection, open: &Open, address: &str) -> Result<(), UseCaseError> {
    let limits = &open.core.settings.limits;
    let (account, destination, now) = (open.proved.account().0, destination_key(address), open.now);
    let waits = [
        tally::wait(c, Tally::CodeForAccount, &account, limits.codes_an_hour, now)?,
        tally::wait(c, Tally::CodeForAccount, &account, limits.codes_a_day, now)?,
        tally::wait(
            c,
            Tally::CodeToDestination,
            &destination,
            limits.codes_to_destination,
            now,
        )?,
    ];
    let wait = waits.into_iter().max().unwrap_or_default();
    if !wait.is_zero() {
        return Err(UseCaseError::TooManyFor(wait));
    }
    tally::add(c, Tally::CodeForAccount, &account, now)?;
    tally::add(c, Tally::CodeToDestination, &destination, now)?;
    Ok(())
}

/// Stores a code that answers for the pending factor, and queues its letter.
fn send(c: &Connection, open: &Open, challenge: Id, to: String) -> Result<(), UseCaseError> {
    let (core, now, until) = (&open.core, open.now, good_until(open));
    let (row, digits) = (core.new_id(), eight_digits(&*core.randomness));
    let mac = core.derived.code_mac(&row, &digits);
    let account = open.proved.account();
    code::replace(
        c,
        &row,
        &open.stored.id,
        &challenge,
        account,
        Method::EmailCode,
        &mac,
        now,
        until,
    )?;
    let content = Content::Code {
        purpose: CodePurpose::Confirm,
        code: Secret::new(digits.to_string()),
        asked: now,
        until,
        place: open.stored.source.clone(),
    };
    let letter = Letter {
        to,
        language: open.stored.language.clone(),
        content,
    };
    queue(
        c,
        &core.at_rest,
        &*core.randomness,
        &core.new_id(),
        &Job::Mail(letter),
        now,
        until,
    )?;
    Ok(())
}

/// The enrolment itself may end before the code would, and the letter must not promise more than holds.
fn good_until(open: &Open) -> Timestamp {
    let lifetime = Method::EmailCode.code_lifetime().unwrap_or_default();
    open.now.plus(lifetime).min(open.proved.until())
}

/// Spends the code if it was typed right, and counts a wrong try against it.
fn take_code(c: &Connection, open: &Open, challenge: &Id, typed: &str) -> Result<bool, UseCaseError> {
    let typed: Zeroizing<String> = Zeroizing::new(
        typed
            .chars()
            .filter(|character| !character.is_whitespace() && *character != '-')
            .collect(),
    );
    let most = open.core.settings.limits.tries_a_code;
    let sent = code::current(c, &open.stored.id, challenge, Method::EmailCode, most, open.now)?
        .ok_or(ProblemKind::NothingPending)?;
    let mac = open.core.derived.code_mac(&sent.id, &typed);
    if bool::from(mac.ct_eq(&sent.mac)) && code::spend(c, &sent.id, open.now)? {
        return Ok(true);
    }
    code::count_wrong(c, &open.stored.id, challenge)?;
    Ok(false)
}
