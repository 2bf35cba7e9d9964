//! Which API a client means when it names none.

use super::samples::*;
use crate::client::Client;
use crate::store::{Command, StoreError};

/// The first grant of a client without a default API sets it, and no later one does.
pub async fn the_first_grant_sets_the_default_api(store: AStore) {
    prepare(&store).await;
    assert_eq!(default_api(&store).await, None);
    put(&store, "b").await;
    assert_eq!(default_api(&store).await.as_deref(), Some("b"));
    put(&store, "a").await;
    put(&store, "b").await;
    assert_eq!(default_api(&store).await.as_deref(), Some("b"));

    // a client that has grants and no default API is asked by name, whatever is granted next
    make(&store, Command::UpdateClient { client: client("r", "svc"), expected: None }).await;
    put(&store, "a").await;
    put(&store, "c").await;
    assert_eq!(default_api(&store).await, None);
    let order: Vec<_> = the_client(&store, "r", "svc").await.grants.into_iter().map(|g| g.api_id).collect();
    assert_eq!(order, ["b", "a", "c"]);

    // one that has a default API and no grant keeps it
    let named = Client { default_api: Some("c".to_owned()), ..client("r", "named") };
    make(&store, Command::CreateClient { client: named, secrets: vec![], grants: vec![] }).await;
    let (realm_id, client_id) = ("r".to_owned(), "named".to_owned());
    make(&store, Command::PutGrant { realm_id, client_id, grant: grant("a", &[], &[]) }).await;
    assert_eq!(the_client(&store, "r", "named").await.client.default_api.as_deref(), Some("c"));
}

/// A client whose grant on its default API is taken has no default API; the next first grant sets one again.
pub async fn deleting_the_default_grant_unsets_the_default_api(store: AStore) {
    prepare(&store).await;
    for api in ["a", "b"] {
        put(&store, api).await;
    }
    delete(&store, "b").await;
    assert_eq!(default_api(&store).await.as_deref(), Some("a"));
    put(&store, "b").await;
    delete(&store, "a").await;
    assert_eq!(default_api(&store).await, None);
    delete(&store, "b").await;
    put(&store, "c").await;
    assert_eq!(default_api(&store).await.as_deref(), Some("c"));
}

/// Neither a default API nor a grant leads into another realm.
pub async fn the_default_api_belongs_to_the_realm(store: AStore) {
    prepare(&store).await;
    make_realm(&store, "q").await;
    let s = str::to_owned;
    let foreign = Client { default_api: Some(s("q-admin")), ..client("r", "new") };
    for command in [
        Command::CreateClient { client: foreign, secrets: vec![], grants: vec![] },
        Command::CreateClient {
            client: client("r", "new"),
            secrets: vec![],
            grants: vec![grant("q-admin", &[], &[])],
        },
        Command::PutGrant { realm_id: s("r"), client_id: s("svc"), grant: grant("q-admin", &[], &[]) },
    ] {
        assert!(matches!(fail(&store, command).await, StoreError::Missing));
    }
    assert_eq!(default_api(&store).await, None);
}

async fn prepare(store: &AStore) {
    make_realm(store, "r").await;
    for api in ["a", "b", "c"] {
        make_api(store, "r", api, &[]).await;
    }
    make_client(store, "r", "svc").await;
}

async fn put(store: &AStore, api: &str) {
    let (realm_id, client_id) = ("r".to_owned(), "svc".to_owned());
    make(store, Command::PutGrant { realm_id, client_id, grant: grant(api, &[], &[]) }).await;
}

async fn delete(store: &AStore, api: &str) {
    let (realm_id, client_id) = ("r".to_owned(), "svc".to_owned());
    make(store, Command::DeleteGrant { realm_id, client_id, api_id: api.to_owned() }).await;
}

async fn default_api(store: &AStore) -> Option<String> {
    the_client(store, "r", "svc").await.client.default_api
}
