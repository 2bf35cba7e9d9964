//! Random bits of which the nonces come only when a test lets them: whoever seals a new signing key waits.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use countersign_issuer::random::{NoRandomness, Random, SystemRandom};

/// The system's random bits, with the nonces held back on demand. Blocks the thread that draws one.
#[derive(Default)]
pub(crate) struct HeldNonces {
    state: Mutex<State>,
    changed: Condvar,
}

/// While it is there, no nonce comes.
pub(crate) struct Hold<'a>(&'a HeldNonces);

#[derive(Default)]
struct State {
    held: bool,
    waiting: usize,
}

impl HeldNonces {
    /// Holds back every nonce until what this returns is dropped, be it by a test that fails.
    #[must_use]
    pub(crate) fn hold(&self) -> Hold<'_> {
        self.set(true);
        Hold(self)
    }

    fn set(&self, held: bool) {
        self.state.lock().unwrap().held = held;
        self.changed.notify_all();
    }

    /// Waits until so many wait for a nonce.
    pub(crate) async fn are_awaited_by(&self, count: usize) {
        let awaited = async {
            while self.state.lock().unwrap().waiting < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), awaited).await.unwrap();
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Random for HeldNonces {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        if out.len() == NONCE {
            let mut state = self.state.lock().unwrap();
            state.waiting += 1;
            while state.held {
                state = self.changed.wait(state).unwrap();
            }
            state.waiting -= 1;
        }
        SystemRandom.fill(out)
    }
}

/// Bytes of a nonce of AES-GCM; nothing else that is drawn has this length.
const NONCE: usize = 12;
