//! What the slot shares between threads, as loom plays it.

use std::sync::Arc;

use loom::sync::RwLock;
pub(crate) use loom::sync::atomic::AtomicU64;
pub(crate) use loom::sync::{Mutex, MutexGuard};

/// A value that is read as it was at one moment and replaced whole.
pub(crate) struct Shared<T>(RwLock<Option<Arc<T>>>);

impl<T> Shared<T> {
    pub(crate) fn empty() -> Self {
        Self(RwLock::new(None))
    }

    pub(crate) fn read<R>(&self, read: impl FnOnce(Option<&T>) -> R) -> R {
        let value = self.0.read().unwrap().clone();
        read(value.as_deref())
    }

    pub(crate) fn replace(&self, value: Option<T>) {
        *self.0.write().unwrap() = value.map(Arc::new);
    }
}
