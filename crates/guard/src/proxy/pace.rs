//! How long nothing moves, and whose turn it was: an upload's silence is its caller's, and what follows its upstream's.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep_until};

/// Marks that an upload leaves for whoever waits for its answer; both hold the upstream's place until the last of them ends.
#[derive(Debug)]
pub(super) struct Pace {
    start: Instant,
    /// Milliseconds since the start, when the turn last changed or a part went on; the lowest bit is the caller's turn.
    mark: AtomicU64,
    _place: OwnedSemaphorePermit,
}

/// Who has to move next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Caller,
    Upstream,
}

/// Ends what has been silent for too long; the timer is there only once something was silent at all.
#[derive(Debug)]
pub(super) struct Silence {
    patience: Duration,
    since: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub(super) fn new(place: OwnedSemaphorePermit) -> Self {
        Self { start: Instant::now(), mark: AtomicU64::new(0), _place: place }
    }

    /// A part went on, or the end: the upstream has to take it, or to answer.
    pub(super) fn moved(&self) {
        self.mark.store(self.now() << 1, Relaxed);
    }

    /// The upstream could take more, and the caller has not sent it.
    pub(super) fn awaits_caller(&self) {
        if self.mark.load(Relaxed) & 1 == 0 {
            self.mark.store((self.now() << 1) | 1, Relaxed);
        }
    }

    /// Whose turn it is, and since when.
    pub(super) fn turn(&self) -> (Turn, Instant) {
        let mark = self.mark.load(Relaxed);
        let turn = if mark & 1 == 0 { Turn::Upstream } else { Turn::Caller };
        (turn, self.start + Duration::from_millis(mark >> 1))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX >> 1)
    }
}

impl Silence {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, since: None, alarm: None }
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Something moved.
    pub(super) fn broken(&mut self) {
        self.since = None;
    }

    /// Nothing moves here: ready once that has lasted too long, counted from `elsewhere` where that is later.
    pub(super) fn poll_too_long(&mut self, cx: &mut Context<'_>, elsewhere: Option<Instant>) -> Poll<()> {
        let here = *self.since.get_or_insert_with(Instant::now);
        let due = elsewhere.map_or(here, |elsewhere| elsewhere.max(here)) + self.patience;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
        loop {
            ready!(alarm.as_mut().poll(cx));
            if alarm.deadline() >= due {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(due);
        }
    }
}
