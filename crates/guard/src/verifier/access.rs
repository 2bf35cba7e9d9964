//! What a request was let in with: the proof that its token was genuine, current and meant for this API.

use std::fmt;
use std::sync::Arc;

use countersign_proto::jose::confirmation::Confirmation;
use serde_json::{Map, Value};

/// A token that a [`Verifier`](crate::Verifier) believed, as a handler sees it; clones share it.
///
/// Only the verifier makes one, so that a handler that takes it runs only behind a check.
#[derive(Clone)]
pub struct Access(Arc<Granted>);

/// What a token said, taken apart once.
#[derive(Clone)]
pub(super) struct Granted {
    /// Which verifier made it: what one let in, another has not judged.
    pub(super) verifier: u64,
    /// Which of the verifier's issuers it is from.
    pub(super) at: usize,
    pub(super) issuer: Arc<str>,
    pub(super) subject: String,
    pub(super) client_id: Option<String>,
    pub(super) audience: Vec<String>,
    /// Space-separated, single spaces.
    pub(super) scope: String,
    pub(super) expires_at: i64,
    /// Until when it needs not be asked about again, or its signature be verified again.
    pub(super) believed_until: i64,
    pub(super) token_id: Option<String>,
    pub(super) confirmation: Option<Confirmation>,
    pub(super) claims: Map<String, Value>,
}

impl Access {
    pub(super) fn new(granted: Granted) -> Self {
        Self(Arc::new(granted))
    }

    /// The same, made by nobody: no door lets in with it.
    pub(super) fn unpresented(&self) -> Self {
        Self::new(Granted { verifier: 0, ..(*self.0).clone() })
    }

    /// The issuer, exactly as it was configured (`iss`).
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// On whose behalf the call is made (`sub`); with client credentials the client itself.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The client that the token was issued to: `client_id` (RFC 9068 §2.2), or what the issuer calls it (`azp`, `cid`,
    /// `appid`) in a token of type `JWT`; `None` where the issuer does not say.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.0.client_id.as_deref()
    }

    /// The APIs that the token is for (`aud`); one of them is this one.
    #[must_use]
    pub fn audience(&self) -> &[String] {
        &self.0.audience
    }

    /// Its scopes, one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scope.split(' ').filter(|scope| !scope.is_empty())
    }

    /// Its scopes, separated by single spaces (RFC 6749 §3.3).
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.0.scope
    }

    /// Whether it has this scope, compared byte by byte.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|one| one == scope)
    }

    /// The second since 1970 at which it expires (`exp`), not counting what clocks may differ.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        self.0.expires_at
    }

    /// The token's own name (`jti`).
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.0.token_id.as_deref()
    }

    /// The key or certificate that whoever presented it has proven to hold (RFC 7800 §3.1).
    #[must_use]
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.0.confirmation.as_ref()
    }

    /// Any other claim, such as a `tenant`, as it came.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.0.claims.get(name)
    }

    pub(super) fn verifier(&self) -> u64 {
        self.0.verifier
    }

    pub(super) fn at(&self) -> usize {
        self.0.at
    }

    pub(super) fn believed_until(&self) -> i64 {
        self.0.believed_until
    }
}

/// Who called, never what else the token says.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("issuer", &self.issuer())
            .field("client_id", &self.client_id())
            .field("scope", &self.scope())
            .finish_non_exhaustive()
    }
}
