//! Administrative commands, one at a time, each carried to its end whether or not its caller waits for it.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};
use tracing::Instrument as _;

use crate::refusal::Fault;

/// Lets one command at a time be judged and carried out, so that what it checked still holds when it is done.
#[derive(Default)]
pub(crate) struct Commands {
    alone: Mutex<()>,
    /// Held by what is being carried out: its caller may be gone, and `alone` with it.
    under_way: Arc<Mutex<()>>,
}

impl Commands {
    /// Waits until no other command is judged or carried out.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, ()> {
        let alone = self.alone.lock().await;
        drop(self.under_way.lock().await);
        alone
    }

    /// Carries out `work` to its end, also when the future that waits for it is dropped: a client that hangs up must
    /// not keep a committed change from being seen.
    ///
    /// # Errors
    /// [`Fault::Broken`] when it panicked.
    pub(super) async fn carry_out<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Fault> {
        let under_way = Arc::clone(&self.under_way).lock_owned().await;
        let work = async move {
            let done = work.await;
            drop(under_way);
            done
        };
        tokio::spawn(work.in_current_span())
            .await
            .map_err(|error| Fault::Broken(format!("a command was not carried to its end: {error}")))
    }
}
