//! The task that asks for keys before anybody misses them.

use std::sync::Arc;

use tokio::time::sleep_until;

use super::keeper::Keeper;

/// Starts a fetch whenever one is due; ends when it is aborted.
pub(super) async fn run(keeper: Arc<Keeper>) {
    let mut ended = keeper.ended();
    loop {
        match keeper.due() {
            Some(due) => tokio::select! {
                () = sleep_until(due) => keeper.start(),
                // a fetch that a token brought about moves the next one
                _ = ended.changed() => {}
            },
            None => drop(ended.changed().await),
        }
    }
}
