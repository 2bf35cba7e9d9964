//! Secrets come, go, and say when they were used.

use countersign_proto::time::UnixTime;

use super::samples::*;
use crate::store::{Command, SecretUse};

/// Secrets are added behind the others and removed one by one.
pub async fn secrets_come_and_go(store: AStore) {
    make_realm(&store, "r").await;
    make_client(&store, "r", "svc").await;
    make_client(&store, "r", "other").await;
    for id in ["m", "z", "a"] {
        add(&store, "svc", id, false).await;
    }
    add(&store, "other", "o", false).await;
    assert_eq!(ids(&store, "svc").await, ["m", "z", "a"]);
    let remove = |id: &str| Command::DeleteSecret {
        realm_id: "r".to_owned(),
        client_id: "svc".to_owned(),
        secret_id: id.to_owned(),
    };
    // another client's secret is not this one's to remove
    fail(&store, remove("o")).await;
    make(&store, remove("m")).await;
    make(&store, remove("a")).await;
    add(&store, "svc", "b", false).await;
    assert_eq!(ids(&store, "svc").await, ["z", "b"]);
    assert_eq!(ids(&store, "other").await, ["o"]);
}

/// A secret that comes alone replaces all others of its client, and of no other.
pub async fn a_secret_alone_replaces_all_others(store: AStore) {
    make_realm(&store, "r").await;
    for client in ["svc", "other"] {
        make_client(&store, "r", client).await;
        add(&store, client, &format!("{client}1"), false).await;
        add(&store, client, &format!("{client}2"), false).await;
    }
    add(&store, "svc", "new", true).await;
    assert_eq!(ids(&store, "svc").await, ["new"]);
    assert_eq!(ids(&store, "other").await, ["other1", "other2"]);
}

/// The last use of a secret is kept; it makes no revision, goes never back, and ignores secrets that are gone.
pub async fn the_last_use_is_kept(store: AStore) {
    make_realm(&store, "r").await;
    let secrets: Vec<_> = (0..2500).map(|n| secret(&format!("s{n}"))).collect();
    let client = client("r", "svc");
    make(&store, Command::CreateClient { client, secrets, grants: vec![] }).await;
    let before = the_client(&store, "r", "svc").await;
    let used = |n: i64, at: i64| SecretUse { secret_id: format!("s{n}"), at: UnixTime(at) };

    let mut uses: Vec<_> = (0..2499).map(|n| used(n, n)).collect();
    uses.insert(100, used(-1, 5));
    store.record_use(&uses).await.unwrap();
    store.record_use(&[]).await.unwrap();
    store.record_use(&[used(7, 5), used(8, 9), used(8, 20), used(8, 10), used(-1, 1)]).await.unwrap();

    let mut expected = before;
    for (n, secret) in (0..).zip(&mut expected.secrets) {
        secret.last_used_at = (n < 2499).then_some(UnixTime(if n == 8 { 20 } else { n }));
    }
    assert_eq!(the_client(&store, "r", "svc").await, expected);
    assert_eq!(store.revision().await.unwrap(), 2);
}

async fn add(store: &AStore, client_id: &str, id: &str, alone: bool) {
    let (realm_id, client_id) = ("r".to_owned(), client_id.to_owned());
    make(store, Command::CreateSecret { realm_id, client_id, secret: secret(id), alone }).await;
}

async fn ids(store: &AStore, client_id: &str) -> Vec<String> {
    the_client(store, "r", client_id).await.secrets.into_iter().map(|secret| secret.id).collect()
}
