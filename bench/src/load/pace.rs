//! When requests are due, to some ten microseconds: tokio's timers tick in milliseconds, and all that is due within one would
//! go out in one burst, so that a measure would be of bursts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// Requests as they fall due, evenly spread; whoever has a connection free takes the next.
pub(super) struct Pace {
    due: Semaphore,
    since: Mutex<VecDeque<Instant>>,
}

impl Pace {
    /// So many per second, until the last who could take one is gone.
    pub(super) fn start(rate: f64) -> Arc<Self> {
        let pace = Arc::new(Self { due: Semaphore::new(0), since: Mutex::default() });
        let told = Arc::downgrade(&pace);
        thread::spawn(move || beat(&told, Duration::from_secs_f64(1.0 / rate)));
        pace
    }

    /// Waits for the next, and returns since when it is due.
    pub(super) async fn next(&self) -> Option<Instant> {
        self.due.acquire().await.ok()?.forget();
        self.since.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn tell(&self) {
        self.since.lock().unwrap_or_else(PoisonError::into_inner).push_back(Instant::now());
        self.due.add_permits(1);
    }
}

/// What the machine was too busy for is made up for at once: the number over a time stays what it is.
fn beat(pace: &Weak<Pace>, every: Duration) {
    let mut next = Instant::now();
    while let Some(pace) = pace.upgrade() {
        pace.tell();
        drop(pace);
        next += every;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}
