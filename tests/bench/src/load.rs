//! Many visitors at once.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::figures::Times;
use crate::http::{Site, Visitor};

/// What came of a load.
pub(crate) struct Load {
    /// How long each round took, as its visitor says.
    pub(crate) times: Times,
    /// Rounds a second.
    pub(crate) rate: f64,
}

/// Has `visitors` connections do `rounds` rounds between them, each as soon as the one before is over, and ends early
/// at `limit`. A round is given its number.
pub(crate) async fn run(
    site: &Site,
    visitors: u8,
    rounds: usize,
    limit: Duration,
    round: impl AsyncFn(&mut Visitor, usize) -> io::Result<Duration>,
) -> io::Result<Load> {
    let mut all = try_join_all((1..=visitors).map(|number| site.visit(number))).await?;
    let (times, took) = over(&mut all, rounds, limit, round).await?;
    Ok(Load {
        rate: rate(times.len(), took),
        times: Times::new(times),
    })
}

/// The same over connections that there are already: what came of each round, and how long all of them took.
pub(crate) async fn over<C, T>(
    connections: &mut [C],
    rounds: usize,
    limit: Duration,
    round: impl AsyncFn(&mut C, usize) -> io::Result<T>,
) -> io::Result<(Vec<T>, Duration)> {
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let (next, round) = (&next, &round);
    let each = connections.iter_mut().map(|connection| async move {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= rounds || begun.elapsed() > limit {
                return Ok::<_, io::Error>(done);
            }
            done.push(round(connection, number).await?);
        }
    });
    let done = try_join_all(each).await?;
    let took = begun.elapsed();
    Ok((done.into_iter().flatten().collect(), took))
}

/// So many in this time, a second.
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    // Far below 2^32.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / time.as_secs_f64()
}

/// How long so many take at this many a second.
pub(crate) fn time(count: usize, rate: f64) -> Duration {
    Duration::from_secs_f64(f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / rate.max(1.0))
}
