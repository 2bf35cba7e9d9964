//! The time of tests: it stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};

use countersign_proto::time::{Clock, UnixTime};

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

/// The second at which clocks of tests stand at first: 2026-01-01T00:00:00Z.
pub const EPOCH: UnixTime = UnixTime(1_767_225_600);

impl TestClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: UnixTime) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves it by `seconds`, backwards when negative.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::at(EPOCH)
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::Relaxed))
    }
}
