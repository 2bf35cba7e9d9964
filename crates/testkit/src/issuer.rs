//! An issuer that signs whatever a test wants, with its documents and an introspection endpoint on a real port.

mod builder;
mod client;
mod documents;
mod introspection;
mod profiles;
mod respond;
mod revocation;
mod state;
mod token;
mod workload;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign_proto::jose::{Algorithm, JwkSet, SigningKey, StaticKeys};
use countersign_proto::time::UnixTime;
use serde_json::Value;

use crate::door::Door;
pub use crate::reply::{Hold, Reply};
use crate::{Received, keys};
pub use builder::TestIssuerBuilder;
pub use client::{Registering, Transport};
pub use documents::Document;
pub use profiles::Profile;
use state::State;

/// An issuer of tokens, good and bad; it ends with this value.
///
/// It has one key for each algorithm. All issuers name their keys alike (`es256-1`), so that whoever looks for a key by
/// its name alone finds another issuer's.
pub struct TestIssuer {
    state: Arc<State>,
    door: Door,
    mtls: Option<Door>,
}

/// What an issuer publishes, for a part of this crate that outlives the borrow.
#[derive(Clone)]
pub(crate) struct Published(Arc<State>);

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
        self.state.issuer()
    }

    /// The URL of one of its documents.
    #[must_use]
    pub fn url(&self, document: Document) -> String {
        self.state.url(document)
    }

    /// The URL of its token endpoint at the door that asks for certificates (RFC 8705 §5).
    ///
    /// # Panics
    /// When there is none, see [`TestIssuerBuilder::mtls`].
    #[must_use]
    pub fn mtls_url(&self) -> String {
        self.state.mtls_url().expect("an issuer with mTLS")
    }

    /// The second that its clock shows.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        self.state.now()
    }

    /// The newest key for this algorithm.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn key(&self, algorithm: Algorithm) -> Arc<SigningKey> {
        self.state.key(algorithm)
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
        self.published().key_set()
    }

    pub(crate) fn published(&self) -> Published {
        Published(Arc::clone(&self.state))
    }

    /// The public keys, for who needs no HTTP.
    #[must_use]
    pub fn static_keys(&self) -> StaticKeys {
        StaticKeys::new(self.issuer(), &self.key_set())
    }

    /// What a document says as long as no test says otherwise.
    ///
    /// # Panics
    /// For an endpoint, which is no document.
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

    /// The requests for a document so far, whatever the answer, the last one last.
    #[must_use]
    pub fn received(&self, document: Document) -> Vec<Received> {
        self.state.desk(document).received()
    }

    /// Registers a client, or takes up its registration; what is not set stays.
    pub fn client(&self, client_id: &str) -> Registering<'_> {
        Registering::new(&self.state, client_id)
    }

    /// Knows a client no longer.
    pub fn forget_client(&self, client_id: &str) {
        self.state.clients.lock().expect("no test panicked here").remove(client_id);
    }

    /// Gives out tokens of this shape from now on.
    pub fn gives(&self, profile: Profile) {
        self.state.says.lock().expect("no test panicked here").profile = profile;
    }

    /// Gives out tokens that live so many seconds from now on, and says so; negative ones are expired.
    pub fn gives_for(&self, seconds: i64) {
        self.state.says.lock().expect("no test panicked here").lifetime = Some(seconds);
    }

    /// Writes this text, JSON or not, for a member of the token endpoint's answers from now on, `expires_in` for one;
    /// `None` leaves the member out. The token is what it would be.
    pub fn says(&self, member: &str, json: Option<&str>) {
        let mut says = self.state.says.lock().expect("no test panicked here");
        says.members.retain(|(name, _)| name != member);
        says.members.push((member.to_owned(), json.map(str::to_owned)));
    }

    /// Writes the members of the token endpoint's answers truly again.
    pub fn says_the_truth(&self) {
        self.state.says.lock().expect("no test panicked here").members.clear();
    }

    /// Takes no DPoP proof at the token endpoint without a new nonce from now on (RFC 9449 §8); no old one is good.
    pub fn demand_new_nonce(&self) {
        self.state.nonces.rotate();
    }

    /// Sends a new nonce with the next token, and takes no older one afterwards (RFC 9449 §8.2). Where none was demanded
    /// yet, this demands it.
    pub fn announce_new_nonce(&self) {
        self.state.nonces.announce();
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
        if let Some(door) = &self.mtls {
            door.close().await;
        }
    }

    /// Listens again at the same port.
    ///
    /// # Panics
    /// When it cannot.
    pub fn up(&self) {
        self.door.open(respond::ordinary(&self.state));
        if let Some(door) = &self.mtls {
            door.open(respond::mtls(&self.state));
        }
    }
}

impl Published {
    pub(crate) fn issuer(&self) -> &str {
        self.0.issuer()
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.0.now()
    }

    pub(crate) fn key_set(&self) -> JwkSet {
        self.0.keys().iter().map(|key| key.public_jwk().clone()).collect()
    }
}

impl Drop for TestIssuer {
    fn drop(&mut self) {
        if let Ok(made) = self.state.made.lock() {
            made.iter().for_each(|key| keys::give_back(key));
        }
    }
}
