//! What a source of tokens is told, said once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use countersign_proto::jose::Algorithm;
use countersign_proto::time::Clock;

use super::asker::Asker;
use super::server::{Discovery, Place, Server};
use super::{Inner, TokenSource};
use crate::auth::{PrivateKey, SecretSource};
use crate::cache::{ASSUMED, Binding, CacheKey, TokenCache, Whom};
use crate::dpop::Prover;
use crate::origin::{self, Origins};
use crate::token::request::Encoding;
use crate::token::{Ask, Misconfigured, TokenError};
use crate::{ClientAuth, ClientCertificate, Endpoint, HttpClient, Settings, SystemClock, discovery};

/// What a [`TokenSource`] is told: whom to ask, as whom, for what, and where the token may be sent.
#[derive(Clone)]
#[must_use = "it is built by `build`"]
pub struct Builder {
    whom: Whom,
    issuer: Option<String>,
    revocation_endpoint: Option<String>,
    endpoints_at: Vec<String>,
    auth: Option<ClientAuth>,
    ask: Ask,
    encoding: Encoding,
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
            issuer: None,
            revocation_endpoint: None,
            endpoints_at: Vec::new(),
            auth: None,
            ask: Ask::default(),
            encoding: Encoding::default(),
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

    /// The client, with assertions that this key signs: [`ClientAuth::private_key_jwt`].
    pub fn private_key(self, client_id: impl Into<String>, key: PrivateKey) -> Self {
        self.auth(ClientAuth::private_key_jwt(client_id, key))
    }

    /// The client, with the certificate of its connections, by PEM files of the chain and of the key:
    /// [`ClientAuth::tls_client_auth`].
    pub fn client_certificate(
        mut self,
        client_id: impl Into<String>,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.http.client_certificate =
            Some(ClientCertificate { certificate: certificate.into(), key: key.into() });
        self.auth(ClientAuth::tls_client_auth(client_id))
    }

    /// The client, with an assertion that somebody else renews in a file: [`ClientAuth::assertion_file`].
    pub fn assertion_file(self, client_id: Option<String>, path: impl Into<PathBuf>) -> Self {
        self.auth(ClientAuth::assertion_file(client_id, path))
    }

    /// The issuer identifier of the server, where its token endpoint alone is given: what an assertion is made for.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Where tokens are revoked (RFC 7009), where the token endpoint alone is given; with discovery it is an error.
    pub fn revocation_endpoint(mut self, url: impl Into<String>) -> Self {
        self.revocation_endpoint = Some(url.into());
        self
    }

    /// An origin besides the issuer's own host at which its metadata may name endpoints, such as
    /// `https://mtls.id.example`; repeatable. Credentials go to no other. Without discovery it is an error.
    pub fn endpoints_at(mut self, origin: impl Into<String>) -> Self {
        self.endpoints_at.push(origin.into());
        self
    }

    /// Writes token requests as JSON, which Auth0 documents; other servers take forms alone (RFC 6749 §4.4.2).
    pub const fn json_body(mut self) -> Self {
        self.encoding = Encoding::Json;
        self
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

    /// The bounds and the trust of the HTTP client, all at once: it replaces what was said of them before.
    pub fn http(mut self, settings: Settings) -> Self {
        self.http = settings;
        self
    }

    /// A PEM file of authorities that are trusted besides the platform's.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.http.ca_file = Some(path.into());
        self
    }

