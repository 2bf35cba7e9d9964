//! An issuer whose tokens are taken, and on which terms. Nothing has a default where none is safe: without an issuer and
//! an audience there is no [`TrustedIssuer`], and without one of these no verifier.

use std::path::PathBuf;

use countersign_client::ClientAuth;
use countersign_proto::jose::{Algorithm, JwkSet};

/// One issuer, for whom its tokens must be meant, and what else they must be.
///
/// Each issuer has its own audiences, algorithms and types: what one may say, another may not.
#[derive(Clone)]
pub struct TrustedIssuer {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) accepts_jwt: bool,
    pub(crate) scope_claims: Vec<String>,
    pub(crate) leeway: u32,
    pub(crate) source: Source,
    pub(crate) endpoints_at: Vec<String>,
    pub(crate) active_for: u32,
    pub(crate) inactive_for: u32,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) danger_plain_http: bool,
}

/// Where what vouches for the tokens comes from.
#[derive(Clone)]
pub(crate) enum Source {
    /// The keys that the issuer's metadata names (RFC 8414).
    Discovered,
    /// The keys at this URL.
    At(String),
    /// These keys.
    Fixed(JwkSet),
    /// The issuer itself, asked about each token (RFC 7662).
    Introspection {
        /// Where to ask; as the metadata says where `None`.
        endpoint: Option<String>,
        /// Who asks.
        auth: ClientAuth,
    },
}

impl TrustedIssuer {
    /// The issuer of this identifier, whose keys are found by its metadata (RFC 8414, or OpenID Connect Discovery where
    /// that is not there), for tokens that are meant for this audience.
    ///
    /// Both are compared byte by byte with what a token says; a slash at the end counts.
    #[must_use]
    pub fn discover(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            algorithms: Algorithm::ALL.to_vec(),
            accepts_jwt: false,
            scope_claims: Vec::new(),
            leeway: countersign_proto::jose::rules::DEFAULT_LEEWAY,
            source: Source::Discovered,
            endpoints_at: Vec::new(),
            active_for: ACTIVE_FOR,
            inactive_for: INACTIVE_FOR,
            ca_file: None,
            danger_plain_http: false,
        }
    }

    /// Also tokens for this audience; one of them suffices.
    #[must_use]
    pub fn or_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Only tokens signed with one of these algorithms; all five asymmetric ones unless said. A key is for exactly one
    /// algorithm in any case.
    #[must_use]
    pub fn algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.algorithms = algorithms.to_vec();
        self
    }

    /// Also tokens of type `JWT`, as Keycloak, Auth0, Entra and Okta write them, or of none. Beware: whatever else the
    /// issuer signs for this audience may have that type too. What marks an ID token, a logout token or an event is
    /// refused.
    #[must_use]
    pub fn accept_typ_jwt(mut self) -> Self {
        self.accepts_jwt = true;
        self
    }

    /// Takes scopes from this claim as well, a string with spaces or a list: `scp` (Okta, Entra) is read
    /// anyway where there is no `scope`; `roles`
    /// is where Entra says what an application may, `permissions` where Auth0 does with RBAC.
    #[must_use]
    pub fn scope_claim(mut self, name: impl Into<String>) -> Self {
        self.scope_claims.push(name.into());
        self
    }

    /// How many seconds clocks may differ, at most 60; 30 unless said.
    #[must_use]
    pub fn leeway(mut self, seconds: u32) -> Self {
        self.leeway = seconds;
        self
    }

    /// The keys at this URL instead of those that the metadata names; nothing else of the issuer is asked for.
    #[must_use]
    pub fn jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.source = Source::At(url.into());
        self
    }

    /// These keys and no others: nothing is fetched, and a change needs a new verifier.
    #[must_use]
    pub fn jwks(mut self, keys: JwkSet) -> Self {
        self.source = Source::Fixed(keys);
        self
    }

    /// Asks the issuer about each token (RFC 7662) instead of verifying signatures: for opaque tokens. The endpoint is
    /// the one that the metadata names where `None` is given.
    #[must_use]
    pub fn introspect(mut self, endpoint: Option<String>, auth: ClientAuth) -> Self {
        self.source = Source::Introspection { endpoint, auth };
        self
    }

    /// Where the issuer is asked as its metadata says: an origin besides the issuer's own host at which the metadata may
    /// name the endpoint, such as `https://introspect.id.example`; repeatable. Tokens and our credentials go to no other.
    #[must_use]
    pub fn endpoints_at(mut self, origin: impl Into<String>) -> Self {
        self.endpoints_at.push(origin.into());
        self
    }

    /// Where the issuer is asked: for how many seconds a yes is believed, 30 unless said, and never beyond the token's
    /// `exp`. So long a revoked token may still work. With 0 each request asks.
    #[must_use]
    pub fn active_for(mut self, seconds: u32) -> Self {
        self.active_for = seconds;
        self
    }

    /// Where the issuer is asked: for how many seconds a no is believed, 10 unless said. With 0 each request asks.
    #[must_use]
    pub fn inactive_for(mut self, seconds: u32) -> Self {
        self.inactive_for = seconds;
        self
    }

    /// Trusts the authorities in this PEM file, besides the platform's, for fetching from this issuer.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Fetches keys by plain HTTP from any host: whoever is in between may give us keys of theirs. Plain HTTP to an
    /// issuer on loopback needs no such leave.
    #[must_use]
    pub fn danger_plain_http(mut self) -> Self {
        self.danger_plain_http = true;
        self
    }
}

const ACTIVE_FOR: u32 = 30;
const INACTIVE_FOR: u32 = 10;
