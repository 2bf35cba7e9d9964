//! Points in time as tokens write them, and who tells the present one.

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds (RFC 7519 §2, `NumericDate`), always whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// This moment moved by `seconds`, which may be negative; stops at the ends of the range.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Whole seconds from `earlier` to this moment, negative when it lies behind.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where the present time comes from; it is a parameter everywhere, so that tests move it.
pub trait Clock: Send + Sync + 'static {
    /// The present second, truncated, so that no token is issued in the future.
    fn now(&self) -> UnixTime;
}
