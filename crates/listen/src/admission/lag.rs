//! How late the runtime is: the time from when a task could run until it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// A gauge of lateness; clones are the same gauge. Zero until something is observed.
#[derive(Clone, Debug, Default)]
pub struct Lag(Arc<AtomicU64>);

impl Lag {
    /// The lateness as last known.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_micros(self.0.load(Relaxed))
    }

    /// Takes in an observation: lateness rises at once and falls by halves, so that one lucky moment in a flood does
    /// not open the gate.
    pub fn observe(&self, late: Duration) {
        let late = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        self.0.store(late.max(self.0.load(Relaxed) / 2), Relaxed);
    }

    /// Observes the runtime that this runs on, for ever: asks to be woken after a while, and sees how late it was.
    pub async fn watch(self) {
        loop {
            let asked = Instant::now();
            sleep(EVERY).await;
            self.observe(asked.elapsed().saturating_sub(EVERY + TIMER_STEP));
        }
    }
}

const EVERY: Duration = Duration::from_millis(10);

/// The runtime's timers have this step.
const TIMER_STEP: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_at_once_and_falls_by_halves() {
        let lag = Lag::default();
        assert_eq!(lag.now(), Duration::ZERO);
        lag.observe(Duration::from_millis(80));
        assert_eq!(lag.now().as_millis(), 80);
        lag.observe(Duration::ZERO);
        assert_eq!(lag.now().as_millis(), 40);
        lag.observe(Duration::from_millis(50));
        assert_eq!(lag.now().as_millis(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn a_runtime_that_is_late_is_noticed() {
        let lag = Lag::default();
        tokio::spawn(lag.clone().watch());
        tokio::task::yield_now().await;
        // the clock jumps while the watch could not run
        tokio::time::advance(Duration::from_millis(500)).await;
        tokio::task::yield_now().await;
        assert!(lag.now() >= Duration::from_millis(480), "{:?}", lag.now());
        sleep(Duration::from_secs(1)).await;
        assert!(lag.now() < Duration::from_millis(1), "{:?}", lag.now());
    }
}
