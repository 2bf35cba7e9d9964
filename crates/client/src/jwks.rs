//! The keys of one issuer, fetched and kept: refreshed before they are old, served for a while when the issuer is away,
//! and never asked for more often than a cool-down allows, whatever tokens name.

mod background;
mod flights;
mod keeper;
mod kept;
mod settings;
mod source;

use std::sync::Arc;
use std::time::Duration;

use countersign_proto::jose::{Algorithm, KeySource, VerifyingKey, keys::KeyError};
use tokio::task::AbortHandle;
use url::Origin;

use crate::discovery::Judge;
use crate::{Endpoint, EndpointError, HttpClient};
use keeper::Keeper;
pub use settings::JwksSettings;
use source::Source;

/// The keys of one issuer, fetched and kept; a handle that is cheap to clone.
///
/// A task of the runtime fetches them at once, goes on trying until the issuer answers with keys, and then fetches anew
/// before they are old. It ends when the last handle is dropped. What is kept is read without a lock.
///
/// A fetch that fails, for whatever reason, changes nothing: the keys that are there are used until
/// [`JwksSettings::stale`] is over, and then none are. A set without a key that can be used replaces them at once, for
/// its issuer took them back.
#[derive(Clone)]
pub struct RemoteJwks(Arc<Handle>);

/// What there is, for readiness and for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeysState {
    /// [`RemoteJwks::generation`].
    pub generation: Option<u64>,
    /// How many keys are there, usable or too old.
    pub keys: usize,
    /// How long ago they were fetched.
    pub age: Option<Duration>,
    /// Why the last fetch failed; `None` when it did not, or when there was none yet.
    pub error: Option<String>,
}

impl RemoteJwks {
    /// The keys that the issuer's metadata names (RFC 8414, then OpenID Connect Discovery); `judge` says which URL an
    /// operator may give. Metadata and keys are fetched together, so that `jwks_uri` may move.
    ///
    /// The `issuer` of the metadata must be `issuer`, character by character (RFC 8414 §3.3), and what it names must
    /// pass [`Endpoint::named_in_document`].
    ///
    /// Does not check: whether the issuer answers; see [`Self::ready`].
    ///
    /// # Errors
    /// [`EndpointError`], when the issuer is no URL that is called.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn discover(
        http: Arc<HttpClient>,
        issuer: &str,
        judge: Judge,
        settings: JwksSettings,
    ) -> Result<Self, EndpointError> {
        judge(issuer)?;
        Ok(Self::new(Keeper::new(http, issuer, Source::Metadata(judge), settings)))
    }

    /// The keys at a URL that the operator names; no metadata is asked for.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn at(http: Arc<HttpClient>, issuer: &str, jwks_uri: Endpoint, settings: JwksSettings) -> Self {
        Self::new(Keeper::new(http, issuer, Source::Fixed(jwks_uri), settings))
    }

    /// No keys, but where the issuer's metadata says that tokens are introspected (RFC 7662): on its own host, or at one
    /// of the origins in `named`.
    pub(crate) fn discover_introspection(
        http: Arc<HttpClient>,
        issuer: &str,
        judge: Judge,
        named: Vec<Origin>,
        settings: JwksSettings,
    ) -> Self {
        Self::new(Keeper::new(http, issuer, Source::Introspection(judge, named), settings))
    }

    fn new(keeper: Keeper) -> Self {
        let keeper = Arc::new(keeper);
        keeper.start();
        let background = tokio::spawn(background::run(Arc::clone(&keeper))).abort_handle();
        Self(Arc::new(Handle { keeper, background }))
    }

    /// The issuer, as it was given: the `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.keeper.issuer
    }

    /// Asks for the keys anew, for a token that names none of those that are kept, or when none are.
    ///
    /// All who ask at one time wait for one fetch. Within the cool-down after the last one began, whatever came of it,
    /// nothing is done. Dropping the future leaves the fetch to the others.
    ///
    /// Returns whether a fetch ended, well or badly, since the call began: whether it is worth while to look again.
    pub async fn refresh(&self) -> bool {
        self.0.keeper.refresh().await
    }

    /// Whether keys are there that can be used.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.usable_for().is_some()
    }

    /// Waits until keys are there that can be used.
    pub async fn ready(&self) {
        self.0.keeper.ready().await;
    }

    /// A number that is another one exactly when the usable keys are others; `None` while there are none.
    ///
    /// Who keeps tokens that were verified keeps this number with them, read before the verification, and
    /// [`Self::usable_for`]: that the keys grew too old this alone may tell later, as the task that fetches them sees it, once
    /// its runtime lets it run.
    #[must_use]
    pub fn generation(&self) -> Option<u64> {
        self.0.keeper.generation()
    }

    /// How long the keys that are there may be used yet, by the clock; `None` while there are none.
    #[must_use]
    pub fn usable_for(&self) -> Option<Duration> {
        self.0.keeper.kept.load().as_ref()?.usable_for()
    }

    /// What there is.
    #[must_use]
    pub fn state(&self) -> KeysState {
        self.0.keeper.state()
    }

    /// Where tokens are introspected, if that was sought and found, at a URL that may be called.
    pub(crate) fn introspection_endpoint(&self) -> Option<Endpoint> {
        self.0.keeper.introspection.load().as_deref().cloned()
    }
}

impl KeySource for RemoteJwks {
    /// The key among those that are kept, without waiting.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`] when none are kept or they are too old, whatever the token names.
    fn find(
        &self,
        issuer: &str,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<VerifyingKey>, KeyError> {
        if issuer != self.issuer() {
            return Err(KeyError::UnknownIssuer);
        }
        match &*self.0.keeper.kept.load() {
            Some(kept) if kept.is_usable() => kept.keys.find(issuer, kid, algorithm),
            _ => Err(KeyError::Unavailable),
        }
    }
}

impl std::fmt::Debug for RemoteJwks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteJwks").field("issuer", &self.issuer()).field("state", &self.state()).finish()
    }
}

/// What the handles share; the work ends with the last of them.
struct Handle {
    keeper: Arc<Keeper>,
    background: AbortHandle,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.background.abort();
        self.keeper.abandon();
    }
}
