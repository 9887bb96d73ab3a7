//! Brings messages to a site. One is there when the site's receipt for exactly its bytes is here, and not before.

use std::sync::Arc;

use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::ProblemKind;
use contract::sync::{Order, Pushed, Token};
use domain::Timestamp;
use domain::clock::random_bytes;
use domain::message::Event;
use journal::site::Receipt;
use journal::{Signed, Statement as _, VerifyingKey};
use sqlite::Connection;

use super::pull::unbelieved;
use crate::core::Core;
use crate::steps::Step;
use crate::store::command::On;
use crate::store::message::{self, Message};
use crate::store::push::{self, Push};
use crate::store::site::Site;
use crate::store::{Id, StoreError, command};
use crate::usecase::message::news::{News, tell};
use crate::usecase::message::step::{Seen, name, step};
use crate::usecase::operators::alarm::{self, What};

/// Messages in one call, and their bytes: a call is over in well below its deadline.
const TOGETHER: u32 = 256;
const BYTES_TOGETHER: u64 = 1024 * 1024;
/// Calls in a row while the site has no room for what is larger.
const MOST_CALLS: usize = 16;
/// Messages that are given up in one transaction.
const LATE_TOGETHER: u32 = 256;

/// What came of a try.
#[derive(Debug, PartialEq, Eq)]
pub enum Tried {
    /// Nothing waits.
    Nothing,
    /// So many were settled: taken, ended or refused.
    Settled(usize),
    /// The site has no room, or what it answered is not good: later.
    Later,
    /// The site could not be asked.
    Away(String),
}

/// Pushes what waits longest, as much as fits in one call. What the site has no room for holds up nothing: what is
/// smaller is tried at once, the rest later.
///
/// # Errors
/// When the database fails.
pub async fn push_some(core: &Arc<Core>, site: &Site, api: &dyn SiteApi) -> Result<Tried, StoreError> {
    let name = site.name.clone();
    if core.store.read(move |c| push::waiting(c, &name)).await? == 0 {
        return Ok(Tried::Nothing);
    }
    let mut settled = end_late(core, site).await?;
    let (mut was_tried, mut below) = (false, None);
    for _ in 0..MOST_CALLS {
        let batch = take(core, site, below).await?;
        if batch.is_empty() {
            break;
        }
        was_tried = true;
        core.step(Step::PushTaken);
        let answers = match answered(core, site, api, &batch).await? {
            Ok(answers) => answers,
            Err(away) => return Ok(Tried::Away(away)),
        };
        core.step(Step::PushAnswered);
        let no_room = smallest_without_room(&batch, &answers);
        let done = settle(core, site, batch, answers).await?;
        settled += done;
        below = no_room.or(below);
        if below.is_none() || (no_room.is_none() && done == 0) {
            break;
        }
    }
    Ok(match (settled, was_tried) {
        (0, false) => Tried::Nothing,
        (0, true) => Tried::Later,
        (settled, _) => Tried::Settled(settled),
    })
}

/// The site's answers, or why there are none.
async fn answered(
    core: &Arc<Core>,
    site: &Site,
    api: &dyn SiteApi,
    batch: &[Push],
) -> Result<Result<Vec<Pushed>, String>, StoreError> {
    Ok(match ask(api, batch).await {
        Ok(answers) if answers.len() == batch.len() => Ok(answers),
        Ok(_) => Err("it answered for another number of messages".to_owned()),
        Err(SiteError::Unbelieved(line)) => {
            unbelieved(core, site, &line).await?;
            Err("it does not believe us".to_owned())
        }
        Err(error) => Err(error.to_string()),
    })
}

/// The size of the smallest body that the site had no room for: it has none for anything as large.
fn smallest_without_room(batch: &[Push], answers: &[Pushed]) -> Option<u64> {
    let refused = batch.iter().zip(answers);
    refused
        .filter(|(_, answer)| **answer == Pushed::Full)
        .map(|(push, _)| u64::try_from(push.body.len()).unwrap_or(u64::MAX))
        .min()
}

/// Ends what was never tried and whose time is over; says how many.
async fn end_late(core: &Arc<Core>, site: &Site) -> Result<usize, StoreError> {
    let (shared, name, now) = (Arc::clone(core), site.name.clone(), core.now());
    let ended = core
        .store
        .write(move |c| {
            let late = push::too_late(c, &name, now, LATE_TOGETHER)?;
            for id in &late {
                if let Some(message) = message::by_id(c, id)? {
                    step(c, &shared, message, Event::Refused { at: now }, Seen::here(now))?;
                }
            }
            Ok(late.len())
        })
        .await?;
    if ended > 0 {
        core.wake.outbox.notify_one();
    }
    Ok(ended)
}

async fn take(core: &Core, site: &Site, below: Option<u64>) -> Result<Vec<Push>, StoreError> {
    let site = site.clone();
    core.store
        .write(move |c| push::take(c, &site, TOGETHER, BYTES_TOGETHER, below))
        .await
}

