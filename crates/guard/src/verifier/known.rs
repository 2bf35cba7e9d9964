//! What is known of a token by itself, whoever presents it: from the cache, from its signature, from its issuer.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use countersign_proto::authorization::Credentials;
use countersign_proto::jose::keys::KeyError;
use countersign_proto::jose::{Trust, Verified, VerifyError, verify_by_issuer};
use tokio::time::timeout;

use super::access::{Access, Granted};
use super::{Issuer, Verifier, Vouches};
use crate::keys::Lease;
use crate::local::Local;
use crate::refusal::Refusal;

/// What can be said of a token without waiting.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    Access(Access),
    Refused(Refusal),
    /// More only after this issuer was asked for its keys, which were these when one was missed.
    AfterKeys(usize, Option<u64>, KeyError),
    /// More only after this issuer was asked about the token.
    AfterAsking(usize),
}

impl Verifier {
    /// What a token gives access to, whoever presents it.
    pub(super) async fn genuine(&self, token: &str) -> Result<Access, Refusal> {
        self.learnt(self.known(token, self.now()), token).await
    }

    /// What a token gives access to, once what must be waited for was waited for.
    pub(super) async fn learnt(&self, known: Known, token: &str) -> Result<Access, Refusal> {
        match known {
            Known::Access(access) => Ok(access),
            Known::Refused(refusal) => Err(refusal),
            // on the heap, since these are rare, and large: an exchange of HTTP in every request's future would be moved with it
            Known::AfterAsking(at) => Box::pin(self.ask(at, token)).await,
            Known::AfterKeys(at, generation, error) => {
                Box::pin(self.learn(token, at, generation, error)).await
            }
        }
    }

    /// What can be said of what a request presents. What was verified before is well-formed, and is not looked at again.
    pub(super) fn known_of(&self, credentials: Credentials<'_>, now: i64) -> Known {
        if let Some(known) = self.kept(credentials.bytes(), now) {
            return known;
        }
        match credentials.token() {
            Ok(token) => self.fresh(token.token(), now),
            Err(error) => Known::Refused(error.into()),
        }
    }

    pub(super) fn known(&self, token: &str, now: i64) -> Known {
        self.kept(token.as_bytes(), now).unwrap_or_else(|| self.fresh(token, now))
    }

    /// The client of a genuine token, whoever presents it, where nothing needs to be waited for: for the log. No access, as
    /// nobody has judged whether it was given to whoever presents it.
    pub(crate) fn client_now(&self, token: &str) -> Option<String> {
        match self.known(token, self.now()) {
            Known::Access(access) => access.client_id().map(str::to_owned),
            _ => None,
        }
    }

    /// What can be said of a token that was verified before.
    fn kept(&self, token: &[u8], now: i64) -> Option<Known> {
        let access = self.cached(token, now)?;
        Some(match self.expired(&access, now) {
            None => Known::Access(access),
            Some(refusal) => Known::Refused(refusal),
        })
    }

    fn cached(&self, token: &[u8], now: i64) -> Option<Access> {
        self.0.cache.as_ref()?.get(token, |access, generation| {
            let issuer = self.0.issuers.get(access.at());
            issuer.is_some_and(|issuer| match &issuer.vouches {
                Vouches::Keys(keys) => {
                    keys.is_current(Lease { generation, until: access.believed_until() }, now)
                }
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
            found.set(Found::Verified { at, lease: keys.lease(now) });
            Some(Trust { rules: &issuer.rules, keys })
        };
        let verified = verify_by_issuer::<Local>(token, trust, now);
        match (found.get(), self.0.introspected) {
            (Found::Verified { at, lease }, _) => self.conclude(token, at, lease, verified),
            (Found::Introspected | Found::Nothing, Some(at)) => Known::AfterAsking(at),
            _ => Known::Refused(Refusal::Token(verified.err().unwrap_or(VerifyError::Issuer))),
        }
    }

    fn conclude(
        &self,
        token: &str,
        at: usize,
        lease: Option<Lease>,
        verified: Result<Verified<Local>, VerifyError>,
    ) -> Known {
        let Some(issuer) = self.0.issuers.get(at) else { return Known::Refused(Refusal::Unavailable) };
        match (verified, &issuer.vouches) {
            (Ok(verified), _) => {
                let until = lease.map_or(i64::MIN, |lease| lease.until);
                let access = self.grants(at, issuer, verified.into_claims(), until);
                if let (Some(cache), Some(lease)) = (&self.0.cache, lease) {
                    cache.insert(token, &access, lease.generation);
                }
                Known::Access(access)
            }
            (Err(VerifyError::Key(error)), Vouches::Keys(keys)) if keys.may_learn(&error) => {
                Known::AfterKeys(at, lease.map(|lease| lease.generation), error)
            }
            (Err(error), _) => Known::Refused(Refusal::Token(error)),
        }
    }

    /// Whether keys were fetched. Of an issuer that hangs they come, if at all, for those who ask later.
    async fn refresh(&self, at: usize) -> bool {
        match self.0.issuers.get(at) {
            Some(Issuer { vouches: Vouches::Keys(keys), .. }) => {
                timeout(PATIENCE, keys.refresh()).await.unwrap_or(false)
            }
            _ => false,
        }
    }

    /// Judges a token once more whose key was missed among the keys of this generation.
    pub(super) async fn learn(
        &self,
        token: &str,
        at: usize,
        generation: Option<u64>,
        error: KeyError,
    ) -> Result<Access, Refusal> {
        // where nothing was fetched, by us or meanwhile for another, there is nothing new to find
        let is_new = self.refresh(at).await || self.generation(at) != generation;
        let known =
            if is_new { self.known(token, self.now()) } else { Known::AfterKeys(at, generation, error) };
        known.last_word()
    }

    fn generation(&self, at: usize) -> Option<u64> {
        match self.0.issuers.get(at) {
            Some(Issuer { vouches: Vouches::Keys(keys), .. }) => keys.generation(),
            _ => None,
        }
    }

    /// Asks an issuer about a token, and keeps what it says of an active one. Of one that hangs the answer comes, if at all,
    /// for those who ask about the same token meanwhile.
    async fn ask(&self, at: usize, token: &str) -> Result<Access, Refusal> {
        let Some(issuer) = self.0.issuers.get(at) else { return Err(Refusal::Unavailable) };
        let Vouches::Introspection(remote) = &issuer.vouches else { return Err(Refusal::Unavailable) };
        let answer = timeout(PATIENCE, remote.ask(token, self.now())).await;
        let answer = answer.unwrap_or_else(|_| Err(remote.unanswered_within(PATIENCE, self.now())))?;
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

/// How long a request waits for an issuer: shorter than whoever asks, who is told to come again.
const PATIENCE: Duration = Duration::from_secs(2);

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
    Verified { at: usize, lease: Option<Lease> },
}
