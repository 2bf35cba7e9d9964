//! What one connection is doing, as marks that its stream and its service leave, and from them: is it late?
//!
//! The marks are plain atomics (but for HTTP/2's answers), so the hot path sets no timer. A watch wakes at least once in the shortest of the
//! timeouts; a mark that is set after it looked cannot be due before it looks again, so no deadline is missed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::Limits;
use crate::stats::Event;

#[derive(Debug)]
pub(crate) struct Activity {
    start: Instant,
    /// Requests that the service works on, until the last byte of the answer was handed over.
    in_flight: AtomicUsize,
    /// Whether any head was ever complete.
    spoke: AtomicBool,
    /// Since when no request is in flight.
    quiet_since: AtomicU64,
    /// Since when an HTTP/1.1 head is incomplete.
    head_since: AtomicU64,
    /// Since when the peer takes nothing of what we write.
    blocked_since: AtomicU64,
    /// Of the answers on HTTP/2, by the numbers of their requests: since when the peer gives no room for more of them.
    /// Its flow control can hold one back while the stream flows (RFC 9113 section 5.2).
    held_back_since: Mutex<BTreeMap<u64, u64>>,
    /// The number of the next request.
    next: AtomicU64,
}

/// In what way a connection is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Late {
    Head,
    Idle,
    Write,
}

/// Counts a request as in flight until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    activity: Arc<Activity>,
    /// Its number, where its answer has a flow control of its own.
    number: Option<u64>,
}

impl Activity {
    pub(crate) fn start() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            in_flight: AtomicUsize::new(0),
            spoke: AtomicBool::new(false),
            quiet_since: AtomicU64::new(0),
            head_since: AtomicU64::new(NEVER),
            blocked_since: AtomicU64::new(NEVER),
            held_back_since: Mutex::default(),
            next: AtomicU64::new(0),
        })
    }

    /// A request begins; `flow` says that its answer has a flow control of its own, as on HTTP/2.
    pub(crate) fn request(self: &Arc<Self>, flow: bool) -> InFlight {
        self.spoke.store(true, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        let number = flow.then(|| self.next.fetch_add(1, Relaxed));
        InFlight { activity: Arc::clone(self), number }
    }

    pub(crate) fn head_began(&self) {
        self.head_since.store(self.now(), Relaxed);
    }

    pub(crate) fn head_ended(&self) {
        self.head_since.store(NEVER, Relaxed);
    }

    pub(crate) fn write_blocked(&self) {
        if self.blocked_since.load(Relaxed) == NEVER {
            self.blocked_since.store(self.now(), Relaxed);
        }
    }

    pub(crate) fn write_flows(&self) {
        if self.blocked_since.load(Relaxed) != NEVER {
            self.blocked_since.store(NEVER, Relaxed);
        }
    }

    /// Sleeps until the connection is late.
    pub(crate) async fn until_late(&self, limits: &Limits) -> Late {
        loop {
            let (due, late) = self.due(limits);
            let now = Instant::now();
            if due <= now {
                return late;
            }
            sleep_until(due.min(now + limits.shortest())).await;
        }
    }

    /// When this connection will be late, if it goes on doing what it does now.
    fn due(&self, limits: &Limits) -> (Instant, Late) {
        let blocked = self.blocked_since.load(Relaxed);
        let quiet = self.quiet_since.load(Relaxed);
        let head = self.head_since.load(Relaxed);
        let mut due = (FAR_OFF_MS, Late::Idle);
        if blocked != NEVER {
            due = (blocked + ms(limits.write_timeout), Late::Write);
        }
        if let Some(&held) = self.held_back().values().min() {
            due = due.min((held + ms(limits.write_timeout), Late::Write));
        }
        // while a request is in work nobody reads the next head, so the peer cannot be blamed for it
        if self.in_flight.load(Relaxed) == 0 {
            let waits = if !self.spoke.load(Relaxed) {
                (quiet + ms(limits.head_timeout), Late::Head)
            } else if head != NEVER {
                (head.max(quiet) + ms(limits.head_timeout), Late::Head)
            } else {
                (quiet + ms(limits.idle_timeout), Late::Idle)
            };
            if waits.0 < due.0 {
                due = waits;
            }
        }
        let after = if due.0 >= FAR_OFF_MS { self.now() + FAR_OFF_MS } else { due.0 };
        (self.start + Duration::from_millis(after), due.1)
    }

    fn held_back(&self) -> MutexGuard<'_, BTreeMap<u64, u64>> {
        self.held_back_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        ms(self.start.elapsed())
    }
}

