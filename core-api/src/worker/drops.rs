//! Drop boxes of one site: requests go there, what was put in comes inside.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use server::Stop;

use super::line::Line;
use crate::core::Core;
use crate::usecase::drop_box::collect::{CollectError, bring, collect};

/// Looks at least this often. An event of a drop that was pulled wakes it before.
const LOOK: Duration = Duration::from_secs(15);

/// Works until it is time to stop.
pub async fn run(core: Arc<Core>, name: String, stop: Stop) {
    let mut line = Line::new(Arc::clone(&core), name.clone());
    while !stop.is_ordered() {
        // Registered before looking, so that nothing asked for meanwhile is overlooked.
        let mut woken = pin!(core.wake.drops.notified());
        woken.as_mut().enable();
        let tried = tokio::select! {
            tried = try_one(&core, &mut line) => tried,
            () = stop.ordered() => return,
        };
        if let Err(error) = tried {
            tracing::warn!(site = name, %error, "drop boxes wait for a site");
        }
        tokio::select! {
            () = woken => {}
            _ = stop.pause(LOOK) => {}
        }
    }
}

/// Brings what is asked for, and collects what came in; says how many drops it found.
///
/// # Errors
/// When the site is away, or the database fails.
pub async fn try_one(core: &Arc<Core>, line: &mut Line) -> Result<usize, CollectError> {
    let Some((site, api)) = line.take().await? else {
        return Ok(0);
    };
    // To a site whose chain cannot be believed nothing is entrusted.
    if site.trouble.is_some() {
        return Ok(0);
    }
    // What lies there is fetched whatever becomes of new requests.
    let brought = bring(core, &site, &*api).await;
    let collected = collect(core, &site.name, &*api).await?;
    brought?;
    Ok(collected)
}
