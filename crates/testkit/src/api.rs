//! An API that wants a token, on a real port: what a client's requests look like on the other side.

mod check;
mod respond;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use crate::door::Door;
use crate::issuer::Reply;
use crate::nonces::Nonces;
use crate::tls::TestAuthority;
use crate::{Received, TestIssuer};
use check::Check;

/// An API that lets in requests with a token, and keeps every request; it ends with this value.
pub struct TestApi {
    state: Arc<State>,
    door: Door,
}

/// An API in the making.
pub struct TestApiBuilder {
    check: Check,
    tls: Option<TestAuthority>,
    issuers: Vec<String>,
}

struct State {
    origin: String,
    check: Check,
    issuers: Vec<String>,
    nonces: Nonces,
    /// Proofs that were used, by key and name.
    used: Mutex<HashSet<(String, String)>>,
    revoked: Mutex<HashSet<String>>,
    next: Mutex<VecDeque<Reply>>,
    received: Mutex<Vec<Received>>,
    count: watch::Sender<u64>,
    let_in: watch::Sender<u64>,
}

impl TestApi {
    /// Takes the tokens of this issuer for [`TestIssuer::AUDIENCE`], in the profile of RFC 9068, under the keys and at
    /// the time that the issuer has then. What is bound must be proven: a DPoP key by a proof, a certificate by
    /// the connection.
    #[must_use]
    pub fn of(issuer: &TestIssuer) -> TestApiBuilder {
        TestApiBuilder::new(Check::of(issuer))
    }

    /// Takes the tokens that `check` takes, as bearer tokens.
    #[must_use]
    pub fn checking(check: impl Fn(&str) -> bool + Send + Sync + 'static) -> TestApiBuilder {
        TestApiBuilder::new(Check::Bearer(Box::new(check)))
    }

    /// Scheme, address and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.state.origin
    }

    /// A URL of it; the path begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.state.origin)
    }

    /// The requests so far, whatever the answer, the last one last.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("no test panicked here").clone()
    }

    /// How many requests came, whatever the answer.
    #[must_use]
    pub fn count(&self) -> u64 {
        *self.state.count.borrow()
    }

    /// How many requests were let in.
    #[must_use]
    pub fn let_in(&self) -> u64 {
        *self.state.let_in.borrow()
    }

    /// Waits until so many requests came in all.
    pub async fn asked(&self, times: u64) {
        let mut count = self.state.count.subscribe();
        // The sender lives as long as this value.
        let _ = count.wait_for(|count| *count >= times).await;
    }

    /// Answers the next request with this, whatever it has; those that were said before come first.
    pub fn answer_next(&self, reply: Reply) {
        self.state.next.lock().expect("no test panicked here").push_back(reply);
    }

    /// Answers the next request 401 `invalid_token`, however good its token is.
    pub fn refuse_next(&self) {
        self.answer_next(self.state.refused(Some("invalid_token")));
    }

    /// Answers the next request with a redirect to this URL.
    pub fn redirect_next(&self, status: u16, location: &str) {
        self.answer_next(Reply::status(status).header("location", location));
    }

    /// Takes this token no longer.
    pub fn revoke(&self, token: &str) {
        self.state.revoked.lock().expect("no test panicked here").insert(token.to_owned());
    }

    /// Takes no DPoP proof without a new nonce from now on (RFC 9449 §9): 401 `use_dpop_nonce`.
    pub fn demand_new_nonce(&self) {
        self.state.nonces.rotate();
    }

    /// Sends a new nonce with the next good answer, and takes no older one afterwards. Where none was demanded yet, this
    /// demands it.
    pub fn announce_new_nonce(&self) {
        self.state.nonces.announce();
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
        self.door.open(respond::service(&self.state));
    }
}

impl TestApiBuilder {
    fn new(check: Check) -> Self {
        Self { check, tls: None, issuers: Vec::new() }
    }

    /// Takes tokens for this audience instead.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.check = self.check.for_audience(audience);
        self
    }

    /// Is called by https, with a certificate of this authority, and asks callers for theirs.
    #[must_use]
    pub fn tls(mut self, authority: &TestAuthority) -> Self {
        self.tls = Some(authority.clone());
        self
    }

    /// Publishes metadata that name these issuers, and names the metadata in each 401 (RFC 9728 §5.1).
    #[must_use]
    pub fn names_issuers(mut self, issuers: &[&str]) -> Self {
        self.issuers = issuers.iter().map(|&issuer| issuer.to_owned()).collect();
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start, or outside a tokio runtime.
    pub async fn start(self) -> TestApi {
        let door = Door::bind(self.tls.map(|authority| authority.server()));
        let state = State {
            origin: door.origin(),
            check: self.check,
            issuers: self.issuers,
            nonces: Nonces::default(),
            used: Mutex::default(),
            revoked: Mutex::default(),
            next: Mutex::default(),
            received: Mutex::default(),
            count: watch::Sender::new(0),
            let_in: watch::Sender::new(0),
        };
        let api = TestApi { state: Arc::new(state), door };
        api.up();
        api
    }
}
