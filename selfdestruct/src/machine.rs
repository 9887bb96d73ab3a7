//! What the machine gives a site: its clock and its randomness.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::TryRng as _;
use rand::rngs::SysRng;
use rustix::time::{ClockId, clock_gettime};

use crate::given::{Clock, Randomness};

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        // Of the monotonic clocks the one that goes on while the machine is suspended: what was confirmed before is old.
        let since = clock_gettime(ClockId::Boottime);
        let (seconds, nanos) = (u64::try_from(since.tv_sec), u32::try_from(since.tv_nsec));
        Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug)]
pub struct OsRandom;

impl Randomness for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        SysRng
            .try_fill_bytes(bytes)
            .expect("a kernel without randomness can run no server of ours");
    }
}
