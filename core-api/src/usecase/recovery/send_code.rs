//! Prepares a code, or silently does not. Run by the outbox, never within a request: whether anybody gets a code
//! is nothing that the page, or its time, may tell.

use std::sync::Arc;

use domain::budget::Limits;
use domain::clock::random_bytes;
use domain::recovery::Recovery;
use domain::{AccountId, Method, Randomness, Timestamp};
use sqlite::Connection;
use zeroize::Zeroizing;

use crate::core::Core;
use crate::mail::address::{destination_key, is_usable};
use crate::mail::letter::{CodePurpose, Content, Letter, Secret};
use crate::store::audit::{Event, Personal, Sending};
use crate::store::recovery::Stored;
use crate::store::tally::{self, Tally};
use crate::store::{Id, StoreError, audit, code, factor, freeze, outbox, recovery};
use crate::worker::outbox::{Job, queue};

/// The code that somebody asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// In which recovery.
    pub recovery: Id,
    /// For which challenge of it.
    pub challenge: Id,
    /// By which method.
    pub method: Method,
}

/// How far the preparation came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The directory has not said yet whom the identifier means: try again soon.
    NotResolved,
    /// It is settled, and the outbox item is erased.
    Settled {
        /// Whether a code is on its way.
        queued: bool,
    },
}

/// Prepares the code for an outbox item: its row, its letters, its counts and its audit record in one transaction,
/// together with the item's end.
///
/// # Errors
/// When the database fails; nothing has happened then.
pub async fn send_code(core: &Arc<Core>, item: Id, wanted: Wanted) -> Result<Progress, StoreError> {
    let (now, core) = (core.now(), Arc::clone(core));
    let store = core.store.clone();
    store
        .write(move |c| {
            let Some(stored) = recovery::by_id(c, &wanted.recovery)? else {
                outbox::remove(c, &item)?;
                return Ok(Progress::Settled { queued: false });
            };
            let (result, account) = match whom(c, &stored, wanted, now)? {
                Whom::NotResolved => return Ok(Progress::NotResolved),
                Whom::Nobody(why) => (why, None),
                Whom::Account(account) => (prepare(c, &core, &stored, account, wanted, now)?, Some(account)),
            };
            outbox::remove(c, &item)?;
            let personal = Personal::of(account, &stored.identifier, &stored.source);
            let event = Event::CodeSent {
                method: wanted.method,
                result,
            };
            audit::append(c, &core.entry(event, "", &stored.portal, personal), now)?;
            Ok(Progress::Settled {
                queued: result == Sending::Queued,
            })
        })
        .await
}

enum Whom {
    NotResolved,
    Nobody(Sending),
    Account(AccountId),
}

/// The account that the code is for, if it may have one now.
fn whom(c: &Connection, stored: &Stored, wanted: Wanted, now: Timestamp) -> Result<Whom, StoreError> {
    let Recovery::Proving(proving) = stored.recovery.clone().at(now) else {
        return Ok(Whom::Nobody(Sending::Overtaken));
    };
    if stored.challenge != Some(wanted.challenge) || proving.asked() != Some(wanted.method) {
        return Ok(Whom::Nobody(Sending::Overtaken));
    }
    if !proving.is_resolved() {
        return Ok(Whom::NotResolved);
    }
    let Some(account) = proving.account() else {
        return Ok(Whom::Nobody(Sending::Nobody));
    };
    if freeze::is_frozen(c, account)? {
        return Ok(Whom::Nobody(Sending::Frozen));
    }
    if !proving.could_count() {
        return Ok(Whom::Nobody(Sending::NotTaken));
    }
    Ok(Whom::Account(account))
}

fn prepare(
    c: &Connection,
    core: &Core,
    stored: &Stored,
    account: AccountId,
    wanted: Wanted,
    now: Timestamp,
) -> Result<Sending, StoreError> {
    let addresses = addresses(c, core, account, wanted.method, now)?;
    let Some(lifetime) = wanted.method.code_lifetime().filter(|_| !addresses.is_empty()) else {
        return Ok(Sending::NoAddress);
    };
    let limits = &core.settings.limits;
    let addresses = with_room(c, limits, account, addresses, now)?;
    if addresses.is_empty() {
        return Ok(Sending::Limited);
    }
    let ends = stored.recovery.until().unwrap_or(now);
    let (row, digits, until) = (
        core.new_id(),
        eight_digits(&*core.randomness),
        now.plus(lifetime).min(ends),
    );
    let mac = core.derived.code_mac(&row, &digits);
    code::replace(
        c,
        &row,
        &stored.id,
        &wanted.challenge,
        account,
        wanted.method,
        &mac,
        now,
        until,
    )?;
    let purpose = CodePurpose::Recovery(stored.recovery.purpose());
    tally::add(c, Tally::CodeForAccount, &account.0, now)?;
    for address in &addresses {
        tally::add(c, Tally::CodeToDestination, &destination_key(address), now)?;
        let letter = Letter {
            to: address.to_string(),
            language: stored.language.clone(),
            content: Content::Code {
                purpose,
                code: Secret::new(digits.to_string()),
                asked: now,
                until,
                place: stored.source.clone(),
            },
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
    }
    Ok(Sending::Queued)
}

/// Every verified mailbox of the account that counts now. The person cannot be asked which one, for that would
/// show them before the first proof.
fn addresses(
    c: &Connection,
    core: &Core,
    account: AccountId,
    method: Method,
    now: Timestamp,
) -> Result<Vec<Zeroizing<String>>, StoreError> {
    if method != Method::EmailCode {
        return Ok(vec![]);
    }
    let mut addresses = vec![];
    for factor in factor::counting(c, account, method, now)? {
        let secret = core.at_rest.open(&factor.id, &factor.secret)?;
        let address = Zeroizing::new(String::from_utf8_lossy(&secret).into_owned());
        // Enrolled before the domain became one of ours.
        if is_usable(&address, &core.settings.own_mail_domains) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// Those addresses that may get one more code now; none if the account may not.
fn with_room(
    c: &Connection,
    limits: &Limits,
    account: AccountId,
    addresses: Vec<Zeroizing<String>>,
    now: Timestamp,
) -> Result<Vec<Zeroizing<String>>, StoreError> {
    for limit in [limits.codes_an_hour, limits.codes_a_day] {
        if !tally::has_room(c, Tally::CodeForAccount, &account.0, limit, now)? {
            return Ok(vec![]);
        }
    }
    let mut with_room = vec![];
    for address in addresses {
        let key = destination_key(&address);
        if tally::has_room(
            c,
            Tally::CodeToDestination,
            &key,
            limits.codes_to_destination,
            now,
        )? {
            with_room.push(address);
        }
    }
    Ok(with_room)
}

/// Eight decimal digits, each code as likely as any other.
pub fn eight_digits(randomness: &dyn Randomness) -> Zeroizing<String> {
    const CODES: u32 = 100_000_000;
    // Numbers above the last whole multiple would make low codes likelier; they are thrown away.
    const FAIR: u32 = u32::MAX / CODES * CODES;
    loop {
        let number = u32::from_be_bytes(random_bytes(randomness));
        if number < FAIR {
            return Zeroizing::new(format!("{:08}", number % CODES));
        }
    }
}
