//! Runs of Argon2id: few at a time, for each takes 19 MiB, and in an order in which nobody stands before all others.
//!
//! Anybody can make the core hash, for a code of nobody's costs what a right one costs. So each source has a line of
//! its own, whose first alone goes on to the common one; and whoever would wait too long is sent away with nothing
//! spent. Sheets, which only people make who have proven who they are, do not meet that crowd at all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Runs for tries at one time, and for sheets.
const TRIES: usize = 2;
const SHEETS: usize = 1;
/// How many of one source, and of all, run or wait.
const MOST_OF_A_SOURCE: usize = 16;
const MOST: usize = 400;
/// How long a try waits for its turn. Well within the time after which a portal asks once more.
const PATIENCE: Duration = Duration::from_secs(3);

/// Too many hash at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many codes are compared at this moment")]
pub struct Busy;

/// Who may hash, and when.
pub struct Hashing {
    tries: Arc<Semaphore>,
    sheets: Arc<Semaphore>,
    lines: Arc<Mutex<Lines>>,
}

#[derive(Default)]
struct Lines {
    by_source: HashMap<Vec<u8>, Line>,
    all: usize,
}

struct Line {
    first: Arc<Semaphore>,
    length: usize,
}

/// A place in the line of a source; left when it is dropped.
struct Place {
    lines: Arc<Mutex<Lines>>,
    source: Vec<u8>,
    first: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            tries: Arc::new(Semaphore::new(TRIES)),
            sheets: Arc::new(Semaphore::new(SHEETS)),
            lines: Arc::default(),
        }
    }
}

impl Hashing {
    /// Runs a job for somebody who has proven nothing yet. `source` is the network that he comes from.
    ///
    /// # Errors
    /// When it is not his turn in time; the job has not run then.
    pub(super) async fn try_for<T: Send + 'static>(
        &self,
        source: Vec<u8>,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = Place::enter(&self.lines, source).ok_or(Busy)?;
        let turns = timeout(PATIENCE, async {
            (turn(&place.first).await, turn(&self.tries).await)
        });
        let turns = turns.await.map_err(|_| Busy)?;
        Ok(blocking((place, turns), job).await)
    }

    /// Runs a job for somebody who has proven who he is.
    pub(super) async fn sheet<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        blocking(turn(&self.sheets).await, job).await
    }
}

async fn turn(gate: &Arc<Semaphore>) -> tokio::sync::OwnedSemaphorePermit {
    let gate = Arc::clone(gate);
    gate.acquire_owned().await.expect("the gate is never closed")
}

/// Off the async threads. What is held goes along with the work, which runs on when the request that wanted it is
/// gone.
async fn blocking<T: Send + 'static>(
    held: impl Send + 'static,
    job: impl FnOnce() -> T + Send + 'static,
) -> T {
    let holding = move || {
        let _held = held;
        job()
    };
    tokio::task::spawn_blocking(holding)
        .await
        .expect("hashing does not panic")
}

impl Place {
    fn enter(lines: &Arc<Mutex<Lines>>, source: Vec<u8>) -> Option<Self> {
        let mut all = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if all.all >= MOST {
            return None;
        }
        let line = all.by_source.entry(source.clone()).or_insert_with(|| Line {
            first: Arc::new(Semaphore::new(1)),
            length: 0,
        });
        if line.length >= MOST_OF_A_SOURCE {
            return None;
        }
        line.length += 1;
        let first = Arc::clone(&line.first);
        all.all += 1;
        Some(Self {
            lines: Arc::clone(lines),
            source,
            first,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        all.all -= 1;
        if let Some(line) = all.by_source.get_mut(&self.source) {
            line.length -= 1;
            if line.length == 0 {
                all.by_source.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn source(last: u8) -> Vec<u8> {
        vec![203, 0, 113, last]
    }

    #[tokio::test]
    async fn one_source_never_has_all_the_turns_and_nobody_waits_in_its_line_but_itself() {
        let hashing = Arc::new(Hashing::default());
        let (begun, first_began) = mpsc::channel();
        let mut held = Vec::new();
        let mut under_way = Vec::new();
        for _ in 0..MOST_OF_A_SOURCE {
            let (go, wait) = mpsc::channel::<()>();
            let (hashing, begun) = (Arc::clone(&hashing), begun.clone());
            held.push(go);
            under_way.push(tokio::spawn(async move {
                let slow = move || {
                    let _ = begun.send(());
                    let _ = wait.recv();
                };
                hashing.try_for(source(1), slow).await
            }));
        }
        while first_began.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            hashing.try_for(source(1), || ()).await,
            Err(Busy),
            "its line is full"
        );
        assert_eq!(hashing.try_for(source(2), || 7).await, Ok(7), "another source");
        assert!(first_began.try_recv().is_err(), "only one of the source runs");
        assert_eq!(hashing.sheet(|| 8).await, 8);

        drop(held);
        for done in under_way {
            assert_eq!(done.await.expect("no panic"), Ok(()), "each had its turn");
        }
        assert!(hashing.lines.lock().expect("no panic").by_source.is_empty());
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_sent_away_and_sheets_are_made_all_the_same() {
        let hashing = Hashing::default();
        let (_one, _two) = (turn(&hashing.tries).await, turn(&hashing.tries).await);
        assert_eq!(hashing.try_for(source(1), || ()).await, Err(Busy));
        assert_eq!(
            hashing.lines.lock().expect("no panic").all,
            0,
            "his place is free"
        );
        assert_eq!(hashing.sheet(|| 8).await, 8);
    }

    #[tokio::test]
    async fn the_crowd_is_bounded() {
        let lines = Arc::default();
        let enter = |n: usize| Place::enter(&lines, n.to_be_bytes().to_vec());
        let crowd: Vec<_> = (0..MOST).filter_map(enter).collect();
        assert_eq!(crowd.len(), MOST);
        assert!(enter(MOST).is_none());
        drop(crowd);
        assert!(enter(MOST).is_some());
    }
}
