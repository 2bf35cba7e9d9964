//! A bounded number of requests in work and in waiting, so that a flood gets quick refusals instead of slow answers.
//!
//! # Why so
//! A token costs some 40 µs of computing (300 with RSA) and awaits nothing. Counting requests in a layer alone sees
//! none of a flood: each request runs to its end the moment its connection is polled, the count is always one, and the
//! queue builds up where nobody looks: among the runtime's ready tasks. So a token request first *enters* (that is
//! counted) and then *steps back once* in the runtime's queue before it works. All requests that have arrived are then
//! read and counted before the costly work begins, which makes the count a true measure of the queue; and whatever is
//! cheap (keys, metadata, health) overtakes the work that stepped back.
//!
//! # Who is refused
//! The first [`ALWAYS`] are admitted whatever happens. Beyond them a token request is refused at once when
//! - the room is full: `in_work` + `waiting` requests are inside; or
//! - it would wait too long: the requests before it times what one costs (measured, shared by the processors at hand),
//!   and how late the runtime is already, whatever it is busy with ([`Lag`]), together exceed `patience`.
//!
//! Should the estimate be wrong, a request that was let in to wait is refused after `patience`. What others depend on and
//! costs little (keys, metadata, health) never passes the gate.
//!
//! The cost of a request is its own computing and nothing else. The pace at which requests leave looks like the better
//! measure, as it holds everything that takes time; it was tried, and it is a trap: refused callers who return at once
//! slow the pace, the slower pace refuses more, and the gate never opens again though there is room for all.
//!
//! # What it needs
//! A runtime whose queue is first in, first out: [`Workers`](crate::Workers).
//!
//! # What it brings
//! 1,500 connections that ask again at once, one core, `examples/load.rs`, milliseconds:
//!
//! | a token computes | gate | tokens p50, p99 | keys p50, p99 |
//! |---|---|---|---|
//! | 40 µs | open | 92, 111 | 92, 111 |
//! | 40 µs | this | 128, 151 | 10, 31 |
//! | 300 µs | open | 342, 545 | 342, 519 |
//! | 300 µs | this | 166, 182 | 48, 55 |

mod lag;

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

pub use lag::Lag;

/// The one gate that all token requests pass; clones are the same gate.
#[derive(Clone, Debug)]
pub struct Admission(Arc<Gate>);

/// How much is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Requests in work at a time; at least [`ALWAYS`].
    pub in_work: usize,
    /// Requests that may wait for their turn.
    pub waiting: usize,
    /// The longest that a request shall wait.
    pub patience: Duration,
    /// Processors that share the work.
    pub processors: usize,
}

/// The request was not worked on, for want of room: answer 503 with `Retry-After` (RFC 9110 section 15.6.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overloaded {
    /// When to try again; varies from refusal to refusal, so that those refused do not return together.
    pub retry_after: Duration,
}

/// What the gate has seen, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gauge {
    /// Token requests inside now: in work and waiting.
    pub inside: usize,
    /// Token requests admitted since the start.
    pub admitted: u64,
    /// Token requests refused since the start.
    pub refused: u64,
    /// What one token request costs of a processor, as a moving mean.
    pub cost: Duration,
}

#[derive(Debug)]
struct Gate {
    bounds: Bounds,
    turns: Semaphore,
    inside: AtomicUsize,
    admitted: AtomicU64,
    refused: AtomicU64,
    cost_ns: AtomicU64,
    lag: Lag,
}

/// Counts a request as inside until it is dropped.
struct Inside<'a>(&'a Gate);

/// A token request's permission to work: its count and its turn.
struct Turn<'a> {
    _inside: Inside<'a>,
    _turn: SemaphorePermit<'a>,
}

/// So many token requests are admitted whatever the load.
pub const ALWAYS: usize = 64;

