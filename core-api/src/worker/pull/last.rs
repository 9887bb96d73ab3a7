//! When something that is done now and then was done last.

use std::time::Duration;

use domain::Timestamp;

/// Nothing at a start, so that everything is due then.
#[derive(Default)]
pub(super) struct Last(Option<Timestamp>);

impl Last {
    /// Whether `every` is over since the last time. If it is, this is the last time.
    pub(super) fn take_if_due(&mut self, every: Duration, now: Timestamp) -> bool {
        let is_due = self.0.is_none_or(|last| now.since(last) >= every);
        if is_due {
            self.0 = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_done_is_due_and_then_when_its_time_is_over() {
        let (mut last, every) = (Last::default(), Duration::from_mins(1));
        let at = |ms: i64| Timestamp(1_000_000 + ms);
        let asked = [0, 59_999, 60_000, 60_001, 120_000].map(|ms| last.take_if_due(every, at(ms)));
        assert_eq!(asked, [true, false, true, false, true]);
    }
}
