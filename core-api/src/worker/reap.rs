//! What a minute brings: old rows go, the high-water mark of time rises, the sealing key turns over when it is due,
//! and what was only counted is written down.

use std::sync::Arc;
use std::time::Duration;

use server::Stop;

use crate::core::Core;
use crate::store::{StoreError, fact, reap};
use crate::usecase::audit::redact::redact;
use crate::usecase::drop_box::collect::end_overdue;
use crate::usecase::enrolment::retire_sheets::retire_sheets;
use crate::usecase::recovery::refused_beginnings::write_down;

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
        // What was counted since would be lost with the process.
        let goes_on = stop.pause(PAUSE).await;
        if let Err(error) = write_down(&core).await {
            tracing::error!(%error, "refused beginnings could not be written down");
        }
        if !goes_on {
            return;
        }
    }
}

async fn tidy(core: &Arc<Core>, stop: &Stop) -> Result<(), StoreError> {
    let mut removed = 0;
    loop {
        let batch = try_one(core).await? + retire_sheets(core).await? + redact(core).await?;
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

/// Removes one batch, ends drop boxes whose time is over, and raises the mark; says how many rows it was about.
pub async fn try_one(core: &Arc<Core>) -> Result<usize, StoreError> {
    let ended = end_overdue(core).await?;
    let (now, messages) = (core.now(), core.settings.messages.keep);
    let removed = core
        .store
        .write(move |c| {
            fact::raise_high_water(c, now)?;
            reap::reap(c, now, messages, BATCH)
        })
        .await?;
    Ok(ended + removed)
}
