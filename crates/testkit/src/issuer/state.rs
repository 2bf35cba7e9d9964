//! What an issuer knows while its connections are served.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_proto::time::{Clock, UnixTime};
use serde_json::Value;
use tokio::sync::watch;

use super::client::Client;
use super::token::Says;
use super::{Document, Hold, Reply};
use crate::Received;
use crate::nonces::Nonces;

pub(super) struct State {
    pub(super) place: Place,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) key_number: AtomicU64,
    pub(super) active: Mutex<HashMap<String, Value>>,
    /// The keys that were made for this issuer, published or not.
    pub(super) made: Mutex<Vec<Arc<SigningKey>>>,
    pub(super) clients: Mutex<HashMap<String, Client>>,
    /// What was sent and may be sent only once: assertions and proofs, by whose they are.
    pub(super) used: Mutex<HashSet<(String, String)>>,
    pub(super) nonces: Nonces,
    pub(super) says: Mutex<Says>,
    tokens: AtomicU64,
    keys: Mutex<Vec<Arc<SigningKey>>>,
    desks: [Desk; Document::ALL.len()],
}

/// Where an issuer is, and what it calls itself.
pub(super) struct Place {
    /// Scheme, host and port.
    pub(super) origin: String,
    /// Those of the door that asks for certificates.
    pub(super) mtls: Option<String>,
    pub(super) path: String,
    pub(super) issuer: String,
    /// What stands behind the question mark in the URL of its token endpoint.
    pub(super) token_query: Option<String>,
}

/// Where requests for one document arrive.
pub(super) struct Desk {
    pub(super) count: watch::Sender<u64>,
    received: Mutex<Vec<Received>>,
    reply: Mutex<Option<Reply>>,
    hold: Mutex<Option<watch::Receiver<bool>>>,
}

impl State {
    pub(super) fn new(place: Place, clock: Arc<dyn Clock>) -> Self {
        Self {
            place,
            clock,
            key_number: AtomicU64::new(1),
            active: Mutex::default(),
            made: Mutex::default(),
            clients: Mutex::default(),
            used: Mutex::default(),
            nonces: Nonces::default(),
            says: Mutex::default(),
            tokens: AtomicU64::new(1),
            keys: Mutex::default(),
            desks: Document::ALL.map(|_| Desk::default()),
        }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.place.issuer
    }

    pub(super) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// A name for a token that no other has.
    pub(super) fn new_jti(&self) -> String {
        format!("token-{}", self.tokens.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn keys(&self) -> MutexGuard<'_, Vec<Arc<SigningKey>>> {
        self.keys.lock().expect("no test panicked here")
    }

    /// The newest key for this algorithm.
    pub(super) fn key(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        let keys = self.keys();
        let newest = keys.iter().rev().find(|key| key.algorithm() == algorithm);
        Arc::clone(newest.unwrap_or_else(|| panic!("no key for {algorithm}")))
    }

    /// Whether this owner uses this name for the first time.
    pub(super) fn is_first_use(&self, owner: &str, jti: &str) -> bool {
        self.used.lock().expect("no test panicked here").insert((owner.to_owned(), jti.to_owned()))
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

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no test panicked here").clone()
    }

    /// Keeps and counts a request, lets it wait while there is a hold, and says what a test wants it to be answered.
    pub(super) async fn arrive(&self, request: Received) -> Option<Reply> {
        self.received.lock().expect("no test panicked here").push(request);
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
        Self {
            count: watch::Sender::new(0),
            received: Mutex::default(),
            reply: Mutex::default(),
            hold: Mutex::default(),
        }
    }
}
