//! How long a server is left alone after it failed, and after a token that it gave was refused elsewhere.

use std::time::Duration;

use countersign_proto::time::UnixTime;

/// Milliseconds until a failed renewal is tried again: doubled with each failure, spread by `jitter`, which is any
/// number, over the upper half of it, and never less than the server asked for.
pub(crate) fn after_failure(failures: u32, retry_after: Option<u64>, jitter: u32) -> u64 {
    let whole = doubled(FIRST, failures);
    let half = whole / 2;
    (half + u64::from(jitter) % (half + 1)).max(retry_after.unwrap_or(0))
}

/// Milliseconds during which those who have no token are told that the server wants to be left alone.
pub(crate) fn closed(retry_after: Option<u64>) -> u64 {
    retry_after.unwrap_or(0).min(LONGEST)
}

/// Milliseconds during which a token is not replaced that is the `replacements`th in a row to take the place of a
/// refused one: a resource server that refuses every token causes no storm.
pub(super) fn after_replacement(replacements: u32) -> u64 {
    doubled(REPLACED, replacements.saturating_sub(1))
}

/// What is left at `now` of so many milliseconds that began at `since`; nothing of what would begin later.
pub(super) fn remaining(milliseconds: u64, since: UnixTime, now: UnixTime) -> Option<Duration> {
    let passed = Duration::from_secs(u64::try_from(now.since(since)).ok()?);
    Duration::from_millis(milliseconds).checked_sub(passed).filter(|left| !left.is_zero())
}

fn doubled(first: u64, times: u32) -> u64 {
    first.saturating_mul(1 << times.min(16)).min(LONGEST)
}

const FIRST: u64 = 1_000;
const REPLACED: u64 = 5_000;
/// Nobody waits longer than this for another try, unless there is a good token still and the server asked for it.
const LONGEST: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_are_spread() {
        assert_eq!([0, 1, 2, 5].map(|failures| after_failure(failures, None, 0)), [500, 1000, 2000, 16_000]);
        for failures in [6, 40, u32::MAX] {
            assert_eq!(after_failure(failures, None, 30_000), 60_000);
            assert_eq!(after_failure(failures, None, 30_001), 30_000);
        }
        assert_eq!(after_failure(0, Some(600_000), 9), 600_000);
        assert_eq!((closed(None), closed(Some(7_000)), closed(Some(u64::MAX))), (0, 7_000, 60_000));
        assert_eq!([1, 2, 9].map(after_replacement), [5_000, 10_000, 60_000]);
    }

    #[test]
    fn what_is_left_is_never_of_the_future() {
        let left = |now| remaining(5_000, UnixTime(100), UnixTime(now)).map(|left| left.as_secs());
        assert_eq!([99, 100, 104, 105, 1000].map(left), [None, Some(5), Some(1), None, None]);
    }
}
