//! Signing keys that have left the JWKS: a private key is kept no longer than it is of use.

use serde_json::json;

use super::{AdminError, Administrator};
use crate::audit::AuditEvent;
use crate::issuer::Issuer;
use crate::keys::{KeyRecord, KeyState};
use crate::refusal::Fault;
use crate::registry::RealmView;
use crate::store::Command;

impl Issuer {
    /// Deletes the retired keys that are not published any more; what [`Self::run`] does once a minute.
    ///
    /// A realm that cannot be read keeps its keys until it is mended.
    ///
    /// # Errors
    /// [`Fault`]; what is left is deleted the next time.
    pub async fn delete_departed_keys(&self) -> Result<(), Fault> {
        let realms = self.realms();
        for realm in realms.iter().filter(|realm| self.departed(realm).next().is_some()) {
            let turn = self.turn(&Administrator::offline(SERVER)).await.map_err(fault)?;
            let now_there = self.realm(realm.name()).filter(|view| view.id() == realm.id());
            let Some(view) = now_there.filter(|view| view.readable().is_ok()) else { continue };
            for key in self.departed(&view) {
                let detail =
                    json!({ "algorithm": key.algorithm.as_str(), "published_until": key.published_until });
                let command = Command::DeleteKey {
                    realm_id: view.id().to_owned(),
                    kid: key.kid.clone(),
                    at: self.now(),
                };
                self.change(&turn.by, view.name(), command, AuditEvent::KeyDeleted, &key.kid, detail)
                    .await
                    .map_err(fault)?;
            }
        }
        Ok(())
    }

    fn departed<'v>(&self, view: &'v RealmView) -> impl Iterator<Item = &'v KeyRecord> {
        let now = self.now();
        let departed = move |key: &&KeyRecord| key.published_until.is_some_and(|until| until <= now);
        view.record().keys.iter().filter(|key| key.state == KeyState::Retired).filter(departed)
    }
}

/// Nobody asked for it, so nobody can be to blame.
fn fault(error: AdminError) -> Fault {
    match error {
        AdminError::Fault(fault) => fault,
        other => Fault::Broken(format!("a key that left the JWKS was not deleted: {other:?}")),
    }
}

/// Who did what a server does by itself while it runs, in the audit trail.
const SERVER: &str = "server";
