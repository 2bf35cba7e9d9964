//! A point in time by two clocks: the wall's, which counts while a machine sleeps, and a monotonic one, which nobody
//! sets.

use countersign_proto::time::UnixTime;

/// A point in time by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// What the wall's clock shows.
    pub wall: UnixTime,
    /// Milliseconds that passed since a beginning that all moments of one cache share.
    pub ticks: u64,
}

impl Moment {
    /// This moment later by `milliseconds`; the wall's clock shows whole seconds of it.
    pub(super) fn plus(self, milliseconds: u64) -> Self {
        let seconds = i64::try_from(milliseconds / 1000).unwrap_or(i64::MAX);
        Self { wall: self.wall.plus(seconds), ticks: self.ticks.saturating_add(milliseconds) }
    }

    /// The same, where the wall's clock shows more than it: a second that has begun counts whole at both ends.
    pub(super) fn plus_rounded_up(self, milliseconds: u64) -> Self {
        let seconds = i64::try_from(milliseconds.div_ceil(1000)).unwrap_or(i64::MAX);
        let whole = if milliseconds == 0 { 0 } else { seconds.saturating_add(1) };
        Self { wall: self.wall.plus(whole), ticks: self.ticks.saturating_add(milliseconds) }
    }

    /// Whether `other` has come by either clock: a wall's clock that is set back prolongs nothing.
    pub(crate) fn reached(self, other: Self) -> bool {
        self.wall >= other.wall || self.ticks >= other.ticks
    }
}
