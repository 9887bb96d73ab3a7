//! Numbers out of many tries, and the table of them.

use std::fmt::Write as _;
use std::time::Duration;

/// Times of many tries of one thing, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Of at least one try.
    pub(crate) fn new(mut tries: Vec<Duration>) -> Self {
        assert!(!tries.is_empty(), "nothing was measured");
        tries.sort_unstable();
        Self(tries)
    }

    /// The time that `percent` of the tries did not exceed.
    pub(crate) fn within(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0[rank.saturating_sub(1)]
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// With those of a later turn.
    pub(crate) fn and(mut self, later: Self) -> Self {
        self.0.extend(later.0);
        Self::new(self.0)
    }

    /// 50th, 90th and 99th percentile.
    pub(crate) fn spread(&self) -> String {
        let [half, most, nearly_all] = [50, 90, 99].map(|percent| ms(self.within(percent)));
        format!("{half} / {most} / {nearly_all}")
    }
}

/// In milliseconds.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// In megabytes (10^6), from KiB.
pub(crate) fn megabytes(kib: u64) -> String {
    let bytes = kib * 1024;
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

/// What was measured, as a Markdown table.
pub(crate) struct Report(String);

impl Report {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self("| what | measured | goal | conditions |\n|---|---|---|---|\n".to_owned())
    }

    /// Adds a line. A figure without a goal has an empty one.
    pub(crate) fn add(&mut self, what: &str, measured: &str, goal: &str, conditions: &str) {
        writeln!(self.0, "| {what} | {measured} | {goal} | {conditions} |").expect("text takes more text");
    }

    /// The table.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// A goal and whether it was met.
pub(crate) fn goal(words: &str, is_met: bool) -> String {
    format!("{words}: {}", if is_met { "met" } else { "**missed**" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(times.spread(), "100.0 ms / 180.0 ms / 198.0 ms");
        assert_eq!(
            Times::new(vec![Duration::from_secs(1)]).within(99),
            Duration::from_secs(1)
        );
    }

    #[test]
    fn memory_is_told_in_megabytes() {
        assert_eq!(megabytes(24_414), "24.9 MB");
    }
}
