//! What cannot be read in one realm stops that realm and no other.

#![expect(clippy::unwrap_used, reason = "what fails in a test must be seen")]

mod harness;

use std::sync::Arc;

use countersign_issuer::admin::{AdminError, Administrator};
use countersign_issuer::issuer::Issuer;
use countersign_issuer::refusal::Failure;
use countersign_proto::admin::{Change, ClientPatch, GrantPut, NewClient, NewRealm, RealmPatch};
use harness::flaky::Flaky;
use harness::{Harness, ask};

/// Item 2: a key that cannot be read stops its own realm; revocation goes on in the others, and in that one too.
#[tokio::test]
async fn a_damaged_key_stops_its_realm_alone() {
    let (harness, flaky, secrets) = start().await;
    let issuer = &harness.issuer;
    flaky.damage(format!("keys {}", issuer.realm("a").unwrap().id()));
    shorten(issuer, "a").await.unwrap();
    assert_eq!(token(issuer, "a", &secrets).await, "fault");
    assert_eq!(token(issuer, "b", &secrets).await, "token");
    disable(issuer, "b").await.unwrap();
    assert_eq!(token(issuer, "b", &secrets).await, "client_disabled");
    flaky.mend();
    shorten(issuer, "a").await.unwrap();
    assert_eq!(token(issuer, "a", &secrets).await, "token");
}

/// Item 2: a realm that cannot be read at all refuses everything, is not written over, and stops no other.
#[tokio::test]
async fn a_damaged_realm_stops_alone() {
    let (harness, flaky, secrets) = start().await;
    let issuer = &harness.issuer;
    flaky.damage(issuer.realm("a").unwrap().id());
    shorten(issuer, "a").await.unwrap();
    assert!(issuer.realm("a").unwrap().readable().is_err());
    assert_eq!(token(issuer, "a", &secrets).await, "fault");
    let told = shorten(issuer, "a").await;
    assert!(matches!(told, Err(AdminError::Fault(_))), "{told:?}");
    disable(issuer, "b").await.unwrap();
    assert_eq!(token(issuer, "b", &secrets).await, "client_disabled");
    issuer.delete_realm(&Administrator::offline("test"), "a", None).await.unwrap();
    assert!(issuer.realm("a").is_none());
}

/// Item 2: a damaged realm does not keep the server from starting; without `system` there is no start.
#[tokio::test]
async fn a_damaged_realm_does_not_refuse_the_start() {
    let (harness, flaky, secrets) = start().await;
    flaky.damage(harness.issuer.realm("a").unwrap().id());
    let again = harness.open_again(&harness.keys_text).await.unwrap();
    assert_eq!(token(&again, "a", &secrets).await, "fault");
    assert_eq!(token(&again, "b", &secrets).await, "token");
    flaky.damage(harness.system().id());
    assert!(harness.open_again(&harness.keys_text).await.is_err());
}

/// Item 2: a client that cannot be read is a fault, not a refusal, and neither the load nor the feed stops at it.
#[tokio::test]
async fn a_damaged_client_stops_alone() {
    let (harness, flaky, secrets) = start().await;
    let issuer = harness.open_again(&harness.keys_text).await.unwrap();
    let by = Administrator::offline("test");
    let new = NewClient { client_id: Some("other".to_owned()), ..NewClient::default() };
    issuer.create_client(&by, "a", new).await.unwrap();
    flaky.damage("other");
    issuer.load_clients().await.unwrap();
    // All but the damaged one are in memory, and what is not there does not exist.
    assert_eq!(issuer.sizes().clients, 3);
    assert_eq!(token(&issuer, "a", &secrets).await, "token");
    assert_eq!(outcome(&issuer, "a", "other", "wrong").await, "fault");
    assert_eq!(outcome(&issuer, "a", "nobody", "wrong").await, "unknown_client");
    // Changed by a command, it comes through the feed.
    flaky.damage("svc");
    issuer.delete_grant(&by, "a", "svc", "default", None).await.unwrap_err();
    assert_eq!(token(&issuer, "a", &secrets).await, "token", "nothing was changed");
    flaky.mend();
    disable(&issuer, "a").await.unwrap();
    assert_eq!(token(&issuer, "a", &secrets).await, "client_disabled");
}

/// An issuer with the realms `a` and `b`, each with a client `svc` that gets tokens, on a store that can be damaged.
async fn start() -> (Harness, Arc<Flaky>, [String; 2]) {
    let (harness, flaky) = Harness::start_flaky().await;
    harness.issuer.load_clients().await.unwrap();
    let by = Administrator::offline("test");
    let mut secrets = [String::new(), String::new()];
    for (realm, secret) in ["a", "b"].into_iter().zip(&mut secrets) {
        let new = NewRealm { name: realm.to_owned(), ..NewRealm::default() };
        harness.issuer.create_realm(&by, new).await.unwrap();
        let new = NewClient { client_id: Some("svc".to_owned()), ..NewClient::default() };
        *secret = harness.issuer.create_client(&by, realm, new).await.unwrap().body.secret;
        harness.issuer.put_grant(&by, realm, "svc", "default", GrantPut::default(), None).await.unwrap();
    }
    (harness, flaky, secrets)
}

async fn token(issuer: &Issuer, realm: &str, [a, b]: &[String; 2]) -> &'static str {
    outcome(issuer, realm, "svc", if realm == "a" { a } else { b }).await
}

async fn outcome(issuer: &Issuer, realm: &str, client_id: &str, secret: &str) -> &'static str {
    match issuer.issue(&issuer.realm(realm).unwrap(), ask(client_id, secret, None)).await {
        Ok(_) => "token",
        Err(Failure::Refused(refusal)) => refusal.reason(),
        Err(Failure::Fault(_)) => "fault",
    }
}

async fn shorten(issuer: &Issuer, realm: &str) -> Result<(), AdminError> {
    static SECONDS: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(60);
    let seconds = SECONDS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let patch = RealmPatch { token_lifetime: Change::Set(seconds), ..RealmPatch::default() };
    issuer.update_realm(&Administrator::offline("test"), realm, patch, None).await.map(drop)
}

async fn disable(issuer: &Issuer, realm: &str) -> Result<(), AdminError> {
    let patch = ClientPatch { enabled: Change::Set(false), ..ClientPatch::default() };
    issuer.update_client(&Administrator::offline("test"), realm, "svc", patch, None).await.map(drop)
}
