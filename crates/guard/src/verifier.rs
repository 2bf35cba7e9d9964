//! The one judge behind every door: is this request's token genuine, current, meant for this API, and presented by whom
//! it was given to?
//!
//! Cheap checks first, then the key, then the signature, then the binding. What was verified is kept, so that a token
//! that comes again costs a look-up; its expiry and its binding are judged every time.

mod access;
mod build;
mod cache;
mod known;

use std::sync::Arc;

use countersign_proto::authorization::Credentials;
use countersign_proto::jose::Rules;
use countersign_proto::time::Clock;

pub use access::Access;
pub use build::{BuildError, VerifierBuilder};

use self::cache::TokenCache;
pub(crate) use self::known::Known;
use crate::TrustedIssuer;
use crate::binding::Bindings;
use crate::counts::Counts;
use crate::keys::Keys;
use crate::presented::Presented;
use crate::quota::Quota;
use crate::refusal::{Reason, Refusal};
use crate::remote::Remote;
use crate::resource::Resource;

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
    quota: Quota,
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
        match self.judge_or(presented) {
            Ok(judged) => judged,
            Err(known) => self.judge_after(known, presented).await,
        }
    }

    /// Judges a token by itself, for explaining it: nobody presented it, and no door lets in with what is returned
    /// ([`Self::made`] denies it).
    ///
    /// # Errors
    /// As [`Self::verify`].
    ///
    /// Does not check: who presents it, whatever it is bound to; and as [`Self::verify`].
    pub async fn danger_verify_unpresented(&self, token: &str) -> Result<Access, Refusal> {
        // what no header could carry would come by no door
        let header = format!("Bearer {token}");
        let token = Credentials::parse(header.as_bytes())?.token()?.token();
        self.genuine(token).await.map(|access| access.unpresented())
    }

    /// As [`Self::verify`], where nothing needs to be waited for; `None` where an issuer must be asked first.
    pub fn judge(&self, presented: &Presented<'_>) -> Option<Result<Access, Refusal>> {
        self.judge_or(presented).ok()
    }

    /// As [`Self::judge`]; else what is known before an issuer is asked, for [`Self::judge_after`].
    pub(crate) fn judge_or(&self, presented: &Presented<'_>) -> Result<Result<Access, Refusal>, Known> {
        let credentials = match self.credentials_of(presented) {
            Ok(credentials) => credentials,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let now = self.now();
        match self.known_of(credentials, now) {
            Known::Access(access) => Ok(self.bind(access, presented, credentials, now)),
            Known::Refused(refusal) => Ok(Err(refusal)),
            known @ (Known::AfterKeys(..) | Known::AfterAsking(_)) => Err(known),
        }
    }

    /// The rest of [`Self::verify`]: asks, and judges how the same token was presented.
    pub(crate) async fn judge_after(
        &self,
        known: Known,
        presented: &Presented<'_>,
    ) -> Result<Access, Refusal> {
        let credentials = presented.credentials()?;
        let access = self.learnt(known, credentials.token()?.token()).await?;
        self.bind(access, presented, credentials, self.now())
    }

    /// What is presented; who brings nothing is not sent for a token while nobody could say whether it is good.
    fn credentials_of<'r>(&self, presented: &Presented<'r>) -> Result<Credentials<'r>, Refusal> {
        presented.credentials().map_err(|refusal| match refusal {
            Refusal::NoCredentials if !self.is_any_ready() => Refusal::Unavailable,
            refusal => refusal,
        })
    }

    /// Whether there is an issuer whose tokens can be judged.
    fn is_any_ready(&self) -> bool {
        self.0.issuers.iter().any(|issuer| match &issuer.vouches {
            Vouches::Keys(keys) => keys.is_ready(),
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
            Vouches::Keys(keys) if keys.is_ready() => None,
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

    /// How many requests were let in. One that a layer let in and a narrower layer or extractor behind it then refused
    /// counts here and among [`Self::refused`].
    #[must_use]
    pub fn allowed(&self) -> u64 {
        self.0.counts.allowed()
    }

    /// How many requests were refused, by reason; see [`Self::allowed`].
    pub fn refused(&self) -> impl Iterator<Item = (Reason, u64)> {
        self.0.counts.refused()
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    pub(crate) fn quota(&self) -> &Quota {
        &self.0.quota
    }

    pub(crate) fn bindings(&self) -> &Bindings {
        &self.0.bindings
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

    /// Judges how a token that is good in itself was presented.
    fn bind(
        &self,
        access: Access,
        presented: &Presented<'_>,
        credentials: Credentials<'_>,
        now: i64,
    ) -> Result<Access, Refusal> {
        self.0.bindings.check(&access, presented, credentials, now)?;
        Ok(access)
    }

    pub(crate) fn now(&self) -> i64 {
        self.0.clock.now().0
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let issuers: Vec<_> = self.0.issuers.iter().map(|issuer| &issuer.name).collect();
        f.debug_struct("Verifier").field("issuers", &issuers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
