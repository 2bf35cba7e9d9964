//! What the slot shares between threads: the seam at which the tests put loom's in the place of it.

use std::sync::Arc;
pub(super) use std::sync::atomic::AtomicU64;
pub(super) use std::sync::{Mutex, MutexGuard};

use arc_swap::ArcSwapOption;

/// A value that is read without a lock and replaced whole.
pub(super) struct Shared<T>(ArcSwapOption<T>);

impl<T> Shared<T> {
    pub(super) fn empty() -> Self {
        Self(ArcSwapOption::empty())
    }

    /// Reads what there is.
    pub(super) fn read<R>(&self, read: impl FnOnce(Option<&T>) -> R) -> R {
        read(self.0.load().as_deref())
    }

    pub(super) fn replace(&self, value: Option<T>) {
        self.0.store(value.map(Arc::new));
    }
}
