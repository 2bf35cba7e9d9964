//! Tokens of our own that come back to us: at the admin API and at fidesops' management URLs.

use std::sync::Arc;

use countersign_proto::jose::{Algorithm, Claims, Rules, VerifyError, jws, verify};

use super::Issuer;
use crate::admin::Administrator;
use crate::api::BuiltIn;
use crate::realm::SYSTEM;
use crate::refusal::Fault;
use crate::registry::RealmView;

/// A token of a realm, verified, whose client is in good standing now.
#[derive(Clone, Debug)]
pub struct OwnToken {
    /// The client that it was issued to.
    pub client_id: String,
    /// The realm that knows the client: the token's own, or `system` for fidesops' root.
    pub client_realm: String,
    /// The scopes that it was issued with.
    pub scopes: Vec<String>,
}

/// Why a token does not open our own doors.
#[derive(Debug)]
pub enum OwnTokenError {
    /// It does not verify.
    Invalid(VerifyError),
    /// Its client is gone, disabled or expired, or its realm is disabled.
    Standing,
    /// Ours.
    Fault(Fault),
}

impl Issuer {
    /// Verifies a token of `realm` for `audience`, and that its client is in good standing at this moment.
    ///
    /// # Errors
    /// [`OwnTokenError`].
    ///
    /// Does not check: scopes; what the client's grants are now.
    pub async fn verify(
        &self,
        realm: &Arc<RealmView>,
        token: &str,
        audience: &str,
    ) -> Result<OwnToken, OwnTokenError> {
        let now = self.now();
        // A realm's keys sign access tokens and nothing else, so either type is one.
        let rules = Rules::access_token(realm.issuer(), audience, &Algorithm::ALL).or_type("JWT");
        let claims: Claims =
            verify(token, realm.verifying(), &rules, now.0).map_err(OwnTokenError::Invalid)?.into_claims();
        let azp = claims.other.get("azp").and_then(|azp| azp.as_str()).map(str::to_owned);
        let client_id = claims.client_id.or(azp).ok_or(OwnTokenError::Standing)?;
        let is_root = realm.root_door().is_some_and(|door| door.identifier() == audience);
        if is_root && claims.sub.as_deref() != Some(&format!("{SYSTEM}:{client_id}")) {
            return Err(OwnTokenError::Invalid(VerifyError::Audience));
        }
        let home = if is_root { self.system().map_err(OwnTokenError::Fault)? } else { Arc::clone(realm) };
        let entry = self.registry.client(&home, &client_id).await.map_err(OwnTokenError::Fault)?;
        let good = entry.is_some_and(|entry| entry.enabled && !entry.has_expired(now));
        if !good || !realm.enabled() || !home.enabled() {
            return Err(OwnTokenError::Standing);
        }
        let scopes = claims.scope.as_deref().unwrap_or_default().split(' ').filter(|s| !s.is_empty());
        Ok(OwnToken {
            scopes: scopes.map(str::to_owned).collect(),
            client_realm: home.name().to_owned(),
            client_id,
        })
    }

    /// Who calls the admin API: a client with a token for the `admin` API of its realm, whichever realm the URL names;
    /// what it may do there is the [`Administrator`]'s to say.
    ///
    /// Its rights are the token's scopes that the client still has a grant for now.
    ///
    /// # Errors
    /// [`OwnTokenError`].
    pub async fn administrator(&self, token: &str, request_id: &str) -> Result<Administrator, OwnTokenError> {
        let realm = self.claimed_realm(token)?;
        let api = realm.builtin(BuiltIn::Admin).ok_or(OwnTokenError::Standing)?;
        let verified = self.verify(&realm, token, api.identifier()).await?;
        let entry = self.registry.client(&realm, &verified.client_id).await.map_err(OwnTokenError::Fault)?;
        let entry = entry.ok_or(OwnTokenError::Standing)?;
        let grant = entry.grant_on(api.id()).filter(|_| api.api().enabled);
        let held = |scope: &String| grant.is_some_and(|g| g.has_default(scope) || g.has_optional(scope));
        let scopes = verified.scopes.into_iter().filter(held).collect();
        Ok(Administrator::verified(&verified.client_id, &realm, scopes, request_id))
    }

    /// The realm that an unverified token says it is from: only a choice of keys.
    fn claimed_realm(&self, token: &str) -> Result<Arc<RealmView>, OwnTokenError> {
        let unverified =
            jws::parse(token).map_err(|error| OwnTokenError::Invalid(VerifyError::Jws(error)))?;
        let claims = Claims::parse(unverified.payload())
            .map_err(|error| OwnTokenError::Invalid(VerifyError::Claims(error)))?;
        let issuer = claims.iss.unwrap_or_default();
        self.realm_by_issuer(&issuer).ok_or(OwnTokenError::Invalid(VerifyError::Issuer))
    }
}
