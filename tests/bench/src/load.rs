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
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let (next, round) = (&next, &round);
    let each = all.iter_mut().map(|visitor| async move {
        let mut times = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= rounds || begun.elapsed() > limit {
                return Ok::<_, io::Error>(times);
            }
            times.push(round(visitor, number).await?);
        }
    });
    let times = Times::new(try_join_all(each).await?.concat());
    // Far below 2^52, so nothing is lost.
    let rate = f64::from(u32::try_from(times.count()).unwrap_or(u32::MAX)) / begun.elapsed().as_secs_f64();
    Ok(Load { times, rate })
}
