//! Asks the directory whom identifiers mean, several at a time.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use server::Stop;

use crate::core::Core;
use crate::store::recovery;
use crate::usecase::UseCaseError;
use crate::usecase::resolve::resolve;

/// The directory's reads are bounded at 16 a controller; half of them are left to everybody else.
const AT_A_TIME: usize = 8;

/// After a failure, until the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// Resolves everything that waits. `false` when something could not be resolved and must be tried again.
///
/// # Errors
/// When the store fails.
pub async fn resolve_waiting(core: &Core) -> Result<bool, UseCaseError> {
    let waiting = core.store.read(recovery::unresolved).await?;
    let failures = futures_util::stream::iter(waiting)
        .map(|id| resolve(core, id))
        .buffer_unordered(AT_A_TIME)
        .filter_map(|result| async { result.err() })
        .collect::<Vec<_>>()
        .await;
    if let Some(error) = failures.first() {
        tracing::warn!(waiting = failures.len(), cause = %error, "identifiers cannot be resolved now");
    }
    Ok(failures.is_empty())
}

/// Resolves until told to stop.
pub async fn run(core: Arc<Core>, stop: Stop) {
    loop {
        let all = resolve_waiting(&core).await.unwrap_or_else(|error| {
            tracing::error!(cause = %error, "resolving failed");
            false
        });
        let pause = if all { Duration::MAX } else { PAUSE };
        tokio::select! {
            () = core.wake.resolve.notified() => {}
            () = tokio::time::sleep(pause.min(Duration::from_mins(1))) => {}
            () = stop.ordered() => return,
        }
    }
}
