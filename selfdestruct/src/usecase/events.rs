//! Tells the core what happened, and has the chain confirmed by what it asks.

use std::time::Duration;

use contract::sync::{After, Events, LONGEST_WAIT, MOST_EVENTS, Position};
use journal::{Head, Link, Statement};
use sqlite::Connection;
use tokio::time::{Instant, timeout_at};

use crate::running::{Epoch, Running};
use crate::site::SiteError;
use crate::store::{Garbled, chain, standing};

/// The most bytes of the events of one answer: an answer must not get longer than the core reads.
const BYTES: usize = 3 * 1024 * 1024;

/// How what somebody knows of the chain lies to what is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It lies on the chain, and what follows is here.
    On,
    /// It is of a time that is no longer here: a core that was restored.
    Before,
    /// It does not lie on the chain: a site that was restored, or somebody wrote it anew.
    Off,
}

/// Waits for events after what the core has.
pub(crate) async fn after(site: &Running, after: After) -> Result<Events, SiteError> {
    let wait = Duration::from_secs(u64::from(after.wait.min(LONGEST_WAIT)));
    let until = Instant::now() + wait;
    let mut head = site.head.subscribe();
    confirm(
        site,
        Position {
            epoch: after.epoch,
            seq: after.after,
            hash: after.hash,
        },
        true,
    )
    .await?;
    loop {
        head.borrow_and_update();
        let found = so_far(site, after).await?;
        if !found.events.is_empty() || Instant::now() >= until {
            return Ok(found);
        }
        // Read once more in any case: a head that was signed before the wait would tell an old time. An error means
        // that the site is closed.
        if let Ok(Err(_)) = timeout_at(until, head.changed()).await {
            return Ok(found);
        }
    }
}

/// What there is of them.
pub(crate) async fn so_far(site: &Running, after: After) -> Result<Events, SiteError> {
    let most = after.limit.clamp(1, MOST_EVENTS);
    let epoch = site.enter().await?;
    if epoch.owner.epoch != after.epoch {
        // It ended while the core waited.
        return Err(SiteError::Outdated);
    }
    let read = move |c: &Connection| Ok((chain::after(c, after.after, most, BYTES)?, chain::end(c)?));
    let (events, end) = site.site.read(read).await?;
    let head = signed(site, &epoch, end);
    Ok(Events { events, head })
}

/// The signed head.
pub(crate) async fn head(site: &Running) -> Result<String, SiteError> {
    let epoch = site.epoch.read().await;
    let end = site.site.read(chain::end).await?;
    Ok(signed(site, &epoch, end))
}

fn signed(site: &Running, epoch: &Epoch, end: Link) -> String {
    let head = Head::of(&*epoch.owner.name, epoch.owner.epoch, end, site.now());
    head.sign(&epoch.key).to_string()
}

/// Holds what the core has against the chain. If it does not lie on it the site stops, durably, until a new epoch.
/// `counts`: with it the core says that it is there and hears us.
pub(crate) async fn confirm(site: &Running, position: Position, counts: bool) -> Result<(), SiteError> {
    // The moment of asking, not that of the answer: the confirmation is no younger than what it rests on.
    let asked = site.given.clock.monotonic();
    let epoch = site.enter().await?;
    let look = move |c: &Connection| Ok((place(c, position)?, chain::at_after(c, position.seq)?));
    let (fit, unheard) = site.site.read(look).await?;
    match fit {
        Fit::On => {
            if counts {
                site.trust_clock();
                if is_heard(site, unheard) {
                    site.set_confirmed(Some(asked));
                }
            }
            Ok(())
        }
        Fit::Before => Err(SiteError::Outdated),
        Fit::Off => {
            epoch.stopped.store(true, std::sync::atomic::Ordering::Release);
            site.set_confirmed(None);
            tracing::error!(
                seq = position.seq,
                "the chain is not the one that the core knows: the site stops"
            );
            if let Err(error) = site.site.write(standing::stop).await {
                // It stands still all the same, and the core will find the fork again after a restart.
                tracing::error!(%error, "that the site stops could not be written down");
            }
            Err(SiteError::Fork)
        }
    }
}

/// Whether the core keeps what it is told: one that asks for the same again and again knows nothing of what followed,
/// and what was handed out since could be handed out again by a machine that is put back. `unheard`: when the first
/// event beyond what it has happened.
fn is_heard(site: &Running, unheard: Option<i64>) -> bool {
    let within = i64::try_from(site.settings.confirm_within.as_millis()).unwrap_or(i64::MAX);
    unheard.is_none_or(|at| site.now().saturating_sub(at) < within)
}

pub(crate) fn place(c: &Connection, position: Position) -> Result<Fit, SiteError> {
    let standing = standing::get(c)?.ok_or(Garbled)?;
    let end = chain::end(c)?;
    if position.epoch != standing.epoch {
        let before = position.epoch < standing.epoch;
        return Ok(if before { Fit::Before } else { Fit::Off });
    }
    if position.seq > end.seq {
        return Ok(Fit::Off);
    }
    if position.seq < standing.pruned {
        return Ok(Fit::Before);
    }
    let here = if position.seq == standing.pruned {
        Some(standing.pruned_hash)
    } else {
        chain::hash_at(c, position.seq)?
    };
    let on = here.is_some_and(|hash| hash == *position.hash.as_bytes());
    Ok(if on { Fit::On } else { Fit::Off })
}
