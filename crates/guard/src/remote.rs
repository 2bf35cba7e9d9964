//! Tokens that only their issuer can read: it is asked (RFC 7662), as seldom as may be. One question at a time for a
//! token, an answer kept for a while and never beyond the token's expiry, and no answer never taken for a yes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use countersign_client::Introspector;
use countersign_client::RemoteJwks;
use countersign_proto::introspection::IntrospectionResponse;
use countersign_proto::jose::confirmation::Confirmation;
use countersign_proto::jose::{NumericDate, VerifyError};

use crate::TrustedIssuer;
use crate::local::Local;
use crate::refusal::Refusal;

/// An issuer that is asked about its tokens.
pub(crate) struct Remote {
    introspector: Introspector,
    /// What knows where to ask, where that is not given.
    metadata: Option<RemoteJwks>,
    issuer: String,
    audiences: Vec<String>,
    leeway: i64,
    /// Tokens that are not active, and until when that is believed.
    inactive: Mutex<HashMap<Digest, i64>>,
}

/// What an issuer says of an active token.
pub(crate) struct Answer {
    pub(crate) says: Local,
    pub(crate) believed_until: i64,
}

type Digest = [u8; 32];

impl Remote {
    pub(crate) fn new(
        introspector: Introspector,
        metadata: Option<RemoteJwks>,
        trusted: &TrustedIssuer,
    ) -> Self {
        Self {
            introspector,
            metadata,
            issuer: trusted.issuer.clone(),
            audiences: trusted.audiences.clone(),
            leeway: i64::from(trusted.leeway),
            inactive: Mutex::default(),
        }
    }

    /// Whether it is known where to ask.
    pub(crate) fn is_ready(&self) -> bool {
        self.metadata.as_ref().is_none_or(|metadata| metadata.introspection_endpoint().is_some())
    }

    /// Why it is not known, as far as that is.
    pub(crate) fn error(&self) -> Option<String> {
        let state = self.metadata.as_ref()?.state();
        state
            .error
            .or_else(|| state.generation.map(|_| "its metadata names no introspection_endpoint".to_owned()))
    }

    /// What the issuer says of a token.
    ///
    /// # Errors
    /// [`Refusal::Inactive`], [`Refusal::Token`] where an active token is not for us, and [`Refusal::Unavailable`] where
    /// there is no answer: neither a yes nor a no.
    pub(crate) async fn ask(&self, token: &str, now: i64) -> Result<Answer, Refusal> {
        let name = name(token);
        if self.is_inactive(&name, now) {
            return Err(Refusal::Inactive);
        }
        let answer = self.introspector.introspect(token).await.map_err(|error| {
            tracing::warn!(issuer = %self.issuer, %error, "the issuer gave no answer about a token");
            Refusal::Unavailable
        })?;
        let answer = self.read(answer, now);
        if answer.as_ref().is_err_and(|refusal| *refusal == Refusal::Inactive) {
            self.remember_inactive(name, now);
        }
        answer
    }

    /// RFC 7662 §2.2, §4: what an issuer calls active must still be its own, for us, and in time.
    fn read(&self, answer: IntrospectionResponse, now: i64) -> Result<Answer, Refusal> {
        let IntrospectionResponse::Active(token) = answer else { return Err(Refusal::Inactive) };
        if token.iss.as_ref().is_some_and(|iss| *iss != self.issuer) {
            return Err(Refusal::Token(VerifyError::Issuer));
        }
        if !token.aud.iter().any(|audience| self.audiences.contains(audience)) {
            return Err(Refusal::Token(VerifyError::Audience));
        }
        let ahead = token.nbf.map_or(0, |nbf| nbf.seconds().saturating_sub(now));
        if ahead > self.leeway {
            return Err(Refusal::Token(VerifyError::NotYetValid(ahead)));
        }
        // a binding that cannot be read might ask for anything
        let confirmation = token.cnf.as_ref().map(Confirmation::read).transpose();
        let confirmation = confirmation.map_err(|_| Refusal::Inactive)?;
        let expires_at = token.exp.unwrap_or(NumericDate::MAX).seconds();
        let subject = token.sub.or_else(|| token.client_id.clone()).ok_or(Refusal::Inactive)?;
        Ok(Answer {
            believed_until: expires_at.min(now.saturating_add(ACTIVE_FOR)),
            says: Local {
                subject,
                client_id: token.client_id,
                audience: token.aud,
                scope: token.scope,
                expires_at,
                token_id: token.jti,
                confirmation,
                claims: token.other,
            },
        })
    }

    fn is_inactive(&self, name: &Digest, now: i64) -> bool {
        let inactive = self.inactive.lock().unwrap_or_else(PoisonError::into_inner);
        inactive.get(name).is_some_and(|until| now < *until)
    }

    fn remember_inactive(&self, name: Digest, now: i64) {
        let mut inactive = self.inactive.lock().unwrap_or_else(PoisonError::into_inner);
        if inactive.len() >= MAX_INACTIVE {
            inactive.retain(|_, until| now < *until);
        }
        if inactive.len() < MAX_INACTIVE {
            inactive.insert(name, now.saturating_add(INACTIVE_FOR));
        }
    }
}

/// Tokens are not kept where they need not be.
fn name(token: &str) -> Digest {
    digest(&SHA256, token.as_bytes()).as_ref().try_into().unwrap_or_default()
}

/// For how many seconds an active token is not asked about again: a revoked one may work so much longer.
const ACTIVE_FOR: i64 = 30;
/// For how many seconds an inactive one is not.
const INACTIVE_FOR: i64 = 10;
const MAX_INACTIVE: usize = 10_000;