impl Admission {
    /// A gate with these bounds, which nobody has passed yet.
    #[must_use]
    pub fn new(mut bounds: Bounds) -> Self {
        bounds.in_work = bounds.in_work.clamp(ALWAYS, Semaphore::MAX_PERMITS);
        bounds.processors = bounds.processors.max(1);
        Self(Arc::new(Gate {
            turns: Semaphore::new(bounds.in_work),
            bounds,
            inside: AtomicUsize::new(0),
            admitted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            cost_ns: AtomicU64::new(0),
            lag: Lag::default(),
        }))
    }

    /// Does the work on a token request if it is admitted, when its turn comes. Dropping the future gives its place free.
    ///
    /// # Errors
    /// [`Overloaded`] when it was refused; then `work` was not polled.
    pub async fn run<W: Future>(&self, work: W) -> Result<W::Output, Overloaded> {
        let _turn = self.0.enter().await?;
        let (output, cost) = Metered { work: pin!(work), cost: Duration::ZERO }.await;
        self.0.learn(cost);
        Ok(output)
    }

    /// How late the runtime is; drive its [`Lag::watch`] beside the server.
    #[must_use]
    pub fn lag(&self) -> &Lag {
        &self.0.lag
    }

    /// Reads the gauge.
    #[must_use]
    pub fn gauge(&self) -> Gauge {
        let gate = &self.0;
        Gauge {
            inside: gate.inside.load(Relaxed),
            admitted: gate.admitted.load(Relaxed),
            refused: gate.refused.load(Relaxed),
            cost: gate.cost(),
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            in_work: ALWAYS,
            waiting: 4096,
            patience: Duration::from_millis(100),
            processors: std::thread::available_parallelism().map_or(1, Into::into),
        }
    }
}

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too many requests at a time; try again in {} s", self.retry_after.as_secs())
    }
}

impl std::error::Error for Overloaded {}

impl Gate {
    async fn enter(&self) -> Result<Turn<'_>, Overloaded> {
        let before = self.inside.fetch_add(1, Relaxed);
        let inside = Inside(self);
        if before >= ALWAYS && self.is_too_much(before) {
            return Err(self.refuse());
        }
        let turn = if let Ok(turn) = self.turns.try_acquire() {
            yield_now().await;
            turn
        } else {
            match timeout(self.bounds.patience, self.turns.acquire()).await {
                Ok(Ok(turn)) => turn,
                _ => return Err(self.refuse()),
            }
        };
        self.admitted.fetch_add(1, Relaxed);
        Ok(Turn { _inside: inside, _turn: turn })
    }

    /// Whether one more is too much when so many are inside before it.
    fn is_too_much(&self, before: usize) -> bool {
        let Bounds { in_work, waiting, patience, processors } = self.bounds;
        let wait = self.cost().saturating_mul(u32::try_from(before / processors).unwrap_or(u32::MAX));
        before >= in_work.saturating_add(waiting) || wait.saturating_add(self.lag.now()) > patience
    }

    fn refuse(&self) -> Overloaded {
        let count = self.refused.fetch_add(1, Relaxed);
        Overloaded { retry_after: Duration::from_secs(1 + count % RETRY_SPREAD) }
    }

    fn cost(&self) -> Duration {
        Duration::from_nanos(self.cost_ns.load(Relaxed))
    }

    /// Moves the mean by a sixteenth; a lost update between two threads costs one sample.
    fn learn(&self, cost: Duration) {
        let sample = u64::try_from(cost.as_nanos()).unwrap_or(u64::MAX);
        let mean = self.cost_ns.load(Relaxed);
        let moved = if mean == 0 { sample } else { mean - mean / 16 + sample / 16 };
        self.cost_ns.store(moved, Relaxed);
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Relaxed);
    }
}

/// Measures how long its work was polled: computing, not awaiting.
struct Metered<'a, W> {
    work: Pin<&'a mut W>,
    cost: Duration,
}

impl<W: Future> Future for Metered<'_, W> {
    type Output = (W::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let begin = Instant::now();
        let polled = self.work.as_mut().poll(cx);
        self.cost += begin.elapsed();
        polled.map(|output| (output, self.cost))
    }
}

/// Refusals ask for 1, 2 or 3 seconds in turn.
const RETRY_SPREAD: u64 = 3;

#[cfg(test)]
mod tests;
