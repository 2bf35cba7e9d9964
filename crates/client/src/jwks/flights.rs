//! Who fetches and when: one fetch at a time, and none within the cool-down that tokens can bring about.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

/// The state of the fetches; behind a lock that is held for a few assignments.
pub(super) struct Flights {
    began: Option<Instant>,
    flying: bool,
    /// When the next fetch is due by itself.
    pub due: Instant,
    /// Failures in a row.
    pub failures: u32,
    /// Why the last one failed.
    pub error: Option<String>,
    /// The task that fetches, to be ended with the last handle.
    pub task: Option<AbortHandle>,
}

impl Flights {
    pub(super) fn new() -> Self {
        Self { began: None, flying: false, due: Instant::now(), failures: 0, error: None, task: None }
    }

    pub(super) const fn is_flying(&self) -> bool {
        self.flying
    }

    /// Whether a fetch began so short a time ago that no other is made.
    pub(super) fn is_cooling(&self, cool_down: Duration) -> bool {
        self.began.is_some_and(|began| began.elapsed() < cool_down)
    }

    /// Marks the beginning of a fetch; false when there is one already.
    #[must_use]
    pub(super) fn begin(&mut self) -> bool {
        if self.flying {
            return false;
        }
        self.flying = true;
        self.began = Some(Instant::now());
        true
    }

    /// Marks the end of a fetch; the next one is due at `due`.
    pub(super) fn end(&mut self, due: Instant, error: Option<String>) {
        self.flying = false;
        self.due = due;
        self.failures = if error.is_some() { self.failures.saturating_add(1) } else { 0 };
        self.error = error;
    }
}