    /// Calls the issuer, what it names and the origins of [`only_to`](Self::only_to) by plain HTTP too, beyond loopback:
    /// secrets and tokens travel in the clear.
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
    ///
    /// So does a source of an [`assertion_file`](Self::assertion_file) without a client id, whatever is given: who it is
    /// stands in a file that may be another's tomorrow, and nobody else may have its token.
    pub fn cache(mut self, cache: TokenCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// For how long a token is good whose life the server does not say (`expires_in` is optional, RFC 6749 §5.1), in
    /// whole seconds from one to a day, which others are cut to; unless given, a minute.
    pub const fn assumed_life(mut self, life: Duration) -> Self {
        self.assumed_life = match life.as_secs() {
            0 => 1,
            seconds @ 1..DAY => seconds.cast_signed(),
            _ => DAY.cast_signed(),
        };
        self
    }

    /// Makes the source, finds the token endpoint, and looks whether what the client proves itself with can be read; a
    /// command is not run for that.
    ///
    /// # Errors
    /// [`TokenError`]: a setting is wrong or missing, or the issuer cannot be reached.
    pub async fn build(self) -> Result<TokenSource, TokenError> {
        let source = self.build_unasked()?;
        let asker = &source.0.asker;
        asker.auth.check().await?;
        asker.place.server(&asker.http).await?;
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
        let place = match self.whom.clone() {
            Whom::Endpoint(_) if !self.endpoints_at.is_empty() => {
                let why = "the token endpoint is given, so that no metadata names any: leave it out";
                return Err(Misconfigured::new("endpoints_at", why));
            }
            Whom::Issuer(_) if self.revocation_endpoint.is_some() => {
                let why = "the issuer's metadata names it: leave it out, or give the token endpoint too";
                return Err(Misconfigured::new("revocation_endpoint", why));
            }
            Whom::Endpoint(url) => Place::Given(Arc::new(Server {
                token_endpoint: endpoint("token_endpoint", &url, judge)?,
                revocation_endpoint: self
                    .revocation_endpoint
                    .map(|url| endpoint("revocation_endpoint", &url, judge))
                    .transpose()?,
                issuer: self.issuer,
                methods: Vec::new(),
                algorithms: Vec::new(),
            })),
            Whom::Issuer(issuer) => {
                judge(&issuer).map_err(|error| Misconfigured::new("issuer", error))?;
                if self.issuer.is_some_and(|said| said != issuer) {
                    return Err(Misconfigured::new("issuer", "two issuers are given, and a source has one"));
                }
                let named = origin::parse("endpoints_at", &self.endpoints_at, judge)?;
                Place::Discovered(Discovery::new(
                    issuer,
                    judge,
                    named,
                    self.http.client_certificate.is_some(),
                ))
            }
        };
        let auth = self.auth.ok_or_else(|| {
            Misconfigured::new("client_secret", "nothing says how the client proves itself")
        })?;
        if auth.wants_certificate() && self.http.client_certificate.is_none() {
            return Err(Misconfigured::new(
                "client_certificate",
                "the client proves itself by one, and none is given",
            ));
        }
        let ask = self.ask.canonical()?;
        let origins = Origins::parse(&self.origins, judge)?;
        // by a file alone, who asks is as its assertion says, which may be another tomorrow, or in another pod
        let client_id = auth.client_id().unwrap_or_default();
        let shared = self.cache.filter(|_| !client_id.is_empty());
        let cache = shared.unwrap_or_default();
        let certificate = self.http.client_certificate.as_ref().map(|files| files.certificate.as_path());
        let mut key = CacheKey::new(self.whom, client_id, &ask, None).showing(certificate);
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
        let asker = Asker {
            http: Arc::new(HttpClient::new(self.http)),
            place,
            auth,
            ask,
            encoding: self.encoding,
            clock: Arc::clone(&self.clock),
            failing: AtomicBool::new(false),
        };
        Ok(TokenSource(Arc::new(Inner {
            place: cache.place(key, &*self.clock),
            asker,
            prover,
            origins,
            clock: self.clock,
            assumed_life: self.assumed_life,
        })))
    }
}

/// An endpoint that an operator named.
fn endpoint(setting: &'static str, url: &str, judge: discovery::Judge) -> Result<Endpoint, Misconfigured> {
    if url.contains('#') {
        return Err(Misconfigured::new(setting, "an endpoint has no fragment (RFC 6749 section 3.2)"));
    }
    judge(url).map_err(|error| Misconfigured::new(setting, error))
}

/// Seconds of a day, beyond which nothing is assumed.
const DAY: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assumed_life_is_a_second_to_a_day() {
        let life = |life| Builder::at("x".to_owned()).assumed_life(life).assumed_life;
        for (given, seconds) in
            [(0, 1), (1, 1), (300, 300), (86_400, 86_400), (86_401, 86_400), (u64::MAX, 86_400)]
        {
            assert_eq!(life(Duration::from_secs(given)), seconds, "{given}");
        }
        assert_eq!((life(Duration::from_millis(999)), life(Duration::MAX)), (1, 86_400));
    }
}
