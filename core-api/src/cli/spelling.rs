//! How spans, sizes and moments are written on the command line.

use std::time::Duration;

/// A span: a number with s, m, h or d.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let wanted = || "write a time such as 30m, 12h or 3d".to_owned();
    let (number, unit) = apart(text).ok_or_else(wanted)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wanted()),
    };
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(wanted)
}

/// A size: a number of bytes, or with K or M of as many kibibytes or mebibytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let wanted = || "write a size such as 500K or 10M".to_owned();
    let (number, unit) = apart(text).ok_or_else(wanted)?;
    let bytes = match unit {
        "" => 1,
        "K" => 1024,
        "M" => 1024 * 1024,
        _ => return Err(wanted()),
    };
    number.checked_mul(bytes).ok_or_else(wanted)
}

/// A size for people: whole mebibytes where it is that, else bytes.
pub(super) fn size_text(bytes: usize) -> String {
    const MEBIBYTE: usize = 1024 * 1024;
    if bytes >= MEBIBYTE && bytes.is_multiple_of(MEBIBYTE) {
        format!("{} MiB", bytes / MEBIBYTE)
    } else {
        format!("{bytes} bytes")
    }
}

/// A moment in milliseconds since the Unix epoch, for people.
pub(super) fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(
        |_| at.to_string(),
        |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

fn apart(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_read_as_people_write_them() {
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(span("3d"), Ok(Duration::from_hours(72)));
        assert_eq!(size("10M"), Ok(10 * 1024 * 1024));
        assert_eq!(size("7"), Ok(7));
        assert_eq!([10 * 1024 * 1024, 1024].map(size_text), ["10 MiB", "1024 bytes"]);
        for bad in [
            "",
            "d",
            "3",
            "3w",
            "-1d",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(span(bad).is_err(), "{bad}");
        }
        for bad in ["", "M", "1G", "18446744073709551615M"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