async fn ask(api: &dyn SiteApi, batch: &[Push]) -> Result<Vec<Pushed>, SiteError> {
    if let [one] = batch {
        return Ok(vec![ask_one(api, one).await?]);
    }
    let bodies: Vec<Vec<u8>> = batch.iter().map(|push| push.body.clone()).collect();
    match api.push_batch(&bodies).await {
        // One of them may be what it does not like: each for itself.
        Err(SiteError::Client(ClientError::Problem(problem))) if is_about_content(problem.kind()) => {
            let mut answers = Vec::with_capacity(batch.len());
            for push in batch {
                answers.push(ask_one(api, push).await?);
            }
            Ok(answers)
        }
        other => other,
    }
}

async fn ask_one(api: &dyn SiteApi, push: &Push) -> Result<Pushed, SiteError> {
    match api.push(Token::from(push.message), push.body.clone()).await {
        Err(SiteError::Client(ClientError::Problem(problem))) => match problem.kind() {
            ProblemKind::Conflict => Ok(Pushed::Conflict),
            ProblemKind::Full => Ok(Pushed::Full),
            kind if is_about_content(kind) => Ok(Pushed::Refused),
            _ => Err(ClientError::Problem(problem).into()),
        },
        other => other,
    }
}

const fn is_about_content(kind: ProblemKind) -> bool {
    matches!(kind, ProblemKind::Malformed | ProblemKind::TooLarge)
}

/// Keeps what the site answered; says how many are settled by it.
async fn settle(
    core: &Arc<Core>,
    site: &Site,
    batch: Vec<Push>,
    answers: Vec<Pushed>,
) -> Result<usize, StoreError> {
    let (shared, site, now) = (Arc::clone(core), site.clone(), core.now());
    let settled = core
        .store
        .write(move |c| {
            let mut settled = 0;
            for (push, answer) in batch.iter().zip(&answers) {
                settled += usize::from(settle_one(c, &shared, &site, push, answer, now)?);
            }
            Ok(settled)
        })
        .await?;
    core.step(Step::PushSettled);
    core.wake.outbox.notify_one();
    core.wake.settled.notify_waiters();
    Ok(settled)
}

/// Whether this body has not to be pushed again.
fn settle_one(
    c: &Connection,
    core: &Core,
    site: &Site,
    push: &Push,
    answer: &Pushed,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(message) = message::by_id(c, &push.message)? else {
        push::erase(c, &push.message)?;
        return Ok(true);
    };
    match answer {
        Pushed::Full => return Ok(false),
        Pushed::Stored(line) if !is_receipt(line, site, push) => {
            alarm::raise(c, core, &site.name, What::Receipt, &name(&push.message), now)?;
            return Ok(false);
        }
        Pushed::Stored(_) => {
            alarm::lower(c, &site.name, What::Receipt, &name(&push.message))?;
            stored(c, core, site, message, now)?;
        }
        // How it ended, and what came before, is told by its events, in their order.
        Pushed::Ended(_) => {
            message::set_stored(c, &message.id, site.epoch, now)?;
            message::erase_secret(c, &message.id)?;
            step(c, core, message, Event::Stored, Seen::here(now))?;
        }
        Pushed::Conflict | Pushed::Refused => {
            step(c, core, message, Event::Refused { at: now }, Seen::here(now))?;
        }
    }
    push::erase(c, &push.message)?;
    Ok(true)
}

/// The site has it. The first receipt is the sender's news, unless the message is over here by now.
fn stored(
    c: &Connection,
    core: &Core,
    site: &Site,
    message: Message,
    now: Timestamp,
) -> Result<(), StoreError> {
    let is_first = message.stored_at.is_none();
    message::set_stored(c, &message.id, site.epoch, now)?;
    let (message, _) = step(c, core, message, Event::Stored, Seen::here(now))?;
    if message.state.ended().is_some() {
        return revoke_there(c, core, &site.name, &message.id, now);
    }
    if is_first {
        let message = Message {
            epoch: Some(site.epoch),
            stored_at: Some(now),
            ..message
        };
        tell(c, core, &message, &News::OnSite)?;
    }
    Ok(())
}

/// Ends on the site what has ended here.
pub(super) fn revoke_there(
    c: &Connection,
    core: &Core,
    site: &str,
    message: &Id,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !command::waits(c, On { message, site }, Order::Revoke)? {
        let id = random_bytes(&*core.randomness);
        command::insert(c, &id, message, site, Order::Revoke, now)?;
    }
    Ok(())
}

fn is_receipt(line: &str, site: &Site, push: &Push) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(&site.key) else {
        return false;
    };
    let receipt = line
        .parse::<Signed>()
        .and_then(|signed| Receipt::open(&signed, &key));
    receipt.is_ok_and(|receipt| {
        receipt.site == site.name
            && receipt.epoch == site.epoch
            && receipt.id == name(&push.message)
            && *receipt.digest.as_bytes() == push.digest
    })
}
