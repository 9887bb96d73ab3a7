//! Times and spans as Active Directory keeps them: units of 100 ns, times since 1601, spans negative.

use std::time::Duration;

use domain::Timestamp;

/// The Unix epoch in milliseconds since 1601.
const EPOCH: i64 = 11_644_473_600_000;
/// Units of 100 ns in a millisecond.
const UNITS: i64 = 10_000;

/// A FILETIME; `None` for zero and for "never".
pub(super) fn moment(filetime: i64) -> Option<Timestamp> {
    (filetime > 0 && filetime < i64::MAX).then(|| Timestamp(filetime / UNITS - EPOCH))
}

/// A span; `None` for zero and for "for ever", which is the smallest number that there is.
pub(super) fn span(units: i64) -> Option<Duration> {
    (units < 0 && units > i64::MIN).then(|| Duration::from_nanos(units.unsigned_abs().saturating_mul(100)))
}

/// A generalized time (RFC 4517 3.3.13) in UTC, as the rootDSE gives its `currentTime`.
pub(super) fn generalized(text: &str) -> Option<Timestamp> {
    let (digits, _fraction) = text.strip_suffix('Z')?.split_once('.')?;
    if digits.len() != 14 {
        return None;
    }
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    Some(Timestamp(
        time.to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_millisecond(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_spans_are_read() {
        assert_eq!(moment(116_444_736_000_000_000), Some(Timestamp(0)));
        assert_eq!(moment(0), None);
        assert_eq!(moment(i64::MAX), None);
        assert_eq!(span(-18_000_000_000), Some(Duration::from_mins(30)));
        assert_eq!(span(-36_288_000_000_000), Some(Duration::from_hours(42 * 24)));
        assert_eq!(span(i64::MIN), None);
        assert_eq!(generalized("19700101000001.0Z"), Some(Timestamp(1_000)));
        for wrong in [
            "",
            "19700101000001",
            "19700101000001Z",
            "1970010100001.0Z",
            "19701301000001.0Z",
        ] {
            assert_eq!(generalized(wrong), None, "{wrong:?}");
        }
    }
}
