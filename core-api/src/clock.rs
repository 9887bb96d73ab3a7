//! Wall time that never goes back, not even over a restart.
//!
//! Codes, holds and throttles end at moments. A clock that somebody sets back would revive what is over, so the latest
//! moment that was ever seen is kept in the database and time starts from there.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::{Clock, Timestamp};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn now(&self) -> Timestamp {
        // Before 1970 the machine's clock is broken; the high-water mark stands above it anyway.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still rather than go back.
pub struct HighWaterClock<C = SystemClock> {
    machine: C,
    mark: AtomicI64,
}

impl<C: Clock> HighWaterClock<C> {
    /// Starts at the stored mark, or at the machine's time where there is none.
    pub fn new(machine: C, stored: Option<Timestamp>) -> Self {
        let mark = AtomicI64::new(stored.map_or(i64::MIN, |mark| mark.0));
        Self { machine, mark }
    }

    /// How far the machine's clock is behind what was seen before. While it is, time stands still.
    pub fn behind(&self) -> Duration {
        Timestamp(self.mark.load(Ordering::Relaxed)).since(self.machine.now())
    }
}

impl<C: Clock> Clock for HighWaterClock<C> {
    fn now(&self) -> Timestamp {
        let now = self.machine.now().0;
        Timestamp(self.mark.fetch_max(now, Ordering::Relaxed).max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_rather_than_go_back() {
        struct Set(AtomicI64);
        impl Clock for Set {
            fn now(&self) -> Timestamp {
                Timestamp(self.0.load(Ordering::Relaxed))
            }
        }
        let clock = HighWaterClock::new(Set(AtomicI64::new(1_000)), Some(Timestamp(5_000)));
        assert_eq!(clock.now(), Timestamp(5_000), "what was seen before the restart");
        assert_eq!(clock.behind(), Duration::from_secs(4));
        clock.machine.0.store(7_000, Ordering::Relaxed);
        assert_eq!(clock.now(), Timestamp(7_000));
        clock.machine.0.store(6_000, Ordering::Relaxed);
        assert_eq!(clock.now(), Timestamp(7_000));
        assert_eq!(clock.behind(), Duration::from_secs(1));
    }
}
