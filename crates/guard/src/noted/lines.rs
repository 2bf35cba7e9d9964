//! Counts the lines that this crate writes to the log: for tests of how many a flood gets.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Once};

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default, set_global_default};
use tracing::{Event, Metadata, Subscriber};

/// A log of which only the length is kept; clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<AtomicU64>);

impl Lines {
    /// Those of this thread, until the guard is dropped.
    pub(crate) fn of_this_thread() -> (Self, DefaultGuard) {
        // with one subscriber alone in a process, a line that a thread without it reaches first is switched off for all
        static EVERYWHERE: Once = Once::new();
        EVERYWHERE.call_once(|| drop(set_global_default(Self::default())));
        let lines = Self::default();
        (lines.clone(), set_default(lines))
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.load(SeqCst)
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let is_ours = event.metadata().target().starts_with(env!("CARGO_CRATE_NAME"));
        self.0.fetch_add(u64::from(is_ours), SeqCst);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
