//! How long to wait after failures: longer each time, part of it random, so that what failed together does not return
//! together.

use std::time::Duration;

use domain::Randomness;
use domain::clock::random_bytes;
use server::Stop;

use crate::core::Core;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(1);

/// Failures in a row.
#[derive(Debug, Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    /// It went well; says whether it had gone wrong before.
    pub(super) fn reset(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }

    /// It went wrong again: how long to wait now.
    pub(super) fn pause(&mut self, randomness: &dyn Randomness) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failures.min(6)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let dice = u32::from(u8::from_be_bytes(random_bytes(randomness)));
        whole / 2 + whole / 2 * dice / 255
    }
}

/// Waits before a site is asked again, or until another worker has found one back: without a confirmed chain a site hands
/// nothing out, however soon it took what was pushed.
pub(super) async fn wait_out_absence(core: &Core, pause: Duration, stop: &Stop) {
    tokio::select! {
        () = core.wake.back.notified() => {}
        _ = stop.pause(pause) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::OsRandomness;

    #[test]
    fn pauses_grow_to_a_limit_and_begin_again() {
        let mut patience = Patience::default();
        for most in [1, 2, 4, 8, 16, 32, 60, 60] {
            let pause = patience.pause(&OsRandomness);
            let most = Duration::from_secs(most);
            assert!(pause >= most / 2 && pause <= most, "{pause:?} {most:?}");
        }
        assert!(patience.reset());
        assert!(!patience.reset());
        assert!(patience.pause(&OsRandomness) <= FIRST);
    }
}
