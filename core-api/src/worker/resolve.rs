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
use crate::usecase::recovery::resolve::resolve;

/// The directory's reads are bounded at 16 a controller; half of them are left to everybody else.
const AT_A_TIME: usize = 8;

/// Recoveries under way at one time: more than there are turns, so that the directory is not idle, and no more. Each
/// takes a few KiB, and strangers can begin any number.
const MOST: u32 = 64;

/// After a failure, until the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks for waiting recoveries at least this often, whoever forgot to wake the worker.
const AT_LEAST: Duration = Duration::from_secs(10);

/// Resolves everything that waits, one after the other.
///
/// # Errors
/// When the store fails or the directory does not answer.
pub async fn resolve_waiting(core: &Core) -> Result<(), UseCaseError> {
    for id in core.store.read(|c| recovery::unresolved(c, u32::MAX)).await? {
        resolve(core, id).await?;
    }
    Ok(())
}

/// Resolves until told to stop. One that the directory is slow about does not hold up the others.
pub async fn run(core: Arc<Core>, stop: Stop) {
    let turns = Arc::new(Semaphore::new(AT_A_TIME));
    let mut under_way = UnderWay::default();
    let mut tasks = JoinSet::new();
    loop {
        for id in under_way.take(waiting(&core).await) {
            tasks.spawn(resolve_one(Arc::clone(&core), Arc::clone(&turns), id));
        }
        tokio::select! {
            () = core.wake.resolve.notified() => {}
            Some(done) = tasks.join_next() => match done {
                Ok(id) => under_way.leave(&id),
                // Which one it was is not told; all that are not under way any more are found again.
                Err(_panicked) => under_way = UnderWay::default(),
            },
            () = tokio::time::sleep(AT_LEAST) => {}
            () = stop.ordered() => return,
        }
    }
}

/// What is being resolved.
#[derive(Default)]
struct UnderWay(HashSet<Id>);

impl UnderWay {
    /// Takes in those that are new, as far as there is room, and gives them.
    fn take(&mut self, waiting: Vec<Id>) -> Vec<Id> {
        let room = usize::try_from(MOST)
            .expect("a small number")
            .saturating_sub(self.0.len());
        let new = waiting.into_iter().filter(|id| !self.0.contains(id));
        let new: Vec<Id> = new.take(room).collect();
        self.0.extend(&new);
        new
    }

    fn leave(&mut self, id: &Id) {
        self.0.remove(id);
    }
}

async fn waiting(core: &Core) -> Vec<Id> {
    core.store
        .read(|c| recovery::unresolved(c, MOST))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_wait_only_so_many_are_under_way() {
        let ids = |numbers: std::ops::Range<u8>| numbers.map(|number| [number; 16]).collect::<Vec<Id>>();
        let mut under_way = UnderWay::default();
        assert_eq!(under_way.take(ids(0..3)), ids(0..3));
        assert_eq!(
            under_way.take(ids(0..200)),
            ids(3..64),
            "none twice, and no more than there is room for"
        );
        assert_eq!(under_way.take(ids(0..200)), ids(0..0));
        under_way.leave(&[0; 16]);
        assert_eq!(
            under_way.take(ids(1..200)),
            ids(64..65),
            "the next one that waits"
        );
    }
}
