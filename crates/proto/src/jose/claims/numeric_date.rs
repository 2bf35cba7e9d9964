//! Dates as claims have them (RFC 7519 §2): one range, and nothing outside of it is read as "no limit".

use serde_json::Value;

/// Seconds since 1970-01-01T00:00:00Z, between 0 and the end of the year 9999 (RFC 7519 §2).
///
/// On the wire it is a JSON number. RFC 7519 allows fractions and some issuers send them, so a decimal is taken and
/// its fraction dropped; a string, a negative number, and anything beyond the year 9999 are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(i64);

impl NumericDate {
    /// The last second of the year 9999.
    pub const MAX: Self = Self(253_402_300_799);

    /// `None` outside 0 to [`Self::MAX`].
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Option<Self> {
        if seconds >= 0 && seconds <= Self::MAX.0 { Some(Self(seconds)) } else { None }
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// Reads the JSON number of RFC 7519 §2; `None` for anything that is not within the range.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        if let Some(seconds) = number.as_i64() {
            return Self::from_seconds(seconds);
        }
        let seconds = number.as_f64()?;
        let in_range = seconds.is_sign_positive() && seconds < (Self::MAX.0 + 1) as f64;
        // Within the range a double holds each whole second, so that the cast only drops the fraction.
        if in_range { Self::from_seconds(seconds as i64) } else { None }
    }
}
