//! A command that fails leaves nothing: no row, no revision, no line in the feed, no audit record.

use super::samples::*;
use crate::api::Api;
use crate::client::ClientRecord;
use crate::realm::Realm;
use crate::store::{Change, Command, RealmRecord, Trail};

/// A realm whose last key is refused.
pub async fn a_failed_realm_leaves_nothing(store: AStore) {
    make_realm(&store, "r").await;
    leaves_nothing(
        &store,
        Command::CreateRealm {
            realm: full_realm("new"),
            apis: vec![full_api("new", "new-api")],
            keys: vec![key("new", "fine"), key("new", "r-key")],
        },
    )
    .await;
    leaves_nothing(
        &store,
        Command::CreateApi { api: full_api("r", "new-api"), keys: vec![key("r", "fine"), key("r", "r-key")] },
    )
    .await;
}

/// A client whose last secret, or grant, is refused.
pub async fn a_failed_client_leaves_nothing(store: AStore) {
    make_realm(&store, "r").await;
    let create = |secrets: &[&str], grants: &[&str]| Command::CreateClient {
        client: client("r", "new"),
        secrets: secrets.iter().map(|id| secret(id)).collect(),
        grants: grants.iter().map(|api| grant(api, &[], &[])).collect(),
    };
    leaves_nothing(&store, create(&["s", "t", "s"], &["r-default"])).await;
    leaves_nothing(&store, create(&["s"], &["r-default", "none"])).await;
    leaves_nothing(&store, create(&["s"], &["r-default", "r-admin", "r-default"])).await;
    make(&store, create(&["s"], &["r-default"])).await;
}

/// Updates whose last part is refused; a secret that would have replaced all others among them.
pub async fn a_failed_update_leaves_nothing(store: AStore) {
    make_realm(&store, "r").await;
    make_realm(&store, "q").await;
    make_api(&store, "r", "a", &["one"]).await;
    let create = |client_id: &str| Command::CreateClient {
        client: client("r", client_id),
        secrets: vec![secret(client_id)],
        grants: vec![grant("a", &["one"], &[])],
    };
    make(&store, create("svc")).await;
    make(&store, create("other")).await;

    let bad_key = vec![key("r", "fine"), key("r", "q-key")];
    let update = Realm { hosts: vec!["h".to_owned()], ..full_realm("r") };
    leaves_nothing(&store, Command::UpdateRealm { realm: update, keys: bad_key.clone(), expected: None })
        .await;
    let update = Api { enabled: true, ..api("r", "a") };
    leaves_nothing(&store, Command::UpdateApi { api: update, keys: bad_key, expected: None }).await;
    let (realm_id, client_id) = ("r".to_owned(), "svc".to_owned());
    let taken = secret("other");
    leaves_nothing(&store, Command::CreateSecret { realm_id, client_id, secret: taken, alone: true }).await;
    let (realm_id, api_id) = ("r".to_owned(), "a".to_owned());
    leaves_nothing(&store, Command::DeleteApi { realm_id, api_id, expected: Some(1) }).await;
    let (realm_id, api_id) = ("r".to_owned(), "a".to_owned());
    let missing = scope_name("none");
    leaves_nothing(&store, Command::DeleteScope { realm_id, api_id, name: missing, at: NOW }).await;
}

async fn leaves_nothing(store: &AStore, command: Command) {
    let before = everything(store).await;
    fail(store, command).await;
    assert_eq!(everything(store).await, before);
}

/// All that a store can tell.
async fn everything(store: &AStore) -> (i64, Vec<RealmRecord>, Vec<ClientRecord>, Vec<Change>, Vec<i64>) {
    let (revision, realms) = store.realms().await.unwrap();
    assert_eq!(store.revision().await.unwrap(), revision);
    let mut clients = vec![];
    for id in ["r", "q", "new"] {
        clients.extend(store.clients(id, None, 1000).await.unwrap());
    }
    let changes = store.changes_since(0, 1000).await.unwrap();
    let audit = store.audit(Trail::OfName("laws"), None, 1000).await.unwrap();
    (revision, realms, clients, changes, audit.into_iter().map(|record| record.id).collect())
}
