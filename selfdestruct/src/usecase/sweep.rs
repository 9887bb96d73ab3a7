//! What nobody waits for: leases and messages run out, what has ended is erased, what is old is forgotten.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contract::sync::{End, Ended};
use server::Stop;
use sqlite::Connection;

use super::{erase, noise, orphans};
use crate::running::{Epoch, InEpoch, Running};
use crate::site::SiteError;
use crate::store::message::{Message, State};
use crate::store::request;
use crate::store::{Garbled, chain, claim, command, keys, message, spare, standing};

const PAUSE: Duration = Duration::from_secs(1);
/// Rows that change in one transaction: few enough that nobody waits for it.
const BATCH: u32 = 256;
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Events that the core has are kept as long, so that a restored core can read them again.
const EVENTS_KEPT: i64 = 30 * DAY;
pub(super) const COMMANDS_KEPT: i64 = 90 * DAY;
/// A command for a message that is not here did nothing: ids that somebody makes up fill nothing for long.
pub(super) const UNKNOWN_KEPT: i64 = DAY;
/// A tombstone whose end the core does not know yet is looked at again after this time.
const HOUR: i64 = 60 * 60 * 1_000;
/// Unused pages that stay for what comes next: a quarter of a mebibyte.
const SPARE: u32 = 64;
/// The stored mark of time may be behind by as much; every event has its own time besides.
const MARK: i64 = 10_000;

/// Sweeps every second, and as soon as much has ended, until the end.
pub(crate) async fn run(site: &Running, stop: Stop) {
    loop {
        if let Err(error) = once(site).await
            && !matches!(error, SiteError::Fork)
        {
            tracing::error!(%error, "what has ended could not be erased");
        }
        tokio::select! {
            goes_on = stop.pause(PAUSE) => if !goes_on { return },
            () = site.hurry.notified() => {}
        }
    }
}

/// One round. A site that stopped does nothing: what it holds is as it was when the fork was found.
pub(crate) async fn once(site: &Running) -> Result<(), SiteError> {
    let epoch = Arc::clone(&*site.enter().await?);
    while step_ends(site, &epoch).await? == BATCH as usize {}
    while step_erase(site, &epoch).await? > 0 {}
    while step_boxes(site, &epoch).await? == BATCH as usize {}
    while step_orphans(site, &epoch).await? {}
    step_rest(site, &epoch).await?;
    give_back(site).await
}

/// Goes on in the epoch in which the round began: between two steps a new one may begin.
async fn same(site: &Running, epoch: &Arc<Epoch>) -> Result<InEpoch, SiteError> {
    let guard = site.enter().await?;
    if Arc::ptr_eq(&guard, epoch) {
        Ok(guard)
    } else {
        Err(SiteError::Fork)
    }
}

async fn step_ends(site: &Running, epoch: &Arc<Epoch>) -> Result<usize, SiteError> {
    let _guard = same(site, epoch).await?;
    let now = site.now();
    if site.site.read(move |c| message::due(c, now, 1)).await?.is_empty() {
        return Ok(0);
    }
    site.site
        .write(move |c| {
            let rows = message::due(c, now, BATCH)?;
            let acked = standing::get(c)?.ok_or(Garbled)?.acked;
            for &row in &rows {
                if let Some(message) = message::by_row(c, row)? {
                    settle(c, &message, acked, now)?;
                }
            }
            Ok(rows.len())
        })
        .await
}

/// A message's time has come: it ends, waits for its readers, or is forgotten.
fn settle(c: &Connection, message: &Message, acked: u64, now: i64) -> Result<(), SiteError> {
    match message.state {
        State::Live => {
            claim::remove_until(c, message.row, now)?;
            if let Some(last) = claim::last_until(c, message.row)? {
                return message::put_off(c, message.row, last);
            }
            let ended = message.ended(now).unwrap_or(Ended {
                state: End::Expired,
                at: now,
            });
            message::end(c, message.row, ended)
        }
        State::Ended => message::put_off(c, message.row, 0),
        State::Tombstone if message.end_is_known(acked) => message::forget(c, message.row),
        State::Tombstone => message::put_off(c, message.row, now.saturating_add(HOUR)),
    }
}

