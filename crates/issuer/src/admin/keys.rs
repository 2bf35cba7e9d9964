//! Commands on signing keys: announce, rotate and retire by hand, and the keys that a saved realm or API needs.

use countersign_proto::admin::{KeyBody, NewKey, Page, RetireKey, RotateKeys};
use countersign_proto::jose::Algorithm;
use countersign_proto::jose::signing_key::RsaSize;
use countersign_proto::time::UnixTime;
use serde_json::json;

use super::page::page;
use super::{AdminError, Administrator, PageAsk, Right, rule};
use crate::api::Api;
use crate::audit::AuditEvent;
use crate::issuer::Issuer;
use crate::keys::{ANNOUNCEMENT, KeyRecord, KeyState};
use crate::realm::Realm;
use crate::refusal::Fault;
use crate::registry::RealmView;
use crate::store::{Command, KeyMove};

impl Issuer {
    /// Lists the signing keys of a realm, oldest first, retired ones included; `key:read`.
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
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::KeyWrite, realm)?;
        let algorithm = algorithm_of(&view, new.algorithm.as_deref())?;
        let size = rsa_size(algorithm, new.bits)?;
        self.check_room_for_key(&view)?;
        let key = self.made_key(view.realm(), algorithm, size, KeyState::Announced).await?;
        let kid = key.kid.clone();
        let detail = json!({ "algorithm": algorithm.as_str(), "bits": new.bits });
        let command = Command::CreateKey { key };
        self.change(by, realm, command, AuditEvent::KeyCreated, &kid, detail).await?;
        self.shown_key(realm, &kid)
    }

    /// Lets the announced key of an algorithm sign, the oldest of them, and retires the one that signed; `key:write`.
    ///
    /// A key that caches of the JWKS cannot know yet signs only by `force`, which also makes one if none is announced
    /// (design rule 12).
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn rotate_keys(
        &self,
        by: &Administrator,
        realm: &str,
        rotate: RotateKeys,
    ) -> Result<KeyBody, AdminError> {
        by.may(Right::KeyWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::KeyWrite, realm)?;
        let algorithm = algorithm_of(&view, rotate.algorithm.as_deref())?;
        let next = self.next_key(by, &view, algorithm, rotate.force).await?;
        let until = last_token(self.now());
        let signing = in_state(&view, algorithm, KeyState::Active);
        let retired: Vec<_> = signing.map(|key| key.kid.clone()).collect();
        let retire = |kid: &String| moved(kid, KeyState::Active, KeyState::Retired, Some(until));
        let mut moves: Vec<_> = retired.iter().map(retire).collect();
        moves.push(moved(&next, KeyState::Announced, KeyState::Active, None));
        let detail = json!({
            "algorithm": algorithm.as_str(),
            "retired": retired,
            "published_until": until,
            "force": rotate.force,
        });
        let command = Command::MoveKeys { realm_id: view.id().to_owned(), moves, at: self.now() };
        self.change(by, realm, command, AuditEvent::KeyRotated, &next, detail).await?;
        self.shown_key(realm, &next)
    }

    /// Retires a key: it never signs again, and leaves the JWKS once no token that it signed can be live; `key:write`.
    ///
    /// # Errors
    /// [`AdminError::Conflict`] for the only key that signs with an algorithm that the realm uses, and the others.
    pub async fn retire_key(
        &self,
        by: &Administrator,
        realm: &str,
        kid: &str,
        retire: RetireKey,
    ) -> Result<KeyBody, AdminError> {
        by.may(Right::KeyWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::KeyWrite, realm)?;
        let key = key_of(&view, kid)?;
        let now = self.now();
        let until = match key.state {
            _ if retire.immediately => now,
            // It has signed nothing.
            KeyState::Announced => now,
            KeyState::Active => last_token(now),
            KeyState::Retired => return self.shown_key(realm, kid),
        };
        if key.state == KeyState::Active {
            let signing = in_state(&view, key.algorithm, KeyState::Active).count();
            if signing < 2 && algorithms(view.realm(), &view.record().apis).contains(&key.algorithm) {
                let detail = format!(
                    "it is the only key that signs with {} here, and that is in use: rotate to another key instead",
                    key.algorithm.as_str()
                );
                return Err(AdminError::Conflict { field: String::new(), detail });
            }
        }
        if key.published_until.is_some_and(|earlier| earlier <= until) {
            return self.shown_key(realm, kid);
        }
        let moves = vec![moved(kid, key.state, KeyState::Retired, Some(until))];
        let detail = json!({ "was": key.state.as_str(), "published_until": until });
        let command = Command::MoveKeys { realm_id: view.id().to_owned(), moves, at: now };
        self.change(by, realm, command, AuditEvent::KeyRetired, kid, detail).await?;
        self.shown_key(realm, kid)
    }

    /// The keys that are missing before `realm` with `apis` can sign, made now so that no token request has to wait.
    pub(super) async fn missing_keys(
        &self,
        realm: &Realm,
        apis: &[Api],
        keys: &[KeyRecord],
    ) -> Result<Vec<KeyRecord>, AdminError> {
        let mut made = Vec::new();
        for algorithm in algorithms(realm, apis) {
            if !keys.iter().any(|key| key.algorithm == algorithm && key.state == KeyState::Active) {
                made.push(self.made_key(realm, algorithm, RsaSize::default(), KeyState::Active).await?);
            }
        }
        Ok(made)
    }

    /// The announced key that signs next.
    async fn next_key(
        &self,
        by: &Administrator,
        view: &RealmView,
        algorithm: Algorithm,
        force: bool,
    ) -> Result<String, AdminError> {
        let name = algorithm.as_str();
        let conflict = |detail| AdminError::Conflict { field: "force".to_owned(), detail };
        let hasty = in_state(view, algorithm, KeyState::Active).next().is_some() && !force;
        let oldest = in_state(view, algorithm, KeyState::Announced).min_by_key(|key| key.created_at);
        let Some(announced) = oldest else {
            if hasty {
                return Err(conflict(format!(
                    "no {name} key is announced: add one and rotate {ANNOUNCEMENT} s later, or send \"force\": true \
                     to sign at once with a key that no cache of the JWKS knows"
                )));
            }
            self.check_room_for_key(view)?;
            let key = self.made_key(view.realm(), algorithm, RsaSize::default(), KeyState::Announced).await?;
            let kid = key.kid.clone();
            let detail = json!({ "algorithm": name });
            let command = Command::CreateKey { key };
            self.change(by, view.name(), command, AuditEvent::KeyCreated, &kid, detail).await?;
            return Ok(kid);
        };
        let ready = announced.created_at.plus(ANNOUNCEMENT);
        if hasty && self.now() < ready {
            return Err(conflict(format!(
                "caches of the JWKS may not know the key {} before {} (in {} s): rotate then, or send \"force\": true",
                announced.kid,
                ready.0,
                ready.since(self.now()),
            )));
        }
        Ok(announced.kid.clone())
    }

    /// A bounded JWKS: verifiers refuse, and caches drop, documents that are too large.
    fn check_room_for_key(&self, view: &RealmView) -> Result<(), AdminError> {
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

    async fn made_key(
        &self,
        realm: &Realm,
        algorithm: Algorithm,
        size: RsaSize,
        state: KeyState,
    ) -> Result<KeyRecord, Fault> {
        let (now, random) = (self.now(), self.random());
        self.vault().new_key(realm, algorithm, size, state, now, random).await
    }

    fn shown_key(&self, realm: &str, kid: &str) -> Result<KeyBody, AdminError> {
        let gone = || Fault::Broken(format!("the key {kid} is not in memory after its change"));
        let view = self.realm(realm).ok_or_else(gone)?;
        Ok(body(key_of(&view, kid)?))
    }
}

