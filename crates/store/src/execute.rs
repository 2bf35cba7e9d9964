//! From a command to its statements: one transaction with its revision, its line in the feed and its audit record.

use countersign_issuer::audit::AuditRecord;
use countersign_issuer::store::{Command, StoreError, Touched};
use sqlx::Pool;

use crate::change::Change;
use crate::engine::Sql;

/// Makes one change, or nothing.
pub(crate) async fn execute<DB: Sql>(
    pool: &Pool<DB>,
    command: &Command,
    audit: &AuditRecord,
) -> Result<i64, StoreError> {
    let mut change = Change::begin(pool, audit.at).await?;
    change.make(command).await?;
    let (realm_id, touched) = touched(command);
    change.insert_line(realm_id, &touched).await?;
    change.insert_audit(audit).await?;
    let revision = change.revision;
    change.session.commit().await?;
    Ok(revision)
}

impl<DB: Sql> Change<DB> {
    async fn make(&mut self, command: &Command) -> Result<(), StoreError> {
        match command {
            Command::CreateRealm { realm, apis, keys } => self.create_realm(realm, apis, keys).await,
            Command::UpdateRealm { realm, keys, expected } => self.update_realm(realm, keys, *expected).await,
            Command::DeleteRealm { realm_id, expected } => self.delete_realm(realm_id, *expected).await,
            Command::CreateApi { api, keys } => self.create_api(api, keys).await,
            Command::UpdateApi { api, keys, expected } => self.update_api(api, keys, *expected).await,
            Command::DeleteApi { realm_id, api_id, expected } => {
                self.delete_api(realm_id, api_id, *expected).await
            }
            Command::CreateScope { realm_id, api_id, scope, at } => {
                self.create_scope(realm_id, api_id, scope, *at).await
            }
            Command::UpdateScope { realm_id, api_id, scope, at } => {
                self.update_scope(realm_id, api_id, scope, *at).await
            }
            Command::DeleteScope { realm_id, api_id, name, at } => {
                self.delete_scope(realm_id, api_id, name, *at).await
            }
            Command::CreateClient { client, secrets, grants } => {
                self.create_client(client, secrets, grants).await
            }
            Command::UpdateClient { client, expected } => self.update_client(client, *expected).await,
            Command::DeleteClient { realm_id, client_id, expected } => {
                self.delete_client(realm_id, client_id, *expected).await
            }
            Command::CreateSecret { realm_id, client_id, secret, alone } => {
                self.create_secret(realm_id, client_id, secret, *alone).await
            }
            Command::DeleteSecret { realm_id, client_id, secret_id } => {
                self.delete_secret(realm_id, client_id, secret_id).await
            }
            Command::PutGrant { realm_id, client_id, grant } => {
                self.put_grant(realm_id, client_id, grant).await
            }
            Command::DeleteGrant { realm_id, client_id, api_id } => {
                self.delete_grant(realm_id, client_id, api_id).await
            }
            Command::CreateKey { key } => self.insert_keys(&key.realm_id, std::slice::from_ref(key)).await,
            Command::MoveKeys { realm_id, moves, at } => self.move_keys(realm_id, moves, *at).await,
            Command::DeleteKey { realm_id, kid, at } => self.delete_key(realm_id, kid, *at).await,
        }
    }
}

/// The realm that a command happens in, and what it touches there.
fn touched(command: &Command) -> (&str, Touched) {
    match command {
        Command::CreateRealm { realm, .. } | Command::UpdateRealm { realm, .. } => {
            (&realm.id, Touched::Realm)
        }
        Command::CreateApi { api, .. } | Command::UpdateApi { api, .. } => (&api.realm_id, Touched::Realm),
        Command::CreateKey { key } => (&key.realm_id, Touched::Realm),
        Command::DeleteRealm { realm_id, .. }
        | Command::CreateScope { realm_id, .. }
        | Command::UpdateScope { realm_id, .. }
        | Command::MoveKeys { realm_id, .. }
        | Command::DeleteKey { realm_id, .. } => (realm_id, Touched::Realm),
        Command::DeleteApi { realm_id, api_id, .. } | Command::DeleteScope { realm_id, api_id, .. } => {
            (realm_id, Touched::Grants(api_id.clone()))
        }
        Command::CreateClient { client, .. } | Command::UpdateClient { client, .. } => {
            (&client.realm_id, Touched::Client(client.client_id.to_string()))
        }
        Command::DeleteClient { realm_id, client_id, .. }
        | Command::CreateSecret { realm_id, client_id, .. }
        | Command::DeleteSecret { realm_id, client_id, .. }
        | Command::PutGrant { realm_id, client_id, .. }
        | Command::DeleteGrant { realm_id, client_id, .. } => (realm_id, Touched::Client(client_id.clone())),
    }
}
