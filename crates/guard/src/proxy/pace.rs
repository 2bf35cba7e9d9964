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
    /// How much silence there may be in all; more is earned by what comes.
    left: Option<Duration>,
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
        Self { patience, left: None, since: None, alarm: None }
    }

    /// The same, of an upload: a caller who sends a byte a minute would keep an upstream's place for as long as it likes.
    pub(super) fn of_upload(patience: Duration) -> Self {
        Self { left: Some(patience.max(CREDIT)), ..Self::new(patience) }
    }

    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Something moved.
    pub(super) fn broken(&mut self) {
        let silent = self.since.take().map(|since| since.elapsed());
        self.left = self.left.map(|left| left.saturating_sub(silent.unwrap_or_default()));
    }

    /// So much came: the slowest may take [`PER_BYTE`].
    pub(super) fn earned(&mut self, bytes: usize) {
        let earned = PER_BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
        let most = self.patience.max(CREDIT);
        self.left = self.left.map(|left| left.saturating_add(earned).min(most));
    }

    /// Nothing moves here: ready once that has lasted too long, counted from `elsewhere` where that is later.
    pub(super) fn poll_too_long(&mut self, cx: &mut Context<'_>, elsewhere: Option<Instant>) -> Poll<()> {
        let here = *self.since.get_or_insert_with(Instant::now);
        // never earlier than it was before: what is earned, or waited for, moves it on
        let within = self.left.map_or(self.patience, |left| left.min(self.patience));
        let due = elsewhere.map_or(here, |elsewhere| elsewhere.max(here)) + within;
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

/// What a slow upload may be behind, where the patience with one silence is not longer.
const CREDIT: Duration = Duration::from_secs(30);
/// 1,000 bytes a second, slower than any network that people use.
const PER_BYTE: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// For how many seconds an upload of so many bytes a second is borne, an hour at most.
    async fn borne(bytes: usize, patience: u64) -> u64 {
        let mut silence = Silence::of_upload(Duration::from_secs(patience));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3600) {
            let second = tokio::time::sleep(Duration::from_secs(1));
            tokio::select! {
                biased;
                () = second => {
                    silence.broken();
                    silence.earned(bytes);
                }
                () = poll_fn(|cx| silence.poll_too_long(cx, None)) => break,
            }
        }
        begun.elapsed().as_secs()
    }

    /// Threats 7: who sends a byte now and then keeps no place for long, and who sends a thousand a second does.
    #[tokio::test(start_paused = true)]
    async fn an_upload_has_a_least_rate() {
        assert_eq!(borne(1, 10).await, 30);
        assert_eq!(borne(1, 60).await, 60);
        assert_eq!(borne(500, 10).await, 59);
        assert_eq!(borne(1000, 10).await, 3600);
        assert_eq!(borne(1_000_000, 10).await, 3600);
    }

    /// What came fast at first is no leave to be slow for long.
    #[tokio::test(start_paused = true)]
    async fn credit_is_not_saved_up() {
        let mut silence = Silence::of_upload(Duration::from_secs(10));
        silence.earned(usize::MAX);
        assert_eq!(silence.left, Some(CREDIT));
        assert_eq!(Silence::new(Duration::from_secs(10)).left, None, "an answer may be as slow as it likes");
    }
}
