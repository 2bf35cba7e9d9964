//! How long a token is used, and when it is renewed.

use countersign_proto::time::UnixTime;

use super::moment::Moment;

/// The two moments of a token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    /// It is used before this moment alone.
    pub use_until: Moment,
    /// It is renewed from this moment on, while it is in use.
    pub renew_at: Moment,
}

impl Life {
    /// The life of a token that was asked for at `asked`; of one whose end the server did not say, `assumed` seconds.
    ///
    /// `jitter` is any number: it spreads the renewals of many over a tenth of the life.
    pub(crate) fn of(expires_at: Option<UnixTime>, asked: Moment, assumed: i64, jitter: u32) -> Self {
        let life = expires_at.map_or(assumed, |end| end.since(asked.wall)).clamp(0, LONGEST);
        let life = u64::try_from(life).unwrap_or_default() * 1000;
        let used = life - LEEWAY.min(life / 5);
        let earliest = used / 5 * 4;
        let renewed = earliest + u64::from(jitter) % (used / 10 + 1);
        let later = |milliseconds| match life {
            // the wall shows the second in which it was asked for, and not when in that: so that nothing of a short life
            // is lost, the ticks end it, and the wall a second or two later, should they have stood still
            ..SHORT => asked.plus_rounded_up(milliseconds),
            _ => asked.plus(milliseconds),
        };
        Self { use_until: later(used), renew_at: later(renewed) }
    }

    /// Until when others may use it, who know the second alone in which it was asked for: cut, never rounded up.
    pub(crate) fn shared_until(self, asked: Moment) -> UnixTime {
        asked.plus(self.use_until.ticks.saturating_sub(asked.ticks)).wall
    }

    /// The same life as it looks at `now` to one who was not there when it began and knows by the wall's clock alone
    /// when that was; `None` when that is not before `now`.
    pub(crate) fn found(self, asked: Moment, now: Moment) -> Option<Self> {
        let passed = u64::try_from(now.wall.since(asked.wall)).ok()?.saturating_mul(1000);
        let moved = |to: Moment| Moment {
            wall: asked.plus(to.ticks - asked.ticks).wall,
            ticks: (now.ticks + (to.ticks - asked.ticks)).saturating_sub(passed),
        };
        Some(Self { use_until: moved(self.use_until), renew_at: moved(self.renew_at) })
    }
}

/// Milliseconds that clocks may differ and a request may travel; a token is given up so long before it expires, or by a
/// fifth of its life where that is less.
const LEEWAY: u64 = 10_000;
/// Milliseconds; of a life that is longer, a second more or less does not count.
const SHORT: u64 = 10_000;
/// Seconds that a token is used at most, whatever the server says.
const LONGEST: i64 = 24 * 60 * 60;
/// Seconds that a token is used whose life the server does not say, unless a source is told otherwise.
pub(crate) const ASSUMED: i64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Moment = Moment { wall: UnixTime(1_800_000_000), ticks: 5_000 };

    fn life(seconds: Option<i64>, jitter: u32) -> (u64, u64) {
        let life = Life::of(seconds.map(|life| ASKED.wall.plus(life)), ASKED, ASSUMED, jitter);
        let used = life.use_until.ticks - ASKED.ticks;
        assert!(life.shared_until(ASKED).since(ASKED.wall) as u64 * 1000 <= used);
        assert!(life.use_until.wall.since(ASKED.wall) as u64 * 1000 <= used + 2_000);
        (life.renew_at.ticks - ASKED.ticks, life.use_until.ticks - ASKED.ticks)
    }

    /// T-6749-19: whatever `expires_in` says or does not say, the life is bounded, and ends before the token's by a
    /// leeway of at most a fifth.
    #[test]
    fn every_life_ends_in_time() {
        assert_eq!(life(Some(300), 0), (232_000, 290_000));
        assert_eq!(life(Some(10), 0), (6_400, 8_000));
        assert_eq!(life(Some(1), 0), (640, 800));
        assert_eq!(life(None, 0), (40_000, 50_000));
        assert_eq!(life(Some(0), 7), (0, 0));
        assert_eq!(life(Some(-5), 7), (0, 0));
        assert_eq!(life(Some(i64::MAX), 0).1, 86_390_000);
    }

    /// The wall's clock shows whole seconds: whenever in one of them a token is asked for, its short life is used whole.
    #[test]
    fn a_short_life_is_used_whole_whenever_in_a_second_it_begins() {
        for (seconds, used) in [(1, 800), (2, 1_600), (9, 7_200)] {
            for began in [0, 1, 500, 999] {
                let at = |passed: u64| Moment {
                    wall: ASKED.wall.plus(((began + passed) / 1000) as i64),
                    ticks: ASKED.ticks + passed,
                };
                let life = Life::of(Some(ASKED.wall.plus(seconds)), at(0), ASSUMED, 0);
                assert!(!at(used - 1).reached(life.use_until), "{seconds} {began}");
                assert!(at(used).reached(life.use_until), "{seconds} {began}");
                assert!(!at(used / 5 * 4 - 1).reached(life.renew_at), "{seconds} {began}");
            }
            let life = Life::of(Some(ASKED.wall.plus(seconds)), ASKED, ASSUMED, 0);
            let slept = Moment { wall: ASKED.wall.plus(seconds + 1), ..ASKED };
            assert!(slept.reached(life.use_until), "a machine that slept: {seconds}");
        }
    }

    /// On disk there are whole seconds alone: who finds a token there takes the shorter life.
    #[test]
    fn who_finds_a_short_life_takes_the_whole_seconds_of_it() {
        let born = Life::of(Some(ASKED.wall.plus(2)), ASKED, ASSUMED, 0);
        let later = Moment { wall: ASKED.wall.plus(1), ticks: 7 };
        assert!(later.reached(born.found(ASKED, later).unwrap().use_until));
    }

    #[test]
    fn renewals_are_spread_over_a_tenth_of_the_life_and_are_before_its_end() {
        for seconds in [1, 2, 3, 10, 300, 86_400] {
            for jitter in [0, 1, 12_345, u32::MAX] {
                let (renewed, used) = life(Some(seconds), jitter);
                assert!(renewed >= used / 5 * 4 && renewed <= used - used / 10, "{seconds} {jitter}");
            }
        }
        assert_ne!(life(Some(300), 1), life(Some(300), 2));
    }

    #[test]
    fn who_finds_a_token_counts_what_has_passed_and_trusts_no_future() {
        let born = Life::of(Some(ASKED.wall.plus(300)), ASKED, ASSUMED, 0);
        let other = Moment { wall: ASKED.wall.plus(100), ticks: 7 };
        let found = born.found(ASKED, other).unwrap();
        assert_eq!((found.use_until.ticks, found.use_until.wall), (190_007, born.use_until.wall));
        assert_eq!(found.renew_at.ticks, 132_007);
        assert!(born.found(ASKED, Moment { wall: ASKED.wall.plus(-1), ticks: 7 }).is_none());
        let late = Moment { wall: ASKED.wall.plus(1000), ticks: 0 };
        assert!(late.reached(born.found(ASKED, late).unwrap().use_until));
    }
}
