//! The task that asks for keys before anybody misses them, and sees when those that are there are too old.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::keeper::Keeper;

/// Starts a fetch whenever one is due, and keeps [`Keeper::generation`] right; ends when it is aborted.
pub(super) async fn run(keeper: Arc<Keeper>) {
    let watch = Watch(keeper);
    let Watch(keeper) = &watch;
    let mut ended = keeper.ended();
    loop {
        let too_old = keeper.watch();
        tokio::select! {
            () = until(keeper.due()) => keeper.start(),
            () = until(too_old) => {}
            // a fetch that a token brought about moves the next one; the sender lives as long as we do
            _ = ended.changed() => {}
        }
    }
}

/// `None` is never.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// However the task ends.
struct Watch(Arc<Keeper>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.unwatch();
    }
}
