//! Tokens of our own that come back to us, at the admin API and at fidesops' management URLs, and what they allow.

use std::sync::Arc;

use countersign_proto::jose::{Algorithm, Claims, Rules, VerifyError, jws, verify};

use super::Issuer;
use crate::admin::{Administrator, Bearer, Door};
use crate::api::BuiltIn;
use crate::realm::SYSTEM;
use crate::refusal::Fault;
use crate::registry::{ClientEntry, RealmView};

/// A token of a realm, verified, whose client was in good standing then; made by [`Issuer::verify`] alone.
#[derive(Clone, Debug)]
pub struct OwnToken {
    client_id: String,
    /// The UUID of the client, which a later client of the same id does not have.
    client: [u8; 16],
    /// The realm that knows the client: the token's own, or `system` for fidesops' root.
    home: String,
    is_root: bool,
    scopes: Vec<String>,
}

/// Why a token does not open our own doors.
#[derive(Debug)]
pub enum OwnTokenError {
    /// It does not verify.
    Invalid(VerifyError),
    /// Its client is gone, disabled or expired, or has not what the door asks for; or its realm is disabled.
    Standing,
    /// Ours.
    Fault(Fault),
}

impl OwnToken {
    /// The client that it was issued to.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The name of the realm that knows the client.
    #[must_use]
    pub fn client_realm(&self) -> &str {
        &self.home
    }

    /// The scopes that it was issued with.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whether it is fidesops' root's.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.is_root
    }
}

impl Issuer {
    /// Verifies a token of `realm` for `audience`, and that its client is in good standing at this moment.
    ///
    /// A token is older than its client where it was issued to another client of the same id, now deleted.
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
        // One clock issues and verifies.
        let rules = Rules::access_token(realm.issuer(), audience, &Algorithm::ALL).leeway(0);
        let mut rules = rules.map_err(|error| Fault::Broken(error.to_string()))?;
        if realm.builtin(BuiltIn::Default).is_some_and(|api| api.identifier() == audience) {
            // Its profile may be one that says no more than that. A realm's keys sign access tokens and nothing else.
            rules = rules.or_type("JWT");
        }
        let claims: Claims =
            verify(token, realm.verifying(), &rules, now.0).map_err(OwnTokenError::Invalid)?.into_claims();
        let azp = claims.other.get("azp").and_then(|azp| azp.as_str()).map(str::to_owned);
        let client_id = claims.client_id.or(azp).ok_or(OwnTokenError::Standing)?;
        let is_root = realm.root_door().is_some_and(|door| door.identifier() == audience);
        if is_root && claims.sub.as_deref() != Some(&format!("{SYSTEM}:{client_id}")) {
            return Err(OwnTokenError::Invalid(VerifyError::Audience));
        }
        let home = if is_root { self.system()? } else { Arc::clone(realm) };
        let entry = self.in_good_standing(realm, &home, &client_id).await?;
        if claims.iat.is_none_or(|issued_at| entry.is_younger_than(issued_at.seconds())) {
            return Err(OwnTokenError::Standing);
        }
        let scopes = claims.scope.as_deref().unwrap_or_default().split(' ').filter(|s| !s.is_empty());
        Ok(OwnToken {
            scopes: scopes.map(str::to_owned).collect(),
            client: entry.uuid().bytes(),
            home: home.name().to_owned(),
            is_root,
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
        let token = self.verify(&realm, token, api.identifier()).await?;
        self.judge(Bearer { token, realm: realm.name().to_owned(), door: Door::Admin }, request_id).await
    }

    /// Who calls fidesops' client management in `realm` on a route that needs `scope` (dialects c.3): its root, or a
    /// client of the realm whose token has the scope and says nothing that the client does not hold any more.
    ///
    /// # Errors
    /// [`OwnTokenError`].
    pub async fn manager(
        &self,
        realm: &Arc<RealmView>,
        token: &str,
        scope: &'static str,
        request_id: &str,
    ) -> Result<Administrator, OwnTokenError> {
        let root = realm.root_door().ok_or(OwnTokenError::Standing)?;
        let default = realm.builtin(BuiltIn::Default).ok_or(OwnTokenError::Standing)?;
        let token = match self.verify(realm, token, root.identifier()).await {
            Err(OwnTokenError::Invalid(_)) => self.verify(realm, token, default.identifier()).await?,
            verified => verified?,
        };
        let door = Door::Management { scope };
        self.judge(Bearer { token, realm: realm.name().to_owned(), door }, request_id).await
    }

    /// What a verified token allows now; the same token is judged again when its command's turn has come.
    pub(crate) async fn judge(
        &self,
        bearer: Bearer,
        request_id: &str,
    ) -> Result<Administrator, OwnTokenError> {
        let Bearer { token, realm, door } = &bearer;
        let realm = self.realm(realm).ok_or(OwnTokenError::Standing)?;
        let home = self.realm(&token.home).ok_or(OwnTokenError::Standing)?;
        let entry = self.in_good_standing(&realm, &home, &token.client_id).await?;
        if entry.uuid().bytes() != token.client {
            return Err(OwnTokenError::Standing);
        }
        if token.is_root {
            let still = self.is_root(&home, &token.client_id).await?;
            return still.then(|| Administrator::root(bearer, request_id)).ok_or(OwnTokenError::Standing);
        }
        let builtin = match door {
            Door::Admin => BuiltIn::Admin,
            Door::Management { .. } => BuiltIn::Default,
        };
        let api = realm.builtin(builtin).filter(|api| api.api().enabled);
        let grant = api.and_then(|api| entry.grant_on(api.id()));
        let held = |scope: &&String| grant.is_some_and(|g| g.has_default(scope) || g.has_optional(scope));
        let scopes: Vec<String> = token.scopes.iter().filter(held).cloned().collect();
        match door {
            Door::Admin => Ok(Administrator::verified(bearer, scopes, request_id)),
            Door::Management { scope }
                if scopes.len() == token.scopes.len() && scopes.iter().any(|held| held == scope) =>
            {
                Ok(Administrator::manager(bearer, scopes, request_id))
            }
            Door::Management { .. } => Err(OwnTokenError::Standing),
        }
    }

    /// The client of `home` that a token of `realm` was issued to, if both would let it in now.
    async fn in_good_standing(
        &self,
        realm: &RealmView,
        home: &Arc<RealmView>,
        client_id: &str,
    ) -> Result<Arc<ClientEntry>, OwnTokenError> {
        let entry = self.registry.client(home, client_id).await?.ok_or(OwnTokenError::Standing)?;
        let good = entry.enabled && !entry.has_expired(self.now()) && realm.enabled() && home.enabled();
        if good { Ok(entry) } else { Err(OwnTokenError::Standing) }
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

impl From<Fault> for OwnTokenError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
