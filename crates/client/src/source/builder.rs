//! What a source of tokens is told, said once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign_proto::jose::Algorithm;
use countersign_proto::time::Clock;
use tokio::sync::OnceCell;

use super::asker::{Asker, Place};
use super::{Inner, TokenSource};
use crate::auth::SecretSource;
use crate::cache::Whom;
use crate::cache::{ASSUMED, Binding, CacheKey, TokenCache};
use crate::dpop::Prover;
use crate::origin::Origins;
use crate::token::{Ask, Misconfigured, TokenError};
use crate::{ClientAuth, Endpoint, HttpClient, Settings, SystemClock, discovery};

/// What a [`TokenSource`] is told: whom to ask, as whom, for what, and where the token may be sent.
#[derive(Clone)]
#[must_use = "it is built by `build`"]
pub struct Builder {
    whom: Whom,
    auth: Option<ClientAuth>,
    ask: Ask,
    origins: Vec<String>,
    dpop: Option<Algorithm>,
    http: Settings,
    danger_plain_http: bool,
    clock: Arc<dyn Clock>,
    cache: Option<TokenCache>,
    assumed_life: i64,
}

impl Builder {
    pub(super) fn discover(issuer: String) -> Self {
        Self::new(Whom::Issuer(issuer))
    }

    pub(super) fn at(token_endpoint: String) -> Self {
        Self::new(Whom::Endpoint(token_endpoint))
    }

    fn new(whom: Whom) -> Self {
        Self {
            whom,
            auth: None,
            ask: Ask::default(),
            origins: Vec::new(),
            dpop: None,
            http: Settings::default(),
            danger_plain_http: false,
            clock: Arc::new(SystemClock),
            cache: None,
            assumed_life: ASSUMED,
        }
    }

    /// The client, and how it proves itself.
    pub fn auth(mut self, auth: ClientAuth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// The client, with a secret in the `Authorization` header: [`ClientAuth::client_secret_basic`].
    pub fn client_secret(self, client_id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        self.auth(ClientAuth::client_secret_basic(client_id, secret))
    }

    /// An API that the token is for, by its identifier (RFC 8707 §2); repeatable.
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.ask.resource.push(uri.into());
        self
    }

    /// The same by the name that Auth0 gives it; repeatable.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.ask.audience.push(audience.into());
        self
    }

    /// A scope to ask for; repeatable. Without any the server gives the client's default ones.
    pub fn scope(mut self, name: impl Into<String>) -> Self {
        self.ask.scope.push(name.into());
        self
    }

    /// An origin that tokens may be sent to, such as `https://orders.example`; repeatable. The layers send them to no
    /// other.
    pub fn only_to(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Has tokens bound to a key (RFC 9449) that is made now and never leaves this process; or, with a cache on disk, to
    /// the key that is kept there.
    pub const fn dpop(mut self, algorithm: Algorithm) -> Self {
        self.dpop = Some(algorithm);
        self
    }

    /// A PEM file of authorities that are trusted besides the platform's.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.http.ca_file = Some(path.into());
        self
    }

    /// Calls the issuer, and what it names, by plain HTTP too, beyond loopback: secrets and tokens travel in the clear.
    pub const fn danger_plain_http(mut self) -> Self {
        self.danger_plain_http = true;
        self
    }

    /// Whence the time comes; unless given, the operating system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Keeps the token in `cache`, which other sources may have too; unless given, in one of its own, in memory.
    pub fn cache(mut self, cache: TokenCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// For how long a token is good whose life the server does not say (`expires_in` is optional, RFC 6749 §5.1), in
    /// whole seconds up to a day; unless given, a minute.
    pub const fn assumed_life(mut self, life: Duration) -> Self {
        self.assumed_life = life.as_secs().cast_signed();
        self
    }

    /// Makes the source, and finds the token endpoint.
    ///
    /// # Errors
    /// [`TokenError`]: a setting is wrong or missing, or the issuer cannot be reached.
    pub async fn build(self) -> Result<TokenSource, TokenError> {
        let source = self.build_unasked()?;
        source.0.asker.endpoint().await?;
        Ok(source)
    }

    /// Makes the source and asks nobody: the token endpoint is found with the first token, so that a program may start
    /// before its issuer does.
    ///
    /// # Errors
    /// [`Misconfigured`]: a setting is wrong or missing.
    pub fn build_unasked(self) -> Result<TokenSource, Misconfigured> {
        let judge: discovery::Judge =
            if self.danger_plain_http { Endpoint::danger_parse_any_http } else { Endpoint::parse };
        let judged = |setting, url: &str| judge(url).map_err(|error| Misconfigured::new(setting, error));
        let place = match self.whom.clone() {
            Whom::Endpoint(url) => Place::Given(judged("token_endpoint", &url)?),
            Whom::Issuer(issuer) => {
                judged("issuer", &issuer)?;
                Place::Discovered { issuer, judge, found: OnceCell::new() }
            }
        };
        let auth = self.auth.ok_or_else(|| {
            Misconfigured::new("client_secret", "nothing says how the client proves itself")
        })?;
        let cache = self.cache.unwrap_or_default();
        let mut key = CacheKey::new(self.whom, auth.client_id(), &self.ask, None);
        let prover = match self.dpop {
            Some(algorithm) => {
                key.binding = Some(Binding::Algorithm(algorithm.as_str()));
                let kept = cache.proof_key(&key, algorithm)?.map(Prover::with);
                let prover = kept.map_or_else(|| Prover::new(algorithm), Ok)?;
                key.binding = Some(Binding::Jkt(prover.thumbprint().to_string()));
                Some(Arc::new(prover))
            }
            None => None,
        };
        let asker = Asker { http: Arc::new(HttpClient::new(self.http)), place, auth, ask: self.ask };
        Ok(TokenSource(Arc::new(Inner {
            place: cache.place(key, &*self.clock),
            asker,
            prover,
            origins: Origins::parse(&self.origins)?,
            clock: self.clock,
            assumed_life: self.assumed_life,
        })))
    }
}
