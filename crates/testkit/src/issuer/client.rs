//! The clients that an issuer knows, and what each may prove itself with.

use std::sync::Arc;

use countersign_proto::jose::Jwk;

use super::TestIssuer;
use super::state::State;
use crate::tls::{TestAuthority, TestIdentity};

/// What is registered of a client.
#[derive(Clone, Default)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secrets: Vec<(String, Transport)>,
    pub(super) keys: Vec<Jwk>,
    /// Its assertions are `JWT` or untyped, and may not be of the type of draft-ietf-oauth-rfc7523bis.
    pub(super) old_type: bool,
    pub(super) certificates: Vec<Certificate>,
    /// Issuers whose word is taken, with the `sub` that is this client.
    pub(super) trusts: Vec<(Arc<State>, String)>,
    pub(super) must_use_dpop: bool,
    pub(super) must_use_mtls: bool,
    /// The scopes and the targets that it may ask for; whatever it likes when there are none.
    pub(super) scopes: Vec<String>,
    pub(super) targets: Vec<String>,
}

/// How a secret travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Post,
    /// As `client_secret_post`, in the JSON body that Auth0 takes.
    Json,
}

/// A certificate that authenticates (RFC 8705 §2).
#[derive(Clone)]
pub(super) enum Certificate {
    /// `self_signed_tls_client_auth`: this one, in DER.
    Exactly(Vec<u8>),
    /// `tls_client_auth_san_dns`: one of this authority, for this name.
    Of(TestAuthority, String),
}

/// A client that is registered; each method takes effect at once.
pub struct Registering<'i> {
    state: &'i State,
    id: String,
}

impl<'i> Registering<'i> {
    pub(super) fn new(state: &'i State, id: &str) -> Self {
        Self { state, id: id.to_owned() }.set(|_| {})
    }

    /// Takes this secret beside those that are there, by Basic (RFC 6749 §2.3.1, both halves form-encoded) and in the
    /// form.
    pub fn secret(self, secret: &str) -> Self {
        self.secret_by(secret, Transport::Basic).secret_by(secret, Transport::Post)
    }

    /// Takes this secret, sent so and not otherwise.
    pub fn secret_by(self, secret: &str, transport: Transport) -> Self {
        self.set(|client| client.secrets.push((secret.to_owned(), transport)))
    }

    /// Takes no secret of before any more.
    pub fn without_secrets(self) -> Self {
        self.set(|client| client.secrets.clear())
    }

    /// Takes assertions that this key signed, with its one algorithm (`private_key_jwt`); their type must be
    /// `client-authentication+jwt`.
    pub fn key(self, key: &Jwk) -> Self {
        self.set(|client| client.keys.push(key.clone()))
    }

    /// Refuses assertions of that type, as servers do that know only the old ones: `JWT`, or none.
    pub fn old_assertion_type(self) -> Self {
        self.set(|client| client.old_type = true)
    }

    /// Takes this very certificate (`self_signed_tls_client_auth`).
    pub fn certificate(self, identity: &TestIdentity) -> Self {
        self.set(|client| client.certificates.push(Certificate::Exactly(identity.der().to_vec())))
    }

    /// Takes certificates of this authority for this DNS name (`tls_client_auth`, `tls_client_auth_san_dns`).
    pub fn certificate_of(self, authority: &TestAuthority, name: &str) -> Self {
        let certificate = Certificate::Of(authority.clone(), name.to_owned());
        self.set(|client| client.certificates.push(certificate))
    }

    /// Takes assertions that another issuer signed about this subject, with the published keys that it has then.
    pub fn trusts(self, issuer: &TestIssuer, sub: &str) -> Self {
        self.set(|client| client.trusts.push((Arc::clone(&issuer.state), sub.to_owned())))
    }

    /// Demands a DPoP proof with each request (RFC 9449 §5.2, `dpop_bound_access_tokens`).
    pub fn must_use_dpop(self) -> Self {
        self.set(|client| client.must_use_dpop = true)
    }

    /// Demands a certificate with each request, whatever it is authenticated by (RFC 8705 §3.4).
    pub fn must_use_mtls(self) -> Self {
        self.set(|client| client.must_use_mtls = true)
    }

    /// May ask for these scopes alone, separated by spaces.
    pub fn scopes(self, scopes: &str) -> Self {
        self.set(|client| client.scopes = scopes.split(' ').map(str::to_owned).collect())
    }

    /// May ask for tokens for these targets alone, as `resource` or `audience`.
    pub fn targets(self, targets: &[&str]) -> Self {
        self.set(|client| client.targets = targets.iter().map(|&target| target.to_owned()).collect())
    }

    fn set(self, change: impl FnOnce(&mut Client)) -> Self {
        let mut clients = self.state.clients.lock().expect("no test panicked here");
        let new = || Client { id: self.id.clone(), ..Client::default() };
        change(clients.entry(self.id.clone()).or_insert_with(new));
        drop(clients);
        self
    }
}

impl State {
    pub(super) fn client(&self, id: &str) -> Option<Client> {
        self.clients.lock().expect("no test panicked here").get(id).cloned()
    }

    /// The client that is registered as this subject of another issuer.
    pub(super) fn client_of(&self, issuer: &str, sub: &str) -> Option<Client> {
        let clients = self.clients.lock().expect("no test panicked here");
        clients.values().find(|client| client.trusted(issuer, sub).is_some()).cloned()
    }

    pub(super) fn takes(&self, id: &str, transport: Transport) -> bool {
        self.client(id).is_some_and(|client| client.secrets.iter().any(|(_, by)| *by == transport))
    }
}

impl Client {
    /// The issuer of this identifier, if it is believed about this subject.
    pub(super) fn trusted(&self, issuer: &str, sub: &str) -> Option<&State> {
        let found = self.trusts.iter().find(|(state, about)| state.issuer() == issuer && about == sub);
        found.map(|(state, _)| &**state)
    }
}
