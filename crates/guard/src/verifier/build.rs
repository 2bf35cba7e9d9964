//! Putting a verifier together, and what can be wrong with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use countersign_client::{
    Endpoint, EndpointError, HttpClient, IntrospectionSettings, Introspector, JwksSettings, RemoteJwks,
    Settings, SystemClock,
};
use countersign_proto::jose::dpop::DEFAULT_ALGORITHMS;
use countersign_proto::jose::rules::MAX_LEEWAY;
use countersign_proto::jose::{Algorithm, Rules, StaticKeys};
use countersign_proto::time::Clock;

use super::cache::{MAX_TOKENS, TokenCache};
use super::{Inner, Issuer, Verifier, Vouches};
use crate::TrustedIssuer;
use crate::binding::{Bindings, BoundBy, Nonces, Replay};
use crate::counts::Counts;
use crate::keys::Keys;
use crate::quota::Quota;
use crate::refusal::Reason;
use crate::remote::Remote;
use crate::resource::Resource;
use crate::trusted::Source;

/// A verifier in the making.
pub struct VerifierBuilder {
    issuers: Vec<TrustedIssuer>,
    public_url: Option<String>,
    other_origins: Vec<String>,
    judges_proofs: bool,
    takes_certificates: bool,
    required: Option<BoundBy>,
    proof_algorithms: Option<Vec<Algorithm>>,
    with_nonces: bool,
    cached_tokens: usize,
    jwks: JwksSettings,
    clock: Arc<dyn Clock>,
}

/// Why there is no verifier.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A URL is none that is called.
    #[error("{what} {url}: {why}")]
    Url {
        /// Whose URL.
        what: &'static str,
        /// The URL.
        url: String,
        /// The rule that it breaks.
        why: EndpointError,
    },
    /// Two issuers of one identifier: which one's rules hold?
    #[error("the issuer {0} is given twice: give it once, with all of its audiences")]
    Twice(String),
    /// An identifier with a query or a fragment, which no issuer has (RFC 8414 §2).
    #[error(
        "the issuer {0} has a query or a fragment, which no issuer has (RFC 8414 section 2): leave it out"
    )]
    NoIdentifier(String),
    /// More than one issuer would be asked about a token that is no JWT.
    #[error("two issuers are to be asked about tokens: a token that is no JWT does not say whose it is")]
    TwoIntrospected,
    /// What is to be an origin of endpoints is none, or no metadata is asked where endpoints are.
    #[error("the issuer {issuer}: {why}")]
    EndpointsAt {
        /// Whose endpoints.
        issuer: String,
        /// What is wrong.
        why: String,
    },
    /// No algorithm is allowed.
    #[error("the issuer {0} may sign with no algorithm at all: allow at least one")]
    NoAlgorithm(String),
    /// An empty audience.
    #[error("an audience of the issuer {0} is empty: name the API as its tokens do in aud")]
    NoAudience(String),
    /// No algorithm is allowed for proofs.
    #[error("DPoP proofs may be signed with no algorithm at all: allow at least one")]
    NoProofAlgorithm,
    /// Proofs are demanded of everybody, and none can be judged.
    #[error("DPoP is demanded, and no public URL says what proofs must name: give one")]
    NoPublicUrl,
    /// A binding is demanded of everybody, and none can be shown.
    #[error(
        "bound tokens are demanded, and neither proofs nor certificates can be judged: give a public URL for DPoP \
         proofs, or say that callers' certificates are known (takes_certificates)"
    )]
    NoBinding,
    /// Clocks may not differ so much.
    #[error("the leeway for the issuer {0} is more than {MAX_LEEWAY} s")]
    Leeway(String),
    /// More verified tokens are to be kept than are worth it.
    #[error("at most {MAX_TOKENS} verified tokens are kept, and {0} were asked for")]
    CachedTokens(usize),
    /// Keys are fetched in the background, which needs a runtime.
    #[error("a verifier that fetches keys is built within a tokio runtime")]
    NoRuntime,
    /// The source of random bits fails.
    #[error("the operating system gives no random bits")]
    NoRandomness,
}

