//! What is removed goes with all that belongs to it, and with nothing else.

use super::samples::*;
use crate::client::{Client, Grant};
use crate::store::{Command, StoreError, Trail};

/// A realm goes with hosts, APIs, scopes, clients, secrets, grants and keys; its names are free again, its trail stays.
pub async fn a_deleted_realm_takes_all_it_has_along(store: AStore) {
    for id in ["r", "q"] {
        fill(&store, id).await;
    }
    let kept = (the_realm(&store, "q").await, store.clients("q", None, 10).await.unwrap());
    make(&store, Command::DeleteRealm { realm_id: "r".to_owned(), expected: None }).await;

    assert_eq!(store.realm("r").await.unwrap(), None);
    assert_eq!(store.clients("r", None, 10).await.unwrap(), []);
    assert_eq!(store.count_clients("r").await.unwrap(), 0);
    let (_, all) = store.realms().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(kept, (the_realm(&store, "q").await, store.clients("q", None, 10).await.unwrap()));
    assert_eq!(store.audit(Trail::OfName("laws"), None, 100).await.unwrap().len(), 5);
    // nothing of it is in the way of another
    fill(&store, "r").await;
}

/// An API goes with its scopes and all grants on it; clients that meant it by default mean none.
pub async fn a_deleted_api_takes_its_grants_along(store: AStore) {
    make_realm(&store, "r").await;
    make_api(&store, "r", "a", &["one"]).await;
    make_api(&store, "r", "b", &["one"]).await;
    create(&store, "both", Some("a"), vec![grant("a", &["one"], &[]), grant("b", &["one"], &[])]).await;
    create(&store, "other", Some("b"), vec![grant("b", &[], &["one"])]).await;
    create(&store, "named", Some("a"), vec![]).await;
    let untouched = the_client(&store, "r", "other").await;

    let (realm_id, api_id) = ("r".to_owned(), "a".to_owned());
    let revision = make(&store, Command::DeleteApi { realm_id, api_id, expected: None }).await;
    assert!(the_realm(&store, "r").await.apis.iter().all(|api| api.id != "a"));
    let both = the_client(&store, "r", "both").await;
    assert_eq!(both.grants, [grant("b", &["one"], &[])]);
    assert_eq!((both.client.default_api, both.client.revision), (None, revision));
    let named = the_client(&store, "r", "named").await;
    assert_eq!((named.client.default_api, named.client.revision), (None, revision));
    assert_eq!(the_client(&store, "r", "other").await, untouched);
    // its identifier is free again, without what it had
    make_api(&store, "r", "a", &[]).await;
    assert_eq!(the_realm(&store, "r").await.apis.pop().unwrap().scopes, []);
    assert_eq!(the_client(&store, "r", "both").await.grants.len(), 1);
}

/// A client goes with its secrets and grants.
pub async fn a_deleted_client_takes_all_it_has_along(store: AStore) {
    fill(&store, "r").await;
    make(
        &store,
        Command::DeleteClient { realm_id: "r".to_owned(), client_id: "svc".to_owned(), expected: None },
    )
    .await;
    assert_eq!(store.client("r", "svc").await.unwrap(), None);
    let (realm_id, client_id) = ("r".to_owned(), "svc".to_owned());
    let gone = Command::DeleteClient { realm_id, client_id, expected: None };
    assert!(matches!(fail(&store, gone).await, StoreError::Missing));
    make_client(&store, "r", "svc").await;
    let again = the_client(&store, "r", "svc").await;
    assert_eq!((again.secrets, again.grants), (vec![], vec![]));
    // the secret's id is free again
    let (realm_id, client_id) = ("r".to_owned(), "svc".to_owned());
    make(&store, Command::CreateSecret { realm_id, client_id, secret: secret("r-secret"), alone: false })
        .await;
}

/// A realm with one of everything.
async fn fill(store: &AStore, id: &str) {
    let full = full_realm(id);
    make(store, Command::CreateRealm { realm: full, apis: vec![full_api(id, id)], keys: vec![key(id, id)] })
        .await;
    let client = full_client(id, "svc", id);
    let secrets = vec![secret(&format!("{id}-secret"))];
    make(store, Command::CreateClient { client, secrets, grants: vec![grant(id, &["a"], &["z"])] }).await;
}

async fn create(store: &AStore, client_id: &str, default_api: Option<&str>, grants: Vec<Grant>) {
    let client = Client { default_api: default_api.map(str::to_owned), ..client("r", client_id) };
    make(store, Command::CreateClient { client, secrets: vec![], grants }).await;
}
