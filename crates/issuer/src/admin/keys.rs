//! Commands on signing keys: announce them by hand, and make those that a saved realm or API needs.

use countersign_proto::admin::{KeyBody, NewKey, Page};
use countersign_proto::jose::Algorithm;
use countersign_proto::jose::signing_key::RsaSize;
use countersign_proto::time::UnixTime;
use serde_json::json;

use super::page::page;
use super::spare::{Halt, Spares};
use super::{AdminError, Administrator, PageAsk, Right, rule};
use crate::api::Api;
use crate::audit::AuditEvent;
use crate::issuer::Issuer;
use crate::keys::{KeyRecord, KeyState, Wanted};
use crate::realm::Realm;
use crate::refusal::Fault;
use crate::registry::RealmView;
use crate::store::Command;

impl Issuer {
    /// Lists the signing keys of a realm, oldest first, retired ones included while they are in the JWKS; `key:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn list_keys(
        &self,
        by: &Administrator,
        realm: &str,
        ask: &PageAsk<'_>,
    ) -> Result<Page<KeyBody>, AdminError> {
        let view = self.realm_for(by, Right::KeyRead, realm)?;
        let place = |key: &KeyRecord| format!("{:020}{}", key.created_at.0, key.kid);
        let mut keys: Vec<_> = view.record().keys.iter().map(|key| (place(key), body(key))).collect();
        keys.sort_by(|one, other| one.0.cmp(&other.0));
        page("keys", keys, ask)
    }

    /// Shows a signing key; `key:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn read_key(&self, by: &Administrator, realm: &str, kid: &str) -> Result<KeyBody, AdminError> {
        let view = self.realm_for(by, Right::KeyRead, realm)?;
        Ok(body(key_of(&view, kid)?))
    }

    /// Makes a signing key and announces it in the JWKS; it does not sign before [`Self::rotate_keys`]. `key:write`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn create_key(
        &self,
        by: &Administrator,
        realm: &str,
        new: NewKey,
    ) -> Result<KeyBody, AdminError> {
        by.may(Right::KeyWrite, realm)?;
        self.with_spares(|spares| self.announce_key(by, realm, &new, spares)).await
    }

    async fn announce_key(
        &self,
        by: &Administrator,
        realm: &str,
        new: &NewKey,
        mut spares: Spares,
    ) -> Result<KeyBody, Halt> {
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::KeyWrite, realm)?;
        let algorithm = algorithm_of(&view, new.algorithm.as_deref())?;
        let size = rsa_size(algorithm, new.bits)?;
        self.check_room_for_key(&view)?;
        let key = spares.take(Wanted::new(view.realm(), algorithm, size))?;
        let key = key.begin(KeyState::Announced, self.now());
        let kid = key.kid.clone();
        let detail = json!({ "algorithm": algorithm.as_str(), "bits": new.bits });
        let command = Command::CreateKey { key };
        self.change(by, realm, command, AuditEvent::KeyCreated, &kid, detail).await?;
        Ok(self.shown_key(realm, &kid)?)
    }

    /// The keys that are missing before `realm` with `apis` can sign, there now so that no token request has to wait.
    pub(super) fn missing_keys(
        &self,
        realm: &Realm,
        apis: &[Api],
        keys: &[KeyRecord],
        mut spares: Spares,
    ) -> Result<Vec<KeyRecord>, Halt> {
        let signs =
            |algorithm| keys.iter().any(|key| key.algorithm == algorithm && key.state == KeyState::Active);
        let missing = algorithms(realm, apis).into_iter().filter(|algorithm| !signs(*algorithm));
        missing
            .map(|algorithm| {
                let key = spares.take(Wanted::new(realm, algorithm, RsaSize::default()))?;
                Ok(key.begin(KeyState::Active, self.now()))
            })
            .collect()
    }

    /// A bounded JWKS: verifiers refuse, and caches drop, documents that are too large.
    pub(super) fn check_room_for_key(&self, view: &RealmView) -> Result<(), AdminError> {
        let now = self.now();
        let published = |key: &&KeyRecord| key.published_until.is_none_or(|until| now < until);
        if view.record().keys.iter().filter(published).count() < MAX_PUBLISHED {
            return Ok(());
        }
        let detail = format!(
            "a JWKS holds at most {MAX_PUBLISHED} keys; retire one immediately, or wait until one leaves"
        );
        Err(AdminError::Conflict { field: String::new(), detail })
    }

    pub(super) fn shown_key(&self, realm: &str, kid: &str) -> Result<KeyBody, AdminError> {
        let gone = || Fault::Broken(format!("the key {kid} is not in memory after its change"));
        let view = self.realm(realm).ok_or_else(gone)?;
        Ok(body(key_of(&view, kid)?))
    }
}

/// When the last token that a key signed until `now` has expired everywhere, clock differences included.
///
/// The longest lifetime that there can be: those in effect now say nothing about tokens that were issued before.
pub(super) fn last_token(now: UnixTime) -> UnixTime {
    now.plus(rule::MAX_LIFETIME).plus(LEEWAY)
}

/// The algorithms that a realm with these APIs signs with.
pub(super) fn algorithms(realm: &Realm, apis: &[Api]) -> Vec<Algorithm> {
    let mut all = vec![realm.signing_algorithm()];
    for algorithm in apis.iter().filter_map(|api| api.algorithm) {
        if !all.contains(&algorithm) {
            all.push(algorithm);
        }
    }
    all
}

pub(super) fn algorithm_of(view: &RealmView, given: Option<&str>) -> Result<Algorithm, AdminError> {
    given.map_or_else(|| Ok(view.realm().signing_algorithm()), rule::algorithm)
}

fn rsa_size(algorithm: Algorithm, bits: Option<u32>) -> Result<RsaSize, AdminError> {
    let is_rsa = matches!(algorithm, Algorithm::RS256 | Algorithm::PS256);
    match bits {
        None => Ok(RsaSize::default()),
        Some(_) if !is_rsa => Err(AdminError::invalid("bits", "bits is for RS256 and PS256 alone")),
        Some(2048) => Ok(RsaSize::Bits2048),
        Some(3072) => Ok(RsaSize::Bits3072),
        Some(4096) => Ok(RsaSize::Bits4096),
        Some(_) => Err(AdminError::invalid("bits", "bits is one of 2048, 3072 and 4096")),
    }
}

pub(super) fn key_of<'v>(view: &'v RealmView, kid: &str) -> Result<&'v KeyRecord, AdminError> {
    let missing = || AdminError::NotFound(format!("there is no key {kid:?} in the realm {}", view.name()));
    view.record().keys.iter().find(|key| key.kid == kid).ok_or_else(missing)
}

fn body(key: &KeyRecord) -> KeyBody {
    KeyBody {
        kid: key.kid.clone(),
        algorithm: key.algorithm.as_str().to_owned(),
        state: key.state.to_string(),
        created_at: key.created_at,
        changed_at: key.changed_at,
        published_until: key.published_until,
    }
}

/// Seconds by which a verifier's clock may be behind.
const LEEWAY: i64 = 300;
const MAX_PUBLISHED: usize = 20;
