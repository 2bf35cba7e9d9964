//! The one judge behind every door: is this request's token genuine, current, meant for this API, and presented by whom
//! it was given to?
//!
//! Cheap checks first, then the key, then the signature, then the binding. What was verified is kept, so that a token
//! that comes again costs a look-up; its expiry and its binding are judged every time.

mod build;

use std::cell::Cell;
use std::sync::Arc;

use countersign_proto::authorization::PresentedToken;
use countersign_proto::jose::keys::KeyError;
use countersign_proto::jose::{Rules, Trust, Verified, VerifyError, verify_by_issuer};
use countersign_proto::time::Clock;
use http::request::Parts;

pub use build::{BuildError, VerifierBuilder};

use crate::access::Granted;
use crate::binding::Bindings;
use crate::cache::TokenCache;
use crate::counts::Counts;
use crate::keys::Keys;
use crate::local::Local;
use crate::presented::Presented;
use crate::refusal::{Reason, Refusal};
use crate::remote::Remote;
use crate::resource::Resource;
use crate::{Access, TrustedIssuer};

/// Judges requests for one API; clones are the same verifier.
///
/// There is none without an issuer and its audience:
///
/// ```compile_fail
/// let verifier = countersign_guard::Verifier::builder().build();
/// ```
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    /// Another one for each verifier of this process.
    number: u64,
    issuers: Vec<Issuer>,
    /// Which issuer is asked about tokens that are no JWTs.
    introspected: Option<usize>,
    cache: Option<TokenCache>,
    bindings: Bindings,
    resource: Option<Resource>,
    realm: String,
    counts: Counts,
    clock: Arc<dyn Clock>,
}

/// An issuer, ready to judge by.
struct Issuer {
    name: Arc<str>,
    rules: Rules,
    leeway: i64,
    scope_claims: Vec<String>,
    vouches: Vouches,
}

enum Vouches {
    Keys(Keys),
    Introspection(Box<Remote>),
}

/// What can be said of a token without waiting.
enum Known {
    Access(Access),
    Refused(Refusal),
    /// More only after this issuer was asked for its keys, which were these when one was missed.
    AfterKeys(usize, Option<u64>, KeyError),
    /// More only after this issuer was asked about the token.
    AfterAsking(usize),
}

impl Verifier {
    /// A verifier of tokens of this issuer; more can be added.
    #[must_use]
    pub fn builder(issuer: TrustedIssuer) -> VerifierBuilder {
        VerifierBuilder::new(issuer)
    }

    /// Judges what a request presents.
    ///
    /// # Errors
    /// [`Refusal`], by the first check that failed.
    ///
    /// Does not check: whether the scope suffices ([`Require`](crate::Require)), whether the token was revoked where it
    /// is verified by its signature, and anything in the request's body.
    pub async fn verify(&self, presented: &Presented<'_>) -> Result<Access, Refusal> {
        let token = self.token_of(presented)?;
        let access = self.genuine(token.token()).await?;
        self.bind(access, presented, token)
    }

    /// Judges a token by itself, for explaining it: nobody presented it, and no door lets in with what is returned
    /// ([`Self::made`] denies it).
    ///
    /// # Errors
    /// As [`Self::verify`].
    ///
    /// Does not check: who presents it, whatever it is bound to; and as [`Self::verify`].
    pub async fn danger_verify_unpresented(&self, token: &str) -> Result<Access, Refusal> {
        self.genuine(token).await.map(|access| access.unpresented())
    }

    /// What a token gives access to, whoever presents it.
    async fn genuine(&self, token: &str) -> Result<Access, Refusal> {
        match self.known(token) {
            Known::Access(access) => Ok(access),
            Known::Refused(refusal) => Err(refusal),
            Known::AfterAsking(at) => self.ask(at, token).await,
            Known::AfterKeys(at, generation, error) => self.learn(token, at, generation, error).await,
        }
    }

    /// As [`Self::verify`], where nothing needs to be waited for; `None` where an issuer must be asked first.
    pub fn judge(&self, presented: &Presented<'_>) -> Option<Result<Access, Refusal>> {
        let token = match self.token_of(presented) {
            Ok(token) => token,
            Err(refusal) => return Some(Err(refusal)),
        };
        match self.known(token.token()) {
            Known::Access(access) => Some(self.bind(access, presented, token)),
            Known::Refused(refusal) => Some(Err(refusal)),
            Known::AfterKeys(..) | Known::AfterAsking(_) => None,
        }
    }

