//! Clients and their secrets.

use std::collections::HashSet;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Server, claims};

async fn with_realm(server: &Server) -> crate::harness::Caller<'_> {
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root
}

/// Ids that are made are short, and different; an absent body is an empty one.
#[tokio::test]
async fn ids_and_secrets_are_made() {
    let server = Server::start().await;
    let root = with_realm(&server).await;
    let mut ids = HashSet::new();
    for _ in 0..5 {
        let made = root.call(Method::POST, "/realms/r/clients", &[], None).await.expect(201);
        let id = made["client_id"].as_str().unwrap().to_owned();
        assert!(id.len() == 20 && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{id}");
        let secret = made["secret"].as_str().unwrap();
        assert!(secret.starts_with("csk_") && secret.len() == 63);
        assert_eq!(made.get("warning"), None);
        assert!(ids.insert(id));
    }
}

/// A given secret needs 16 characters, 8 of them different, and gets a warning under 32.
#[tokio::test]
async fn given_secrets_keep_the_rule() {
    let server = Server::start().await;
    let root = with_realm(&server).await;
    let give = async |secret: &str| root.post("/realms/r/clients", json!({ "secret": secret })).await;
    for bad in [
        "short",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "tab\there-in-a-long-secret",
        &"abcdefgh".repeat(65),
    ] {
        let answer = give(bad).await;
        answer.problem(400, "secret");
        assert!(!answer.text.contains(bad));
    }
    let tutorial = give("fidesopsadminsecret").await.expect(201);
    assert_eq!(tutorial["secret"], "fidesopsadminsecret");
    assert!(tutorial["warning"].as_str().unwrap().contains("32 characters"));
    let long = give("fsQJIcU3Ze3ymaYSA6cxlHVIw0LDIDeY").await.expect(201);
    assert_eq!(long.get("warning"), None);
    let id = long["client_id"].as_str().unwrap();
    server.token("r", id, "fsQJIcU3Ze3ymaYSA6cxlHVIw0LDIDeY", "audience=x").await.expect(400);
}

/// Rotation with overlap: both secrets work, until one is taken away or expires.
#[tokio::test]
async fn secrets_overlap() {
    let server = Server::start().await;
    let root = with_realm(&server).await;
    let first = root.client("r", "svc").await;
    root.grant("r", "svc", "default", &[]).await.expect(201);
    let path = "/realms/r/clients/svc/secrets";
    let answer = root.post(path, json!({ "label": "second", "expires_at": server.now() + 100 })).await;
    assert!(answer.header("location").starts_with("/admin/v1/realms/r/clients/svc/secrets/sec_"));
    let shown = root.get(answer.header("location").trim_start_matches("/admin/v1")).await.expect(200);
    assert_eq!(shown["id"], answer.body["id"], "what was made is where Location says");
    assert!(shown.get("secret").is_none());
    root.get("/realms/r/clients/svc/secrets/sec_x").await.problem(404, "");
    let second = answer.expect(201);
    assert_eq!((&second["label"], &second["expires_at"]), (&json!("second"), &json!(server.now() + 100)));
    let second = second["secret"].as_str().unwrap().to_owned();
    let works = async |secret: &str| server.token("r", "svc", secret, "").await.status.is_success();
    assert!(works(&first).await && works(&second).await);
    let listed = root.get(path).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let first_id =
        listed["items"].as_array().unwrap().iter().find(|s| s["label"].is_null()).unwrap()["id"].clone();
    root.delete(&format!("{path}/{}", first_id.as_str().unwrap())).await.expect(204);
    assert!(!works(&first).await && works(&second).await);
    root.delete(&format!("{path}/{}", first_id.as_str().unwrap())).await.problem(404, "");
    server.clock().advance(99);
    assert!(works(&second).await);
    server.clock().advance(1);
    assert!(!works(&second).await);
}

/// An id is a path of its own: another client's secret is not reached through this one.
#[tokio::test]
async fn a_secret_belongs_to_its_client() {
    let server = Server::start().await;
    let root = with_realm(&server).await;
    let secret = root.client("r", "a").await;
    root.client("r", "b").await;
    root.grant("r", "a", "default", &[]).await.expect(201);
    let id = root.get("/realms/r/clients/a/secrets").await.expect(200)["items"][0]["id"].clone();
    root.delete(&format!("/realms/r/clients/b/secrets/{}", id.as_str().unwrap())).await.problem(404, "");
    server.token("r", "a", &secret, "").await.expect(200);
}

/// The last use of a secret is shown, to within a minute.
#[tokio::test]
async fn the_last_use_is_shown() {
    let server = Server::start().await;
    let root = with_realm(&server).await;
    let secret = root.client("r", "svc").await;
    root.grant("r", "svc", "default", &[]).await.expect(201);
    let shown =
        async || root.get("/realms/r/clients/svc").await.expect(200)["secrets"][0]["last_used_at"].clone();
    assert_eq!(shown().await, Value::Null);
    server.token("r", "svc", &secret, "").await.expect(200);
    server.flush_uses().await;
    assert_eq!(shown().await, server.now());
}

/// Every member of a client is kept and shown, and what matters reaches its tokens.
#[tokio::test]
async fn every_member_is_kept() {
    let server = Server::start().await;
    let root = with_realm(&server).await;
    let body = json!({
        "client_id": "svc", "name": "Service", "description": "Does things", "enabled": true,
        "expires_at": server.now() + 10_000, "token_endpoint_auth_method": "client_secret_basic",
        "allowed_cidrs": ["127.0.0.0/8", "::/0", "0.0.0.0/0"], "token_lifetime": 77,
        "claims": { "tenant": "acme", "realm_access": { "roles": ["a"] } },
    });
    let made = root.post("/realms/r/clients", body.clone()).await.expect(201);
    let shown = root.get("/realms/r/clients/svc").await.expect(200);
    for (name, value) in body.as_object().unwrap() {
        assert_eq!((&made[name], &shown[name]), (value, value), "{name}");
    }
    root.grant("r", "svc", "default", &[]).await.expect(201);
    let token = server.token("r", "svc", made["secret"].as_str().unwrap(), "").await.expect(200);
    assert_eq!(token["expires_in"], 77);
    assert_eq!(claims(&token)["tenant"], "acme");
    assert_eq!(claims(&token)["realm_access"]["roles"], json!(["a"]));
    root.patch("/realms/r/clients/svc", json!({ "allowed_cidrs": ["203.0.113.0/24"] })).await.expect(200);
    server.token("r", "svc", made["secret"].as_str().unwrap(), "").await.expect(401);
}

/// Ids with characters that URLs give a meaning are reached percent-encoded, once.
#[tokio::test]
async fn odd_ids_are_reached() {
    let server = Server::start().await;
    let root = with_realm(&server).await;
    for id in ["a/b", "x?y#z", "..x", "@&=;,$!*'()[]{}|^`~<>"] {
        let answer = root.post("/realms/r/clients", json!({ "client_id": id })).await;
        let location = answer.header("location").strip_prefix("/admin/v1").unwrap().to_owned();
        answer.expect(201);
        assert_eq!(root.get(&location).await.expect(200)["client_id"], id);
        root.delete(&location).await.expect(204);
    }
    root.get("/realms/r/clients/a%252Fb").await.problem(404, "");
    root.get("/realms/r/clients/%ff").await.problem(404, "");
}
