//! What is unique is taken once, and the error says what it was.

use tokio::task::JoinSet;

use super::samples::*;
use crate::api::Api;
use crate::client::Client;
use crate::realm::Realm;
use crate::store::{Command, StoreError, Unique};

/// Every name that must be unique is, where it must be, and nowhere else.
pub async fn each_name_is_unique(store: AStore) {
    let (issuer, host) = (Some("https://i.example".to_owned()), "h.example".to_owned());
    let first = Realm { issuer: issuer.clone(), hosts: vec![host.clone()], ..realm("r") };
    make(&store, Command::CreateRealm { realm: first.clone(), apis: vec![], keys: vec![key("r", "k")] })
        .await;
    make_realm(&store, "q").await;
    make_api(&store, "r", "a", &["one"]).await;
    make_client(&store, "r", "svc").await;

    let create_realm = |realm: Realm| Command::CreateRealm { realm, apis: vec![], keys: vec![] };
    let same_name = Realm { name: first.name.clone(), ..realm("x") };
    conflict(&store, create_realm(same_name), Unique::RealmName).await;
    conflict(&store, create_realm(Realm { issuer: issuer.clone(), ..realm("x") }), Unique::Issuer).await;
    conflict(&store, create_realm(Realm { hosts: vec![host.clone()], ..realm("x") }), Unique::Host).await;
    let twice = Realm { hosts: vec!["t".to_owned(), "t".to_owned()], ..realm("x") };
    conflict(&store, create_realm(twice), Unique::Host).await;
    let same_id = Realm { name: "another".to_owned(), ..realm("r") };
    conflict(&store, create_realm(same_id), Unique::Other).await;

    let update_realm = |realm: Realm| Command::UpdateRealm { realm, keys: vec![], expected: None };
    conflict(&store, update_realm(Realm { issuer, ..realm("q") }), Unique::Issuer).await;
    conflict(&store, update_realm(Realm { hosts: vec![host], ..realm("q") }), Unique::Host).await;
    // its own issuer and hosts are not in its way
    make(&store, update_realm(first)).await;

    let create_api = |api: Api| Command::CreateApi { api, keys: vec![] };
    let identifier = api("r", "a").identifier;
    let same = Api { identifier: identifier.clone(), ..api("r", "b") };
    conflict(&store, create_api(same), Unique::ApiIdentifier).await;
    let twice = Api { scopes: vec![scope("s", ""), scope("s", "")], ..api("r", "b") };
    conflict(&store, create_api(twice), Unique::ScopeName).await;
    let same_id = Api { identifier: "another".to_owned(), ..api("r", "a") };
    conflict(&store, create_api(same_id), Unique::Other).await;
    make(&store, create_api(Api { identifier, ..api("q", "c") })).await;

    let create_scope = |api_id: &str, name: &str| Command::CreateScope {
        realm_id: "r".to_owned(),
        api_id: api_id.to_owned(),
        scope: scope(name, ""),
        at: NOW,
    };
    conflict(&store, create_scope("a", "one"), Unique::ScopeName).await;
    make(&store, create_scope("a", "ONE")).await;

    let create = |client: Client| Command::CreateClient { client, secrets: vec![], grants: vec![] };
    let same = Client { id: "another".to_owned(), ..client("r", "svc") };
    conflict(&store, create(same), Unique::ClientId).await;
    let same_uuid = Client { id: client("r", "svc").id, ..client("r", "other") };
    conflict(&store, create(same_uuid), Unique::Other).await;
    make(&store, create(client("r", "Svc"))).await;
    make(&store, create(client("q", "svc"))).await;

    conflict(&store, Command::CreateKey { key: key("q", "k") }, Unique::Other).await;
    let create_secret = |client_id: &str| Command::CreateSecret {
        realm_id: "r".to_owned(),
        client_id: client_id.to_owned(),
        secret: secret("sec"),
        alone: false,
    };
    make(&store, create_secret("svc")).await;
    conflict(&store, create_secret("Svc"), Unique::Other).await;
}

/// Of a hundred that make the same client at once, one does, and the others hear that the id is taken.
pub async fn one_of_many_clients_with_one_id_is_made(store: AStore) {
    make_realm(&store, "r").await;
    let mut tasks = JoinSet::new();
    for n in 0..100 {
        let store = store.clone();
        tasks.spawn(async move {
            let client = Client { id: format!("{n}"), name: format!("{n}"), ..client("r", "svc") };
            let secrets = vec![secret(&format!("{n}"))];
            (n, store.execute(Command::CreateClient { client, secrets, grants: vec![] }, audit("")).await)
        });
    }
    let mut winners = vec![];
    for (n, result) in tasks.join_all().await {
        match result {
            Ok(_) => winners.push(n.to_string()),
            Err(StoreError::Conflict(Unique::ClientId)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    let there = the_client(&store, "r", "svc").await;
    assert_eq!(winners, [there.client.id]);
    assert_eq!(winners, there.secrets.iter().map(|secret| secret.id.clone()).collect::<Vec<_>>());
    assert_eq!(store.count_clients("r").await.unwrap(), 1);
    assert_eq!(store.revision().await.unwrap(), 2);
}

async fn conflict(store: &AStore, command: Command, what: Unique) {
    match fail(store, command).await {
        StoreError::Conflict(taken) => assert_eq!(taken, what),
        other => panic!("not a conflict: {other}"),
    }
}
