//! The time of tests: it stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};

use countersign_proto::time::{Clock, UnixTime};
use tokio::time::Instant;

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

/// A clock that follows tokio's time, from [`EPOCH`] on: a test that pauses and advances the one moves the other.
#[derive(Debug)]
pub struct TokioClock(Instant);

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

impl Default for TokioClock {
    /// It shows [`EPOCH`] now.
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for TokioClock {
    fn now(&self) -> UnixTime {
        EPOCH.plus(self.0.elapsed().as_secs().try_into().unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_clock_follows_the_other() {
        let clock = TokioClock::default();
        assert_eq!(clock.now(), EPOCH);
        tokio::time::advance(Duration::from_millis(299_999)).await;
        assert_eq!(clock.now(), EPOCH.plus(299));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(clock.now(), EPOCH.plus(300));
    }
}
