//! Asks the directory whom identifiers mean, several at a time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use server::Stop;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::core::Core;
use crate::store::{Id, recovery};
use crate::usecase::UseCaseError;
use crate::usecase::resolve::resolve;

/// The directory's reads are bounded at 16 a controller; half of them are left to everybody else.
const AT_A_TIME: usize = 8;

/// After a failure, until the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks for waiting recoveries at least this often, whoever forgot to wake the worker.
const AT_LEAST: Duration = Duration::from_secs(10);

/// Resolves everything that waits, one after the other.
///
/// # Errors
/// When the store fails or the directory does not answer.
pub async fn resolve_waiting(core: &Core) -> Result<(), UseCaseError> {
    for id in core.store.read(recovery::unresolved).await? {
        resolve(core, id).await?;
    }
    Ok(())
}

/// Resolves until told to stop. One that the directory is slow about does not hold up the others.
pub async fn run(core: Arc<Core>, stop: Stop) {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut under_way = HashSet::new();
    let mut tasks = JoinSet::new();
    loop {
        for id in waiting(&core).await {
            if under_way.insert(id) {
                tasks.spawn(resolve_one(Arc::clone(&core), Arc::clone(&turns), id));
            }
        }
        tokio::select! {
            () = core.wake.resolve.notified() => {}
            Some(done) = tasks.join_next() => match done {
                Ok(id) => { under_way.remove(&id); }
                // Which one it was is not told; all that are not under way any more are found again.
                Err(_panicked) => under_way.clear(),
            },
            () = tokio::time::sleep(AT_LEAST) => {}
            () = stop.ordered() => return,
        }
    }
}

async fn waiting(core: &Core) -> Vec<Id> {
    core.store
        .read(recovery::unresolved)
        .await
        .unwrap_or_else(|error| {
            tracing::error!(cause = %error, "the recoveries that wait cannot be read");
            vec![]
        })
}

async fn resolve_one(core: Arc<Core>, turns: Arc<Semaphore>, id: Id) -> Id {
    let failed = {
        let _turn = turns.acquire().await;
        resolve(&core, id).await.err()
    };
    if let Some(error) = failed {
        metrics::counter!("resolve_failures_total").increment(1);
        tracing::warn!(cause = %error, "an identifier cannot be resolved now; it is tried again");
        tokio::time::sleep(PAUSE).await;
    }
    id
}
