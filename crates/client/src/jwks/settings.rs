//! How often keys are asked for, and how long they are good.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The times of a [`RemoteJwks`](super::RemoteJwks).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JwksSettings {
    /// The longest time between two fetches: a key that the issuer takes back is refused after this. 5 minutes by
    /// default; a `max-age` of the issuer's answer makes it shorter, to a minute at the least, never longer.
    pub refresh: Duration,
    /// How long keys are used after the last good fetch, while the issuer is away: 1 hour by default, and never less than
    /// [`Self::refresh`] and [`Self::timeout`] together.
    pub stale: Duration,
    /// The shortest time between the beginnings of two fetches that tokens ask for. 30 seconds by default.
    pub cool_down: Duration,
    /// The longest time that one fetch takes, metadata and keys together. 10 seconds by default.
    pub timeout: Duration,
}

impl JwksSettings {
    /// How long to wait after a fetch that went well; the spread keeps many guards from asking at once.
    pub(super) fn after_success(&self, max_age: Option<Duration>, spread: &Spread) -> Duration {
        let shortest = self.cool_down.max(SHORTEST).min(self.refresh);
        let interval = max_age.map_or(self.refresh, |max_age| max_age.clamp(shortest, self.refresh));
        interval - spread.of(interval / 10)
    }

    /// How long to wait after the `failures`th failure in a row: a second, then twice as long each time up to half a
    /// minute, less up to the half; or as long as the issuer asks for, within [`Self::refresh`].
    pub(super) fn after_failure(
        &self,
        failures: u32,
        retry_after: Option<Duration>,
        spread: &Spread,
    ) -> Duration {
        let doubled = FIRST_RETRY.saturating_mul(1 << failures.saturating_sub(1).min(MAX_DOUBLINGS));
        let wait = doubled.min(LAST_RETRY);
        let wait = wait - spread.of(wait / 2);
        wait.max(retry_after.unwrap_or_default().min(self.refresh))
    }
}

impl Default for JwksSettings {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(5 * 60),
            stale: Duration::from_secs(60 * 60),
            cool_down: Duration::from_secs(30),
            timeout: Duration::from_secs(10),
        }
    }
}

/// Parts of durations by chance, so that those who began together do not go on together; no secret hangs on it.
#[derive(Default)]
pub(super) struct Spread(RandomState, std::sync::atomic::AtomicU32);

impl Spread {
    fn of(&self, duration: Duration) -> Duration {
        let turn = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let [a, b, ..] = self.0.hash_one(turn).to_le_bytes();
        // in this order nothing is too large, whatever the settings
        duration / (1 << 16) * u32::from(u16::from_le_bytes([a, b]))
    }
}

const SHORTEST: Duration = Duration::from_secs(60);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(30);
const MAX_DOUBLINGS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn max_age_shortens_the_interval_within_bounds() {
        let settings = JwksSettings::default();
        for (max_age, longest) in [
            (None, 300),
            (Some(0), 60),
            (Some(15), 60),
            (Some(120), 120),
            (Some(300), 300),
            (Some(86_400), 300),
        ] {
            for _ in 0..100 {
                let wait = settings.after_success(max_age.map(seconds), &Spread::default());
                assert!(
                    wait <= seconds(longest) && wait >= seconds(longest) * 9 / 10,
                    "{max_age:?}: {wait:?}"
                );
            }
        }
        let often = JwksSettings { refresh: seconds(5), ..settings };
        assert!(often.after_success(Some(seconds(0)), &Spread::default()) <= seconds(5));
    }

    #[test]
    fn retries_come_later_each_time_and_no_later_than_asked_for() {
        let settings = JwksSettings::default();
        for (failures, longest) in [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (7, 30), (u32::MAX, 30)] {
            for _ in 0..100 {
                let wait = settings.after_failure(failures, None, &Spread::default());
                assert!(wait <= seconds(longest) && wait >= seconds(longest) / 2, "{failures}: {wait:?}");
            }
        }
        assert_eq!(settings.after_failure(1, Some(seconds(120)), &Spread::default()), seconds(120));
        assert_eq!(settings.after_failure(1, Some(seconds(86_400)), &Spread::default()), seconds(300));
        assert!(settings.after_failure(7, Some(seconds(1)), &Spread::default()) >= seconds(15));
    }

    #[test]
    fn the_longest_times_are_taken() {
        let settings = JwksSettings {
            refresh: Duration::MAX,
            stale: Duration::MAX,
            cool_down: Duration::MAX,
            timeout: Duration::MAX,
        };
        for max_age in [None, Some(seconds(60)), Some(Duration::MAX)] {
            for _ in 0..100 {
                let wait = settings.after_success(max_age, &Spread::default());
                assert!(wait >= Duration::MAX / 10 * 8, "{wait:?}");
            }
        }
        assert_eq!(settings.after_failure(1, Some(Duration::MAX), &Spread::default()), Duration::MAX);
    }

    #[test]
    fn the_spread_spreads() {
        let spread = Spread::default();
        let first = spread.of(seconds(60));
        assert!((0..100).any(|_| spread.of(seconds(60)).abs_diff(first) > seconds(5)));
    }
}
