//! Points in time as people say them: "14:05 CET", "tomorrow, 09:10 CET", "24 Nov 09:10 CET".

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use maud::{Markup, html};

use crate::Words;

/// From where and when a page looks at time. Both are passed in, so that a page stays a pure function.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Now, in milliseconds since the Unix epoch, UTC.
    pub now_ms: i64,
    /// The zone that clock times are told in.
    pub zone: TimeZone,
}

impl Calendar {
    fn zoned(&self, at_ms: i64) -> Zoned {
        // A time outside jiff's range (the years -9999 to 9999) is a mistake elsewhere; show the epoch, not a crash.
        Timestamp::from_millisecond(at_ms)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(self.zone.clone())
    }
}

impl Words {
    /// `at_ms` (milliseconds since the Unix epoch, UTC) as short text, relative to the day of `calendar`.
    pub fn time_text(&self, at_ms: i64, calendar: &Calendar) -> String {
        let at = calendar.zoned(at_ms);
        let now = calendar.zoned(calendar.now_ms);
        let clock = self.clock(&at);
        let is_day = |offset: i32| {
            now.date()
                .checked_add(offset.days())
                .is_ok_and(|day| day == at.date())
        };
        if is_day(0) {
            return self.with("time-today", &[("clock", clock.into())]);
        }
        if is_day(1) {
            return self.with("time-tomorrow", &[("clock", clock.into())]);
        }
        if is_day(-1) {
            return self.with("time-yesterday", &[("clock", clock.into())]);
        }
        self.date(
            &at,
            if at.year() == now.year() {
                "time-date"
            } else {
                "time-date-year"
            },
        )
    }

    /// `at_ms` as a whole date with its clock time, for what is read on another day: mails.
    pub fn full_time_text(&self, at_ms: i64, calendar: &Calendar) -> String {
        self.date(&calendar.zoned(at_ms), "time-date-year")
    }

    fn date(&self, at: &Zoned, key: &str) -> String {
        let values = [
            ("day", at.day().to_string().into()),
            (
                "month",
                self.with("time-month", &[("month", at.month().into())]).into(),
            ),
            ("year", at.year().to_string().into()),
            ("clock", self.clock(at).into()),
        ];
        self.with(key, &values)
    }

    /// The clock time with its zone: whoever reads it need not be where the server is.
    fn clock(&self, at: &Zoned) -> String {
        let short = at.strftime("%Z").to_string();
        // Zones without letters of their own are called by their distance, such as "+05".
        let zone = if short.starts_with(['+', '-']) {
            format!("UTC{short}")
        } else {
            short
        };
        let zone = self.with("time-zone", &[("zone", zone.into())]);
        let clock = at.strftime("%H:%M").to_string();
        self.with("time-clock", &[("clock", clock.into()), ("zone", zone.into())])
    }

    /// The same as a `<time>` whose title gives the UTC value for those who compare it with a log.
    pub fn time(&self, at_ms: i64, calendar: &Calendar) -> Markup {
        let utc = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        html! {
            time datetime=(utc.strftime("%Y-%m-%dT%H:%M:%SZ")) title=(utc.strftime("%Y-%m-%d %H:%M:%S UTC")) {
                (self.time_text(at_ms, calendar))
            }
        }
    }

    /// The sentence `key` with the time `at_ms` in place of its variable `name`.
    pub fn timed(&self, key: &str, name: &str, at_ms: i64, calendar: &Calendar) -> Markup {
        self.rich(key, name, &self.time(at_ms, calendar))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lang;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>()
            .expect("a literal time")
            .as_millisecond()
    }

    #[test]
    fn a_time_is_told_relative_to_the_readers_day() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone of its own");
        let calendar = Calendar {
            now_ms: ms("2026-11-22T22:30:00Z"),
            zone,
        };
        let cases = [
            ("2026-11-22T21:05:00Z", "22:05 CET", "22:05 Uhr MEZ"),
            (
                "2026-11-22T23:10:00Z",
                "tomorrow, 00:10 CET",
                "morgen, 00:10 Uhr MEZ",
            ),
            (
                "2026-11-21T20:00:00Z",
                "yesterday, 21:00 CET",
                "gestern, 21:00 Uhr MEZ",
            ),
            (
                "2026-11-24T08:10:00Z",
                "24 Nov 09:10 CET",
                "24. Nov. 09:10 Uhr MEZ",
            ),
            (
                "2027-03-01T08:10:00Z",
                "1 Mar 2027 09:10 CET",
                "1. März 2027 09:10 Uhr MEZ",
            ),
        ];
        for (at, english, german) in cases {
            assert_eq!(Words::of(Lang::En).time_text(ms(at), &calendar), english);
            assert_eq!(Words::of(Lang::De).time_text(ms(at), &calendar), german);
        }
        let now = Words::of(Lang::En).full_time_text(calendar.now_ms, &calendar);
        assert_eq!(now, "22 Nov 2026 23:30 CET", "a mail is read on another day");
    }

    #[test]
    fn the_title_is_utc_whatever_the_zone() {
        let calendar = Calendar {
            now_ms: 0,
            zone: TimeZone::fixed(jiff::tz::offset(5)),
        };
        let page = Words::of(Lang::En)
            .time(ms("1970-01-01T01:00:00Z"), &calendar)
            .into_string();
        assert_eq!(
            page,
            "<time datetime=\"1970-01-01T01:00:00Z\" title=\"1970-01-01 01:00:00 UTC\">06:00 UTC+05</time>"
        );
    }
}
