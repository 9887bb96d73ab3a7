//! What a minute brings: old rows go, the high-water mark of time rises, the sealing key turns over when it is due.

use std::sync::Arc;
use std::time::Duration;

use server::Stop;

use crate::core::Core;
use crate::store::{StoreError, fact, reap};

const PAUSE: Duration = Duration::from_mins(1);

/// Rows of a kind that go in one transaction: few enough that nobody's request waits for it.
const BATCH: u32 = 500;

/// Tidies every minute until the end.
pub async fn run(core: Arc<Core>, stop: Stop) {
    loop {
        core.rotate_if_due();
        if let Err(error) = tidy(&core, &stop).await {
            tracing::error!(%error, "old rows could not be removed");
        }
        if !stop.pause(PAUSE).await {
            return;
        }
    }
}

async fn tidy(core: &Core, stop: &Stop) -> Result<(), StoreError> {
    let mut removed = 0;
    loop {
        let batch = try_one(core).await?;
        removed += batch;
        if batch == 0 || stop.is_ordered() {
            break;
        }
    }
    if removed > 0 {
        tracing::debug!(removed, "old rows removed");
    }
    Ok(())
}

/// Removes one batch and raises the mark; says how many rows went.
pub async fn try_one(core: &Core) -> Result<usize, StoreError> {
    let (now, messages) = (core.now(), core.settings.messages.keep);
    core.store
        .write(move |c| {
            fact::raise_high_water(c, now)?;
            reap::reap(c, now, messages, BATCH)
        })
        .await
}