    /// The one token; who brings none is not sent for one while nobody could say whether it is good.
    fn token_of<'r>(&self, presented: &Presented<'r>) -> Result<PresentedToken<'r>, Refusal> {
        presented.token().map_err(|refusal| match refusal {
            Refusal::NoCredentials if !self.is_any_ready() => Refusal::Unavailable,
            refusal => refusal,
        })
    }

    /// Whether there is an issuer whose tokens can be judged.
    fn is_any_ready(&self) -> bool {
        self.0.issuers.iter().any(|issuer| match &issuer.vouches {
            Vouches::Keys(keys) => keys.generation().is_some(),
            Vouches::Introspection(remote) => remote.is_ready(),
        })
    }

    /// Whether the keys of all issuers are there; until then their tokens are refused with 503.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.waiting_for().next().is_none()
    }

    /// Waits until the keys of all issuers are there; for ever where one does not answer. An issuer that is asked about
    /// its tokens is not waited for.
    pub async fn ready(&self) {
        for issuer in &self.0.issuers {
            if let Vouches::Keys(keys) = &issuer.vouches {
                keys.ready().await;
            }
        }
    }

    /// The issuers whose keys are not there, each with why, as far as that is known.
    pub fn waiting_for(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        self.0.issuers.iter().filter_map(|issuer| match &issuer.vouches {
            Vouches::Keys(keys) if keys.generation().is_some() => None,
            Vouches::Introspection(remote) if remote.is_ready() => None,
            Vouches::Keys(keys) => Some((&*issuer.name, keys.error())),
            Vouches::Introspection(remote) => Some((&*issuer.name, remote.error())),
        })
    }

    /// Whether this is the identifier of an issuer whose tokens are taken.
    #[must_use]
    pub fn trusts(&self, issuer: &str) -> bool {
        self.0.issuers.iter().any(|trusted| *trusted.name == *issuer)
    }

    /// How many requests were let in.
    #[must_use]
    pub fn allowed(&self) -> u64 {
        self.0.counts.allowed()
    }

    /// How many requests were refused, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (Reason, u64)> {
        self.0.counts.refused()
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    /// What a token gives access to, whoever presents it, where nothing needs to be waited for.
    pub(crate) fn genuine_now(&self, token: &str) -> Option<Access> {
        match self.known(token) {
            Known::Access(access) => Some(access),
            _ => None,
        }
    }

    pub(crate) fn bindings(&self) -> &Bindings {
        &self.0.bindings
    }

    /// What this verifier let the request in with already, at another door before this one.
    pub(crate) fn admitted(&self, parts: &Parts) -> Option<Access> {
        parts.extensions.get::<Access>().filter(|access| self.made(access)).cloned()
    }

    /// Whether it was this verifier that let it in: what another one judged, it judged for another API.
    #[must_use]
    pub fn made(&self, access: &Access) -> bool {
        access.verifier() == self.0.number
    }

    /// What the challenges call this API: the first audience.
    pub(crate) fn realm(&self) -> &str {
        &self.0.realm
    }

    pub(crate) fn resource(&self) -> Option<&Resource> {
        self.0.resource.as_ref()
    }

    fn known(&self, token: &str) -> Known {
        let now = self.now();
        let Some(access) = self.cached(token, now) else { return self.fresh(token, now) };
        match self.expired(&access, now) {
            None => Known::Access(access),
            Some(refusal) => Known::Refused(refusal),
        }
    }

    fn cached(&self, token: &str, now: i64) -> Option<Access> {
        self.0.cache.as_ref()?.get(token, |access, generation| {
            let issuer = self.0.issuers.get(access.at());
            issuer.is_some_and(|issuer| match &issuer.vouches {
                Vouches::Keys(keys) => keys.generation() == Some(generation),
                Vouches::Introspection(remote) => remote.believes(access.believed_until(), now),
            })
        })
    }

    /// Verifies a JWT.
    fn fresh(&self, token: &str, now: i64) -> Known {
        let found = Cell::new(Found::Nothing);
        let trust = |iss: &str| {
            let at = self.0.issuers.iter().position(|issuer| *issuer.name == *iss);
            found.set(Found::Other);
            let (at, issuer) = at.and_then(|at| Some((at, self.0.issuers.get(at)?)))?;
            let Vouches::Keys(keys) = &issuer.vouches else {
                found.set(Found::Introspected);
                return None;
            };
            // before a key is looked up: what that key verifies must not be kept as verified under later ones
            found.set(Found::Verified { at, generation: keys.generation() });
            Some(Trust { rules: &issuer.rules, keys })
        };
        let verified = verify_by_issuer::<Local>(token, trust, now);
        match (found.get(), self.0.introspected) {
            (Found::Verified { at, generation }, _) => self.conclude(token, at, generation, verified),
            (Found::Introspected | Found::Nothing, Some(at)) => Known::AfterAsking(at),
            _ => Known::Refused(Refusal::Token(verified.err().unwrap_or(VerifyError::Issuer))),
        }
    }

    fn conclude(
        &self,
        token: &str,
        at: usize,
        generation: Option<u64>,
        verified: Result<Verified<Local>, VerifyError>,
    ) -> Known {
        let Some(issuer) = self.0.issuers.get(at) else { return Known::Refused(Refusal::Unavailable) };
        match (verified, &issuer.vouches) {
            (Ok(verified), _) => {
                let access = self.grants(at, issuer, verified.into_claims(), i64::MAX);
                if let (Some(cache), Some(generation)) = (&self.0.cache, generation) {
                    cache.insert(token, &access, generation);
                }
                Known::Access(access)
            }
            (Err(VerifyError::Key(error)), Vouches::Keys(keys)) if keys.may_learn(&error) => {
                Known::AfterKeys(at, generation, error)
            }
            (Err(error), _) => Known::Refused(Refusal::Token(error)),
        }
    }

    /// Whether keys were fetched.
    async fn refresh(&self, at: usize) -> bool {
        match self.0.issuers.get(at) {
            Some(Issuer { vouches: Vouches::Keys(keys), .. }) => keys.refresh().await,
            _ => false,
        }
    }

    /// Judges a token once more whose key was missed among the keys of this generation.
    async fn learn(
        &self,
        token: &str,
        at: usize,
        generation: Option<u64>,
        error: KeyError,
    ) -> Result<Access, Refusal> {
        // where nothing was fetched, by us or meanwhile for another, there is nothing new to find
        let is_new = self.refresh(at).await || self.generation(at) != generation;
        let known = if is_new { self.known(token) } else { Known::AfterKeys(at, generation, error) };
        known.last_word()
    }

    fn generation(&self, at: usize) -> Option<u64> {
        match self.0.issuers.get(at) {
            Some(Issuer { vouches: Vouches::Keys(keys), .. }) => keys.generation(),
            _ => None,
        }
    }

    /// Asks an issuer about a token, and keeps what it says of an active one.
    async fn ask(&self, at: usize, token: &str) -> Result<Access, Refusal> {
        let Some(issuer) = self.0.issuers.get(at) else { return Err(Refusal::Unavailable) };
        let Vouches::Introspection(remote) = &issuer.vouches else { return Err(Refusal::Unavailable) };
        let answer = remote.ask(token, self.now()).await?;
        let access = self.grants(at, issuer, answer.says, answer.believed_until);
        if let Some(refusal) = self.expired(&access, self.now()) {
            return Err(refusal);
        }
        if let Some(cache) = &self.0.cache {
            cache.insert(token, &access, 0);
        }
        Ok(access)
    }

    fn expired(&self, access: &Access, now: i64) -> Option<Refusal> {
        let leeway = self.0.issuers.get(access.at()).map_or(0, |issuer| issuer.leeway);
        let past = now.saturating_sub(access.expires_at());
        (past >= leeway).then_some(Refusal::Token(VerifyError::Expired(past)))
    }

    fn bind(
        &self,
        access: Access,
        presented: &Presented<'_>,
        token: PresentedToken<'_>,
    ) -> Result<Access, Refusal> {
        self.0.bindings.check(&access, presented, token, self.now())?;
        Ok(access)
    }

    fn grants(&self, at: usize, issuer: &Issuer, mut says: Local, believed_until: i64) -> Access {
        Access::new(Granted {
            verifier: self.0.number,
            at,
            issuer: Arc::clone(&issuer.name),
            scope: says.take_scopes(&issuer.scope_claims),
            subject: says.subject,
            client_id: says.client_id,
            audience: says.audience,
            expires_at: says.expires_at,
            believed_until,
            token_id: says.token_id,
            confirmation: says.confirmation,
            claims: says.claims,
        })
    }

    fn now(&self) -> i64 {
        self.0.clock.now().0
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let issuers: Vec<_> = self.0.issuers.iter().map(|issuer| &issuer.name).collect();
        f.debug_struct("Verifier").field("issuers", &issuers).finish_non_exhaustive()
    }
}

impl Known {
    /// What it means when nothing more can be learnt.
    fn last_word(self) -> Result<Access, Refusal> {
        match self {
            Self::Access(access) => Ok(access),
            Self::Refused(refusal) => Err(refusal),
            Self::AfterKeys(_, _, KeyError::Unavailable) | Self::AfterAsking(_) => Err(Refusal::Unavailable),
            Self::AfterKeys(_, _, error) => Err(Refusal::Token(VerifyError::Key(error))),
        }
    }
}

/// Whose a token says it is.
#[derive(Clone, Copy)]
enum Found {
    /// It is no JWT, or names no issuer.
    Nothing,
    /// Somebody's whom we do not trust.
    Other,
    /// An issuer's that is asked about its tokens.
    Introspected,
    /// An issuer's whose keys we have, these at the time.
    Verified { at: usize, generation: Option<u64> },
}

#[cfg(test)]
mod tests;