impl InFlight {
    /// The answer has something to send: from now on it is the peer who must take it.
    pub(crate) fn awaits_peer(&self) {
        if let Some(number) = self.number {
            let now = self.activity.now();
            self.activity.held_back().insert(number, now);
        }
    }

    /// The answer has nothing to send yet: the peer cannot be blamed.
    pub(crate) fn awaits_us(&self) {
        if let Some(number) = self.number {
            self.activity.held_back().remove(&number);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.awaits_us();
        self.activity.quiet_since.store(self.activity.now(), Relaxed);
        self.activity.in_flight.fetch_sub(1, Relaxed);
    }
}

impl From<Late> for Event {
    fn from(late: Late) -> Self {
        match late {
            Late::Head => Self::HeadTimeout,
            Late::Idle => Self::IdleTimeout,
            Late::Write => Self::WriteTimeout,
        }
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(FAR_OFF_MS).min(FAR_OFF_MS)
}

const NEVER: u64 = u64::MAX;

/// About a year: beyond any timeout, and far from overflow.
const FAR_OFF_MS: u64 = 32_000_000_000;

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    async fn late_after(activity: &Activity, limits: &Limits) -> (Late, Duration) {
        let from = Instant::now();
        let late = activity.until_late(limits).await;
        (late, from.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_has_the_time_of_a_head() {
        let limits = Limits::default();
        let (late, after) = late_after(&Activity::start(), &limits).await;
        assert_eq!((late, after.as_secs()), (Late::Head, 30));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_request_it_may_idle_longer() {
        let limits = Limits::default();
        let activity = Activity::start();
        drop(activity.request(false));
        let (late, after) = late_after(&activity, &limits).await;
        assert_eq!((late, after.as_secs()), (Late::Idle, 75));
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_head_has_its_own_30_seconds_however_late_it_began() {
        let limits = Limits::default();
        let activity = Activity::start();
        drop(activity.request(false));
        let watching = tokio::spawn({
            let activity = Arc::clone(&activity);
            async move { late_after(&activity, &Limits::default()).await }
        });
        tokio::task::yield_now().await;
        advance(Duration::from_secs(61)).await;
        activity.head_began();
        let (late, after) = watching.await.unwrap();
        assert_eq!((late, after.as_secs()), (Late::Head, 91));
        activity.head_ended();
        assert_eq!(activity.due(&limits).1, Late::Idle);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_in_work_is_never_late_but_a_stuck_peer_is() {
        let limits = Limits::default();
        let activity = Activity::start();
        let request = activity.request(false);
        activity.head_began();
        advance(Duration::from_secs(3600)).await;
        assert!(activity.due(&limits).0 > Instant::now());
        activity.write_blocked();
        advance(Duration::from_secs(10)).await;
        activity.write_blocked(); // still the same blockade: the time runs from its start
        let (late, after) = late_after(&activity, &limits).await;
        assert_eq!((late, after.as_secs()), (Late::Write, 20));
        activity.write_flows();
        assert!(activity.due(&limits).0 > Instant::now());
        drop(request);
        // the half-sent head behind the request counts from when we could have read it
        let (late, after) = late_after(&activity, &limits).await;
        assert_eq!((late, after.as_secs()), (Late::Head, 30));
    }

    /// One answer that the peer gives no room for makes it late, whatever else flows.
    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_held_back_is_late_from_its_last_progress() {
        let limits = Limits::default();
        let activity = Activity::start();
        let (held, other) = (activity.request(true), activity.request(true));
        held.awaits_peer();
        advance(Duration::from_secs(20)).await;
        held.awaits_us(); // it computes
        advance(Duration::from_secs(3600)).await;
        assert!(activity.due(&limits).0 > Instant::now());
        held.awaits_peer();
        advance(Duration::from_secs(10)).await;
        other.awaits_peer();
        let (late, after) = late_after(&activity, &limits).await;
        assert_eq!((late, after.as_secs()), (Late::Write, 20));
        drop(held);
        let (late, after) = late_after(&activity, &limits).await;
        assert_eq!((late, after.as_secs()), (Late::Write, 10));
    }
}
