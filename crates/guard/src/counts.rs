//! How many requests were let in, and how many not, by reason: for metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::refusal::{Reason, Refusal};

/// The counters of one verifier.
#[derive(Debug)]
pub(crate) struct Counts {
    allowed: AtomicU64,
    refused: Box<[AtomicU64]>,
}

impl Counts {
    pub(crate) fn new() -> Self {
        Self { allowed: AtomicU64::new(0), refused: Reason::all().map(|_| AtomicU64::new(0)).collect() }
    }

    pub(crate) fn allow(&self) {
        self.allowed.fetch_add(1, Relaxed);
    }

    pub(crate) fn refuse(&self, refusal: &Refusal) {
        if let Some(count) = self.refused.get(refusal.reason().number()) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn allowed(&self) -> u64 {
        self.allowed.load(Relaxed)
    }

    pub(crate) fn refused(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::all().zip(self.refused.iter().map(|count| count.load(Relaxed)))
    }
}
