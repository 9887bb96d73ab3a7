//! Visits that concern no message: added up, and written down once a minute at most.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contract::sync::What;

use crate::running::{Epoch, Running};
use crate::site::SiteError;
use crate::store::chain;

const PAUSE: Duration = Duration::from_mins(1);

/// Writes the sum down if there is one and its minute is over, or the site is about to `close`.
pub(crate) async fn roll_up(
    site: &Running,
    epoch: &std::sync::Arc<Epoch>,
    close: bool,
) -> Result<(), SiteError> {
    let noise = &site.noise;
    let mono = site.given.clock.monotonic();
    {
        let mut told = noise.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !close && mono.saturating_sub(*told) < PAUSE {
            return Ok(());
        }
        *told = mono;
    }
    let pages = noise.pages.swap(0, Ordering::Relaxed);
    let misses = noise.misses.swap(0, Ordering::Relaxed);
    if pages == 0 && misses == 0 {
        return Ok(());
    }
    let now = site.now();
    let shared = std::sync::Arc::clone(epoch);
    let job =
        move |c: &sqlite::Connection| chain::append(c, &shared.owner, now, What::Noise { pages, misses });
    match site.site.write(job).await {
        Ok(seq) => {
            site.announce(seq);
            Ok(())
        }
        Err(error) => {
            noise.pages.fetch_add(pages, Ordering::Relaxed);
            noise.misses.fetch_add(misses, Ordering::Relaxed);
            Err(error)
        }
    }
}