impl VerifierBuilder {
    pub(super) fn new(issuer: TrustedIssuer) -> Self {
        Self {
            issuers: vec![issuer],
            public_url: None,
            other_origins: Vec::new(),
            judges_proofs: true,
            takes_certificates: false,
            required: None,
            proof_algorithms: None,
            with_nonces: false,
            cached_tokens: CACHED_TOKENS,
            jwks: JwksSettings::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Also takes tokens of this issuer, on its own terms.
    #[must_use]
    pub fn issuer(mut self, issuer: TrustedIssuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// The URL under which callers know this API: what DPoP proofs must name (RFC 9449 §4.3), and where refusals say that
    /// its metadata is (RFC 9728). Without it no DPoP is spoken, and no metadata served.
    #[must_use]
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Also takes DPoP proofs that name the API by this URL; challenges and metadata speak of the public URL alone.
    #[must_use]
    pub fn or_url(mut self, url: impl Into<String>) -> Self {
        self.other_origins.push(url.into());
        self
    }

    /// Judges no DPoP proofs, whatever URL is known: for a door that is not told which request it is asked about.
    #[must_use]
    pub fn without_proofs(mut self) -> Self {
        self.judges_proofs = false;
        self
    }

    /// Says in the metadata that tokens may be bound to certificates: callers' certificates are known here, because TLS
    /// ends here and asks for them, or because a proxy hands them on.
    #[must_use]
    pub fn takes_certificates(mut self) -> Self {
        self.takes_certificates = true;
        self
    }

    /// Takes only tokens that are bound so; [`BoundBy::Mtls`] says too that certificates are known
    /// ([`Self::takes_certificates`]).
    #[must_use]
    pub fn require_bound(mut self, by: BoundBy) -> Self {
        self.required = Some(by);
        self
    }

    /// Takes DPoP proofs signed with these algorithms; ES256, ES384, PS256 and EdDSA unless said.
    #[must_use]
    pub fn proof_algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.proof_algorithms = Some(algorithms.to_vec());
        self
    }

    /// Demands a nonce in each DPoP proof (RFC 9449 §9): a proof made beforehand, or for another process, is not taken.
    #[must_use]
    pub fn demand_nonce(mut self) -> Self {
        self.with_nonces = true;
        self
    }

    /// Keeps so many verified tokens, rounded up to a power of two, 4 at least and 1,048,576 at most; 10,000 (which are
    /// 16,384) unless said, none with 0. Each takes some 2 KiB.
    #[must_use]
    pub fn cached_tokens(mut self, tokens: usize) -> Self {
        self.cached_tokens = tokens;
        self
    }

    /// When keys are fetched, and how long they are good for.
    #[must_use]
    pub fn jwks(mut self, settings: JwksSettings) -> Self {
        self.jwks = settings;
        self
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Builds it, and begins to fetch keys: [`Verifier::is_ready`] says when they are there.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(self) -> Result<Verifier, BuildError> {
        if self.cached_tokens > MAX_TOKENS {
            return Err(BuildError::CachedTokens(self.cached_tokens));
        }
        let public_url = self.public_url.as_deref().map(public_url).transpose()?;
        let mut issuers: Vec<Issuer> = Vec::new();
        let mut introspected = None;
        for trusted in &self.issuers {
            if issuers.iter().any(|issuer| *issuer.name == *trusted.issuer) {
                return Err(BuildError::Twice(trusted.issuer.clone()));
            }
            let issuer = issuer(trusted, &self.jwks)?;
            if matches!(issuer.vouches, Vouches::Introspection(_))
                && introspected.replace(issuers.len()).is_some()
            {
                return Err(BuildError::TwoIntrospected);
            }
            issuers.push(issuer);
        }
        let others = self.other_origins.iter().map(|url| self::public_url(url));
        let origins = public_url.iter().cloned().map(Ok).chain(others).collect::<Result<_, _>>()?;
        let bindings = Bindings {
            required: self.required,
            takes_certificates: self.takes_certificates || self.required == Some(BoundBy::Mtls),
            origins: if self.judges_proofs { origins } else { Vec::new() },
            algorithms: self.proof_algorithms.unwrap_or_else(|| DEFAULT_ALGORITHMS.to_vec()),
            nonces: self.with_nonces.then(Nonces::new).transpose().map_err(|_| BuildError::NoRandomness)?,
            replay: Replay::new(self.clock.now().0),
        };
        if bindings.algorithms.is_empty() {
            return Err(BuildError::NoProofAlgorithm);
        }
        if bindings.origins.is_empty() && (self.required == Some(BoundBy::Dpop) || self.with_nonces) {
            return Err(BuildError::NoPublicUrl);
        }
        if bindings.origins.is_empty() && !bindings.takes_certificates && self.required.is_some() {
            return Err(BuildError::NoBinding);
        }
        let realm = self.issuers.iter().flat_map(|issuer| &issuer.audiences).next().cloned();
        let resource = public_url.and_then(|url| Resource::new(&url, &self.issuers, &bindings));
        Ok(Verifier(Arc::new(Inner {
            number: NUMBERS.fetch_add(1, Relaxed),
            issuers,
            introspected,
            cache: (self.cached_tokens > 0).then(|| TokenCache::new(self.cached_tokens)),
            bindings,
            resource,
            realm: realm.unwrap_or_default(),
            counts: Counts::new(),
            quota: Quota::new(Reason::all().count()),
            clock: self.clock,
        })))
    }
}

fn issuer(trusted: &TrustedIssuer, jwks: &JwksSettings) -> Result<Issuer, BuildError> {
    let name = || trusted.issuer.clone();
    if trusted.issuer.contains(['?', '#']) {
        return Err(BuildError::NoIdentifier(name()));
    }
    if trusted.algorithms.is_empty() {
        return Err(BuildError::NoAlgorithm(name()));
    }
    if trusted.audiences.iter().any(String::is_empty) {
        return Err(BuildError::NoAudience(name()));
    }
    let (first, more) = trusted.audiences.split_first().ok_or_else(|| BuildError::NoAudience(name()))?;
    let mut rules = Rules::access_token(name(), first, &trusted.algorithms);
    for audience in more {
        rules = rules.or_audience(audience);
    }
    if trusted.accepts_jwt {
        rules = rules.or_type("JWT").danger_or_missing_type();
    }
    let rules = rules.leeway(trusted.leeway).map_err(|_| BuildError::Leeway(name()))?;
    Ok(Issuer {
        name: trusted.issuer.as_str().into(),
        rules,
        leeway: i64::from(trusted.leeway),
        scope_claims: trusted.scope_claims.clone(),
        vouches: vouches(trusted, jwks)?,
    })
}

fn vouches(trusted: &TrustedIssuer, jwks: &JwksSettings) -> Result<Vouches, BuildError> {
    let judge = if trusted.danger_plain_http { Endpoint::danger_parse_any_http } else { Endpoint::parse };
    let judged =
        |what, url: &str| judge(url).map_err(|why| BuildError::Url { what, url: url.to_owned(), why });
    let named = |why| BuildError::Url { what: "the issuer", url: trusted.issuer.clone(), why };
    let at = |why: String| BuildError::EndpointsAt { issuer: trusted.issuer.clone(), why };
    let asks_metadata = matches!(&trusted.source, Source::Introspection { endpoint: None, .. });
    if !asks_metadata && !trusted.endpoints_at.is_empty() {
        return Err(at("endpoints_at: no endpoint of its metadata is asked, so leave it out".to_owned()));
    }
    let settings = Settings { ca_file: trusted.ca_file.clone(), ..HTTP };
    let http = || {
        tokio::runtime::Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        Ok(Arc::new(HttpClient::new(settings.clone())))
    };
    Ok(match &trusted.source {
        Source::Fixed(set) => Vouches::Keys(Keys::Fixed(StaticKeys::new(&trusted.issuer, set))),
        Source::Discovered => {
            let keys = RemoteJwks::discover(http()?, &trusted.issuer, judge, *jwks);
            Vouches::Keys(Keys::Remote(keys.map_err(named)?))
        }
        Source::At(url) => {
            let endpoint = judged("the jwks_uri", url)?;
            Vouches::Keys(Keys::Remote(RemoteJwks::at(http()?, &trusted.issuer, endpoint, *jwks)))
        }
        Source::Introspection { endpoint, auth } => {
            let (http, auth) = (http()?, auth.clone());
            let introspector = match endpoint {
                Some(url) => Introspector::at(http, judged("the introspection endpoint", url)?, auth),
                None => {
                    judge(&trusted.issuer).map_err(named)?;
                    let found =
                        IntrospectionSettings { metadata: *jwks, endpoints_at: trusted.endpoints_at.clone() };
                    let introspector = Introspector::discover(http, &trusted.issuer, judge, found, auth);
                    introspector.map_err(|why| at(why.to_string()))?
                }
            };
            Vouches::Introspection(Box::new(Remote::new(introspector, trusted)))
        }
    })
}

/// The URL without a slash at its end, so that paths can be put behind it.
fn public_url(url: &str) -> Result<String, BuildError> {
    let judged = Endpoint::danger_parse_any_http(url);
    let judged =
        judged.map_err(|why| BuildError::Url { what: "the public URL", url: url.to_owned(), why })?;
    let url = judged.url();
    let path = url.path().trim_end_matches('/');
    Ok(format!("{}{path}", url.origin().ascii_serialization()))
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);
const CACHED_TOKENS: usize = 10_000;
const HTTP: Settings = Settings {
    client_certificate: None,
    ca_file: None,
    connect_timeout: std::time::Duration::from_secs(5),
    timeout: std::time::Duration::from_secs(10),
    max_body: 256 * 1024,
};

#[cfg(test)]
mod tests;