async fn step_erase(site: &Running, epoch: &Arc<Epoch>) -> Result<usize, SiteError> {
    let guard = same(site, epoch).await?;
    erase::try_some(site, &guard).await
}

async fn step_boxes(site: &Running, epoch: &Arc<Epoch>) -> Result<usize, SiteError> {
    let _guard = same(site, epoch).await?;
    let now = site.now();
    if site.site.read(move |c| request::due(c, now, 1)).await?.is_empty() {
        return Ok(0);
    }
    site.site
        .write(move |c| {
            let due = request::due(c, now, BATCH)?;
            for request in &due {
                match request.state {
                    request::State::Open | request::State::Spent => request::forget(c, request.row)?,
                    request::State::Filled | request::State::Dying => request::end(c, request.row)?,
                }
            }
            Ok(due.len())
        })
        .await
}

async fn step_orphans(site: &Running, epoch: &Arc<Epoch>) -> Result<bool, SiteError> {
    let _guard = same(site, epoch).await?;
    orphans::try_some(site).await
}

async fn step_rest(site: &Running, epoch: &Arc<Epoch>) -> Result<(), SiteError> {
    let guard = same(site, epoch).await?;
    forget(site).await?;
    noise::roll_up(site, &guard, false).await?;
    keep_time(site).await?;
    anchor(site, &guard).await
}

/// Events that the core has, and commands, after their time.
async fn forget(site: &Running) -> Result<(), SiteError> {
    let now = site.now();
    let old = move |c: &Connection| {
        let acked = standing::get(c)?.ok_or(Garbled)?.acked;
        Ok(chain::prunable(c, acked, now - EVENTS_KEPT, BATCH)?.is_some()
            || command::any_before(c, now - COMMANDS_KEPT)?)
    };
    if !site.site.read(old).await? {
        return Ok(());
    }
    let step = move |c: &Connection| {
        let acked = standing::get(c)?.ok_or(Garbled)?.acked;
        if let Some((seq, hash)) = chain::prunable(c, acked, now - EVENTS_KEPT, 10 * BATCH)? {
            standing::set_pruned(c, seq, &hash)?;
            chain::prune(c, seq)?;
        }
        command::forget(c, now - COMMANDS_KEPT, BATCH)
    };
    while site.site.write(step).await? == BATCH as usize {}
    Ok(())
}

async fn keep_time(site: &Running) -> Result<(), SiteError> {
    let now = site.now();
    if now < site.time.stored.load(Ordering::Relaxed).saturating_add(MARK) {
        return Ok(());
    }
    site.site.write(move |c| standing::raise_clock(c, now)).await?;
    site.time.stored.store(now, Ordering::Relaxed);
    Ok(())
}

/// What was forgotten leaves pages that nobody uses: the files get smaller, a step at a time. Erasing does the same; this
/// is for tombstones and events, which go without it. In no epoch, so that a new one need not wait for the disk.
async fn give_back(site: &Running) -> Result<(), SiteError> {
    if site.site.read(spare::pages).await? > SPARE {
        erase::clean(site).await?;
    }
    Ok(())
}

/// Tells the other database how far the chain is. No copy of this one covers that: one that is older, put in its place
/// while readings were not pulled yet, is found out at its start.
async fn anchor(site: &Running, epoch: &Epoch) -> Result<(), SiteError> {
    let end = site.site.read(chain::end).await?;
    if site.anchored.load(Ordering::Relaxed) == end.seq {
        return Ok(());
    }
    let number = epoch.owner.epoch;
    site.keys.write(move |c| keys::set_anchor(c, number, end)).await?;
    site.anchored.store(end.seq, Ordering::Relaxed);
    Ok(())
}
