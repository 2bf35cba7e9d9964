//! What an issuer knows while its connections are served.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard};

use countersign_proto::jose::SigningKey;
use countersign_proto::time::Clock;
use serde_json::Value;
use tokio::sync::watch;

use super::{Document, Hold, Reply};

pub(super) struct State {
    pub(super) origin: String,
    pub(super) path: String,
    pub(super) issuer: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) key_number: AtomicU64,
    pub(super) tokens: AtomicU64,
    pub(super) active: Mutex<HashMap<String, Value>>,
    /// The keys that were made for this issuer, published or not.
    pub(super) made: Mutex<Vec<Arc<SigningKey>>>,
    keys: Mutex<Vec<Arc<SigningKey>>>,
    desks: [Desk; Document::ALL.len()],
}

/// Where requests for one document arrive.
pub(super) struct Desk {
    pub(super) count: watch::Sender<u64>,
    reply: Mutex<Option<Reply>>,
    hold: Mutex<Option<watch::Receiver<bool>>>,
}

impl State {
    pub(super) fn new(origin: String, path: String, issuer: String, clock: Arc<dyn Clock>) -> Self {
        Self {
            origin,
            path,
            issuer,
            clock,
            key_number: AtomicU64::new(1),
            tokens: AtomicU64::new(1),
            active: Mutex::default(),
            made: Mutex::default(),
            keys: Mutex::default(),
            desks: Document::ALL.map(|_| Desk::default()),
        }
    }

    pub(super) fn keys(&self) -> MutexGuard<'_, Vec<Arc<SigningKey>>> {
        self.keys.lock().expect("no test panicked here")
    }

    pub(super) fn desk(&self, document: Document) -> &Desk {
        &self.desks[document as usize]
    }
}

impl Desk {
    pub(super) fn set_reply(&self, reply: Option<Reply>) {
        *self.reply.lock().expect("no test panicked here") = reply;
    }

    pub(super) fn hold(&self) -> Hold {
        let (hold, held) = Hold::new();
        *self.hold.lock().expect("no test panicked here") = Some(held);
        hold
    }

    /// Counts a request, lets it wait while there is a hold, and says what a test wants it to be answered.
    pub(super) async fn arrive(&self) -> Option<Reply> {
        self.count.send_modify(|count| *count += 1);
        let held = self.hold.lock().expect("no test panicked here").clone();
        if let Some(mut held) = held {
            // A dropped hold is a released one.
            let _ = held.wait_for(|released| *released).await;
        }
        self.reply.lock().expect("no test panicked here").clone()
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self { count: watch::Sender::new(0), reply: Mutex::default(), hold: Mutex::default() }
    }
}
