//! An issuer that signs whatever a test wants, with its documents and an introspection endpoint on a real port.

mod documents;
mod door;
mod introspection;
mod profiles;
mod reply;
mod state;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign_proto::jose::{Algorithm, JwkSet, SigningKey, StaticKeys};
use countersign_proto::time::{Clock, UnixTime};
use serde_json::Value;

use crate::clock::TestClock;
use crate::{Draft, keys};
pub use documents::Document;
use door::Door;
pub use reply::{Hold, Reply};
use state::State;

/// An issuer of tokens, good and bad; it ends with this value.
///
/// It has one key for each algorithm. All issuers name their keys alike (`es256-1`), so that whoever looks for a key by
/// its name alone finds another issuer's.
pub struct TestIssuer {
    state: Arc<State>,
    door: Door,
}

/// An issuer in the making.
#[derive(Default)]
pub struct TestIssuerBuilder {
    path: String,
    issuer: Option<String>,
    clock: Option<Arc<dyn Clock>>,
}

impl TestIssuer {
    /// The audience of its tokens.
    pub const AUDIENCE: &str = "https://orders.example";
    /// The client that they are issued to.
    pub const CLIENT: &str = "svc";
    /// What they allow.
    pub const SCOPE: &str = "orders:read";
    /// Seconds from their `iat` to their `exp`.
    pub const LIFETIME: i64 = 300;
    /// The Basic credentials that its introspection endpoint takes.
    pub const INTROSPECTOR: (&str, &str) = ("guard", "guard-secret");

    /// A new issuer on loopback, at [`EPOCH`](crate::clock::EPOCH).
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        Self::with().start().await
    }

    /// An issuer that is to have its own settings.
    #[must_use]
    pub fn with() -> TestIssuerBuilder {
        TestIssuerBuilder::default()
    }

    /// Its identifier, the `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.state.issuer
    }

    /// The URL of one of its documents.
    #[must_use]
    pub fn url(&self, document: Document) -> String {
        format!("{}{}", self.state.origin, self.state.path_of(document))
    }

    /// The second that its clock shows.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        self.state.clock.now()
    }

    /// The newest key for this algorithm.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn key(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        let keys = self.state.keys();
        let newest = keys.iter().rev().find(|key| key.algorithm() == algorithm);
        Arc::clone(newest.unwrap_or_else(|| panic!("no key for {algorithm}")))
    }

    /// Publishes another new key for this algorithm beside those that are there.
    pub fn add_key(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        let number = self.state.key_number.fetch_add(1, Ordering::Relaxed);
        let key = keys::make(algorithm, &format!("{}-{number}", algorithm.as_str().to_lowercase()));
        self.publish(Arc::clone(&key));
        self.state.made.lock().expect("no test panicked here").push(Arc::clone(&key));
        key
    }

    /// Publishes this key too.
    pub fn publish(&self, key: Arc<SigningKey>) {
        self.state.keys().push(key);
    }

    /// Publishes the key of this name no longer; what it signed stays signed.
    pub fn remove_key(&self, kid: &str) {
        self.state.keys().retain(|key| key.kid() != kid);
    }

    /// Publishes a new key for this algorithm instead of the newest, which is returned.
    ///
    /// # Panics
    /// When there is none.
    pub fn rotate(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        let old = self.key(algorithm);
        self.remove_key(old.kid());
        self.add_key(algorithm);
        old
    }

    /// The public keys, as they are published.
    #[must_use]
    pub fn key_set(&self) -> JwkSet {
        self.state.keys().iter().map(|key| key.public_jwk().clone()).collect()
    }

    /// The public keys, for who needs no HTTP.
    #[must_use]
    pub fn static_keys(&self) -> StaticKeys {
        StaticKeys::new(self.issuer(), &self.key_set())
    }

    /// What a document says as long as no test says otherwise.
    ///
    /// # Panics
    /// For the introspection endpoint, which is no document.
    #[must_use]
    pub fn document(&self, document: Document) -> Value {
        self.state.document(document)
    }

    /// Answers requests for a document with this from now on.
    pub fn answer(&self, document: Document, reply: Reply) {
        self.state.desk(document).set_reply(Some(reply));
    }

    /// Answers requests for a document truly again.
    pub fn restore(&self, document: Document) {
        self.state.desk(document).set_reply(None);
    }

    /// Lets requests for a document wait until the hold is released or dropped.
    #[must_use]
    pub fn hold(&self, document: Document) -> Hold {
        self.state.desk(document).hold()
    }

    /// How often a document was asked for, whatever the answer.
    #[must_use]
    pub fn count(&self, document: Document) -> u64 {
        *self.state.desk(document).count.borrow()
    }

    /// Waits until a document was asked for so often in all.
    pub async fn asked(&self, document: Document, times: u64) {
        let mut count = self.state.desk(document).count.subscribe();
        // The sender lives as long as this value.
        let _ = count.wait_for(|count| *count >= times).await;
    }

    /// Says this of a token when it is introspected; of every other it says that it is not active.
    pub fn introspects(&self, token: &str, answer: Value) {
        self.state.active.lock().expect("no test panicked here").insert(token.to_owned(), answer);
    }

    /// Closes the port and every connection, until [`Self::up`].
    ///
    /// # Panics
    /// When the port cannot be kept.
    pub async fn down(&self) {
        self.door.close().await;
    }

    /// Listens again at the same port.
    ///
    /// # Panics
    /// When it cannot.
    pub fn up(&self) {
        self.door.open(Arc::clone(&self.state));
    }

    /// A good access token in the making (RFC 9068 §2), signed with ES256.
    #[must_use]
    pub fn mint(&self) -> Draft {
        let now = self.now();
        Draft::new(&self.key(Algorithm::ES256), "at+jwt")
            .claim("iss", self.issuer())
            .claim("sub", Self::CLIENT)
            .claim("client_id", Self::CLIENT)
            .claim("aud", Self::AUDIENCE)
            .claim("exp", now.plus(Self::LIFETIME).0)
            .claim("iat", now.0)
            .claim("jti", format!("token-{}", self.state.tokens.fetch_add(1, Ordering::Relaxed)))
            .claim("scope", Self::SCOPE)
    }
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        self.door.abort();
        if let Ok(made) = self.state.made.lock() {
            made.iter().for_each(|key| keys::give_back(key));
        }
    }
}

impl TestIssuerBuilder {
    /// Has this path in its identifier, with the slash that begins it; none by default.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Calls itself so, wherever it listens.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuer = Some(issuer.to_owned());
        self
    }

    /// Dates its tokens by this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start, or outside a tokio runtime.
    pub async fn start(self) -> TestIssuer {
        let (door, address) = Door::bind();
        let origin = format!("http://{address}");
        let issuer = self.issuer.unwrap_or_else(|| format!("{origin}{}", self.path));
        let clock = self.clock.unwrap_or_else(|| Arc::new(TestClock::default()));
        let issuer = TestIssuer { state: Arc::new(State::new(origin, self.path, issuer, clock)), door };
        for algorithm in Algorithm::ALL {
            issuer.state.key_number.store(1, Ordering::Relaxed);
            let _ = issuer.add_key(algorithm);
        }
        issuer.up();
        issuer
    }
}
