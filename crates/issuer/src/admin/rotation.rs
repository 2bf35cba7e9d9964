//! Letting another key sign, and retiring keys (design rule 12).

use countersign_proto::admin::{KeyBody, RetireKey, RotateKeys};
use countersign_proto::jose::Algorithm;
use countersign_proto::jose::signing_key::RsaSize;
use countersign_proto::time::UnixTime;
use serde_json::json;

use super::keys::{algorithm_of, algorithms, key_of, last_token};
use super::spare::{Halt, Spares};
use super::{AdminError, Administrator, Right};
use crate::audit::AuditEvent;
use crate::issuer::Issuer;
use crate::keys::{ANNOUNCEMENT, KeyRecord, KeyState, Wanted};
use crate::registry::RealmView;
use crate::store::{Command, KeyMove};

impl Issuer {
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
        self.with_spares(|spares| self.let_next_sign(by, realm, &rotate, spares)).await
    }

    async fn let_next_sign(
        &self,
        by: &Administrator,
        realm: &str,
        rotate: &RotateKeys,
        spares: Spares,
    ) -> Result<KeyBody, Halt> {
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::KeyWrite, realm)?;
        let algorithm = algorithm_of(&view, rotate.algorithm.as_deref())?;
        let next = self.next_key(by, &view, algorithm, rotate.force, spares).await?;
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
        Ok(self.shown_key(realm, &next)?)
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

    /// The announced key that signs next.
    async fn next_key(
        &self,
        by: &Administrator,
        view: &RealmView,
        algorithm: Algorithm,
        force: bool,
        mut spares: Spares,
    ) -> Result<String, Halt> {
        let name = algorithm.as_str();
        let conflict = |detail| AdminError::Conflict { field: "force".to_owned(), detail };
        let hasty = in_state(view, algorithm, KeyState::Active).next().is_some() && !force;
        let oldest = in_state(view, algorithm, KeyState::Announced).min_by_key(|key| key.created_at);
        let Some(announced) = oldest else {
            if hasty {
                return Err(conflict(format!(
                    "no {name} key is announced: add one and rotate {ANNOUNCEMENT} s later, or send \"force\": true \
                     to sign at once with a key that no cache of the JWKS knows"
                ))
                .into());
            }
            self.check_room_for_key(view)?;
            let key = spares.take(Wanted::new(view.realm(), algorithm, RsaSize::default()))?;
            let key = key.begin(KeyState::Announced, self.now());
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
            ))
            .into());
        }
        Ok(announced.kid.clone())
    }
}

fn in_state(view: &RealmView, algorithm: Algorithm, state: KeyState) -> impl Iterator<Item = &KeyRecord> {
    view.record().keys.iter().filter(move |key| key.algorithm == algorithm && key.state == state)
}

fn moved(kid: &str, from: KeyState, to: KeyState, published_until: Option<UnixTime>) -> KeyMove {
    KeyMove { kid: kid.to_owned(), from, to, published_until }
}
