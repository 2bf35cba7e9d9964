//! Signing keys by hand: announced, active, retired (design rule 12).

use countersign_testkit::Request;
use serde_json::{Value, json};

use crate::harness::{Caller, Server, header};

async fn keys(root: &Caller<'_>, realm: &str) -> Vec<Value> {
    root.get(&format!("/realms/{realm}/keys")).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn published(server: &Server, realm: &str) -> Vec<String> {
    let request = Request::get(format!("/realms/{realm}/oauth2/jwks"));
    let set = server.send(request).await.expect(200);
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(key: &Value) -> &str {
    key["kid"].as_str().unwrap()
}

/// Keys are made when a realm or API that names their algorithm is saved, never on a token request.
#[tokio::test]
async fn keys_are_made_when_they_are_named() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let algorithms = async || {
        let all = keys(&root, "r").await;
        assert!(all.iter().all(|key| key["state"] == "active"));
        all.iter().map(|key| key["algorithm"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(algorithms().await, ["ES256"]);
    root.post("/realms/r/apis", json!({ "identifier": "a", "algorithm": "EdDSA" })).await.expect(201);
    assert_eq!(algorithms().await.len(), 2);
    root.post("/realms/r/apis", json!({ "identifier": "b", "algorithm": "EdDSA" })).await.expect(201);
    assert_eq!(algorithms().await.len(), 2, "one is enough");
    root.patch("/realms/r/apis/b", json!({ "algorithm": "ES384" })).await.expect(200);
    assert_eq!(algorithms().await.len(), 3);
    root.patch("/realms/r", json!({ "algorithm": "EdDSA" })).await.expect(200);
    assert_eq!(algorithms().await.len(), 3);
    let secret = root.client("r", "svc").await;
    for (api, algorithm) in [("a", "EdDSA"), ("b", "ES384"), ("default", "EdDSA")] {
        root.grant("r", "svc", api, &[]).await.expect(201);
        let audience = if api == "default" { "http://localhost:8080/realms/r/api" } else { api };
        let token = server.token("r", "svc", &secret, &format!("audience={audience}")).await.expect(200);
        assert_eq!(header(&token)["alg"], algorithm);
    }
    assert_eq!(algorithms().await.len(), 3, "tokens made none");
}

/// A realm that becomes Keycloak-shaped gets its RSA key with that change.
#[tokio::test]
async fn a_profile_brings_its_key() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.patch("/realms/r", json!({ "profile": "keycloak" })).await.expect(200);
    assert!(keys(&root, "r").await.iter().any(|key| key["algorithm"] == "RS256" && key["state"] == "active"));
}

/// Announce, wait until every cache knows, rotate, and the old key stays until its last token has expired.
#[tokio::test]
async fn a_rotation_without_a_gap() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r", "token_lifetime": 600 })).await;
    root.post("/realms/r/clients", json!({ "client_id": "slow", "token_lifetime": 900 })).await.expect(201);
    let secret = root.client("r", "svc").await;
    root.grant("r", "svc", "default", &[]).await.expect(201);
    let signs = async || header(&server.token("r", "svc", &secret, "").await.expect(200))["kid"].clone();
    let old = keys(&root, "r").await[0].clone();
    let new = root.post("/realms/r/keys", json!({})).await;
    assert_eq!(new.header("location"), format!("/admin/v1/realms/r/keys/{}", kid(&new.body)));
    let new = new.expect(201);
    assert_eq!((&new["state"], &new["algorithm"]), (&json!("announced"), &json!("ES256")));
    assert_eq!(published(&server, "r").await.len(), 2);
    assert_eq!(signs().await, old["kid"]);

    server.clock().advance(899);
    let early = root.post("/realms/r/keys/rotate", json!({})).await;
    assert!(early.problem(409, "force").contains("in 1 s"), "{}", early.text);
    server.clock().advance(1);
    let rotated = root.post("/realms/r/keys/rotate", json!({})).await.expect(200);
    assert_eq!((&rotated["kid"], &rotated["state"]), (&new["kid"], &json!("active")));
    assert_eq!(signs().await, new["kid"]);
    let retired = root.get(&format!("/realms/r/keys/{}", kid(&old))).await.expect(200);
    assert_eq!(retired["state"], "retired");
    let until = retired["published_until"].as_i64().unwrap();
    // 30 days, the longest lifetime of a token, and what clocks differ: lifetimes may have been longer before.
    assert_eq!(until, server.now() + 2_592_000 + 300);
    assert!(published(&server, "r").await.contains(&kid(&old).to_owned()));
}

/// Rotating in haste needs to be said; then it makes a key where none is announced.
#[tokio::test]
async fn haste_needs_force() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let none = root.post("/realms/r/keys/rotate", json!({})).await;
    assert!(none.problem(409, "force").contains("no ES256 key is announced"));
    assert_eq!(keys(&root, "r").await.len(), 1);
    let first = keys(&root, "r").await[0].clone();
    let forced = root.post("/realms/r/keys/rotate", json!({ "force": true })).await.expect(200);
    assert_ne!(forced["kid"], first["kid"]);
    root.post("/realms/r/keys", json!({})).await.expect(201);
    root.post("/realms/r/keys/rotate", json!({ "force": true })).await.expect(200);
    let states: Vec<_> =
        keys(&root, "r").await.iter().map(|key| key["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states.iter().filter(|state| *state == "active").count(), 1);
    assert_eq!(states.len(), 3);
}

/// An algorithm that is not in use yet can be prepared: its key signs as soon as it is named.
#[tokio::test]
async fn another_algorithm_is_prepared() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let key = root.post("/realms/r/keys", json!({ "algorithm": "EdDSA" })).await.expect(201);
    root.post("/realms/r/keys/rotate", json!({ "algorithm": "EdDSA" })).await.expect(200);
    root.patch("/realms/r", json!({ "algorithm": "EdDSA" })).await.expect(200);
    assert_eq!(keys(&root, "r").await.len(), 2, "no other was made");
    let secret = root.client("r", "svc").await;
    root.grant("r", "svc", "default", &[]).await.expect(201);
    assert_eq!(header(&server.token("r", "svc", &secret, "").await.expect(200))["kid"], key["kid"]);
}

/// A realm is never left without a key that it signs with; others can be retired, and a leaked one at once.
#[tokio::test]
async fn retiring() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let only = keys(&root, "r").await[0].clone();
    let retire = async |key: &Value, body: Value| {
        root.post(&format!("/realms/r/keys/{}/retire", kid(key)), body).await
    };
    assert!(retire(&only, json!({})).await.problem(409, "").contains("rotate"));
    retire(&only, json!({ "immediately": true })).await.problem(409, "");
    let announced = root.post("/realms/r/keys", json!({})).await.expect(201);
    assert_eq!(retire(&announced, json!({})).await.expect(200)["state"], "retired");
    assert_eq!(published(&server, "r").await, [kid(&only)], "it has signed nothing and leaves at once");
    root.post("/realms/r/keys/rotate", json!({ "force": true })).await.expect(200);
    assert_eq!(published(&server, "r").await.len(), 2);
    assert_eq!(retire(&only, json!({})).await.expect(200)["state"], "retired");
    assert_eq!(published(&server, "r").await.len(), 2, "a second time changes nothing");
    retire(&only, json!({ "immediately": true })).await.expect(200);
    assert_eq!(published(&server, "r").await.len(), 1);
    root.post("/realms/r/keys/nope/retire", json!({})).await.problem(404, "");
    // Not in use any more: it may go.
    let former = keys(&root, "r").await.iter().find(|key| key["state"] == "active").unwrap().clone();
    root.patch("/realms/r", json!({ "algorithm": "EdDSA" })).await.expect(200);
    let gone = retire(&former, json!({})).await.expect(200);
    assert_eq!(gone["published_until"], server.now() + 2_592_000 + 300);
}

/// A key that leaked and was retired at once opens our own admin API no more, either.
#[tokio::test]
async fn a_leaked_key_opens_nothing() {
    let server = Server::start().await;
    let root = server.root().await;
    let old = keys(&root, "system").await[0].clone();
    root.post("/realms/system/keys/rotate", json!({ "force": true })).await.expect(200);
    root.get("/realms").await.expect(200);
    let fresh = server.root().await;
    fresh
        .post(&format!("/realms/system/keys/{}/retire", kid(&old)), json!({ "immediately": true }))
        .await
        .expect(200);
    root.get("/realms").await.problem(401, "");
    fresh.get("/realms").await.expect(200);
}

/// Issue 3, item 2, for keys.
#[tokio::test]
async fn keys_have_rules() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    for (field, body) in [
        ("algorithm", json!({ "algorithm": "HS256" })),
        ("algorithm", json!({ "algorithm": "es256" })),
        ("bits", json!({ "algorithm": "RS256", "bits": 1024 })),
        ("bits", json!({ "algorithm": "RS256", "bits": 16_384 })),
        ("bits", json!({ "algorithm": "ES256", "bits": 2048 })),
        ("bits", json!({ "algorithm": "RS256", "bits": -1 })),
        ("state", json!({ "state": "active" })),
    ] {
        root.post("/realms/r/keys", body).await.problem(400, field);
    }
    root.post("/realms/r/keys", json!({ "algorithm": "RS256", "bits": 3072 })).await.expect(201);
    root.post("/realms/r/keys/rotate", json!({ "algorithm": "none" })).await.problem(400, "algorithm");
    for _ in 0..18 {
        root.post("/realms/r/keys", json!({})).await.expect(201);
    }
    root.post("/realms/r/keys", json!({})).await.problem(409, "");
}

/// threats 2, "JWKS never contains d, p, k": nor does any answer of the admin API.
#[tokio::test]
async fn private_halves_are_shown_nowhere() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r", "profile": "keycloak" })).await;
    for key in keys(&root, "r").await {
        let mut names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["algorithm", "changed_at", "created_at", "kid", "published_until", "state"]);
    }
    let request = Request::get("/realms/r/oauth2/jwks");
    let set = server.send(request).await.expect(200);
    for key in set["keys"].as_array().unwrap() {
        assert!(["d", "p", "q", "dp", "dq", "qi", "k"].iter().all(|name| key.get(name).is_none()), "{key}");
    }
}