/// When the last token that a key signed until `now` has expired everywhere, clock differences included.
///
/// The longest lifetime that there can be: those in effect now say nothing about tokens that were issued before.
fn last_token(now: UnixTime) -> UnixTime {
    now.plus(rule::MAX_LIFETIME).plus(LEEWAY)
}

/// The algorithms that a realm with these APIs signs with.
fn algorithms(realm: &Realm, apis: &[Api]) -> Vec<Algorithm> {
    let mut all = vec![realm.signing_algorithm()];
    for algorithm in apis.iter().filter_map(|api| api.algorithm) {
        if !all.contains(&algorithm) {
            all.push(algorithm);
        }
    }
    all
}

fn algorithm_of(view: &RealmView, given: Option<&str>) -> Result<Algorithm, AdminError> {
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

fn in_state(view: &RealmView, algorithm: Algorithm, state: KeyState) -> impl Iterator<Item = &KeyRecord> {
    view.record().keys.iter().filter(move |key| key.algorithm == algorithm && key.state == state)
}

fn key_of<'v>(view: &'v RealmView, kid: &str) -> Result<&'v KeyRecord, AdminError> {
    let missing = || AdminError::NotFound(format!("there is no key {kid:?} in the realm {}", view.name()));
    view.record().keys.iter().find(|key| key.kid == kid).ok_or_else(missing)
}

fn moved(kid: &str, from: KeyState, to: KeyState, published_until: Option<UnixTime>) -> KeyMove {
    KeyMove { kid: kid.to_owned(), from, to, published_until }
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
