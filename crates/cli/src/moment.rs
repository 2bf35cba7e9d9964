//! Moments and spans as people read and write them.

use std::time::Duration;

use countersign_issuer::clock::{Clock, SystemClock};
use countersign_proto::time::UnixTime;

/// `2026-11-20T08:15:00Z` (RFC 3339 §5.6).
pub(crate) fn rfc3339(at: UnixTime) -> String {
    let (days, second) = (at.0.div_euclid(86_400), at.0.rem_euclid(86_400));
    // the calendar of 400 years, counted from 0000-03-01 so that a leap day ends a year
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The present second.
pub(crate) fn now() -> UnixTime {
    SystemClock.now()
}

/// Reads a span such as `90d`, `12h`, `30m` or `45s`.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let rule = || "a span is a whole number with a unit, such as 90d, 12h, 30m or 45s".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(rule)?;
    let number: u64 = number.parse().map_err(|_| rule())?;
    let seconds = match unit {
        "d" => number.checked_mul(86_400),
        "h" => number.checked_mul(3_600),
        "m" => number.checked_mul(60),
        "s" => Some(number),
        _ => return Err(rule()),
    };
    seconds.filter(|seconds| *seconds <= 100 * 366 * 86_400).map(Duration::from_secs).ok_or_else(rule)
}

/// The moment a span from now.
pub(crate) fn from_now(span: Duration) -> UnixTime {
    now().plus(i64::try_from(span.as_secs()).unwrap_or(i64::MAX))
}

/// A length of time in the largest unit that divides it, or, where none does, about so long.
pub(crate) fn length(seconds: i64) -> String {
    for (unit, name) in [(86_400, "d"), (3_600, "h"), (60, "min")] {
        if seconds != 0 && seconds % unit == 0 {
            return format!("{} {name}", seconds / unit);
        }
    }
    match seconds.unsigned_abs() {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_right() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(UnixTime(at)), text);
        }
    }

    #[test]
    fn lengths_are_exact_where_they_can_be() {
        for (seconds, text) in [
            (3600, "1 h"),
            (300, "5 min"),
            (86_400, "1 d"),
            (59, "59 s"),
            (0, "0 s"),
            (3599, "59 min"),
            (90_061, "25 h"),
        ] {
            assert_eq!(length(seconds), text);
        }
    }

    #[test]
    fn spans_have_a_unit() {
        assert_eq!(span("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert_eq!(span("45s"), Ok(Duration::from_secs(45)));
        for wrong in ["", "d", "90", "-1d", "1.5h", "1w", "99999999999999999999d", "9999999d", "1é"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
