//! Which right each call needs, and that nobody hands out what they do not have.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, PUBLIC_URL, Server};

/// Every call, with the one right that it needs.
fn calls() -> Vec<(Method, &'static str, Option<Value>, &'static str)> {
    use Method as M;
    let put = || Some(json!({ "default": [], "optional": [] }));
    vec![
        (M::GET, "/realms", None, "realm:read"),
        (M::GET, "/realms/r", None, "realm:read"),
        (M::PATCH, "/realms/r", Some(json!({})), "realm:write"),
        (M::GET, "/realms/r/apis", None, "api:read"),
        (M::GET, "/realms/r/apis/a", None, "api:read"),
        (M::GET, "/realms/r/apis/a/scopes", None, "api:read"),
        (M::GET, "/realms/r/apis/a/scopes/s", None, "api:read"),
        (M::POST, "/realms/r/apis", Some(json!({ "identifier": "new" })), "api:write"),
        (M::PATCH, "/realms/r/apis/a", Some(json!({ "name": "n" })), "api:write"),
        (M::POST, "/realms/r/apis/a/scopes", Some(json!({ "name": "new" })), "api:write"),
        (M::PATCH, "/realms/r/apis/a/scopes/s", Some(json!({ "description": "d" })), "api:write"),
        (M::DELETE, "/realms/r/apis/a/scopes/new", None, "api:write"),
        (M::DELETE, "/realms/r/apis/new", None, "api:write"),
        (M::GET, "/realms/r/clients", None, "client:read"),
        (M::GET, "/realms/r/clients/c", None, "client:read"),
        (M::GET, "/realms/r/clients/c/secrets", None, "client:read"),
        (M::GET, "/realms/r/clients/c/grants", None, "client:read"),
        (M::GET, "/realms/r/clients/c/grants/a", None, "client:read"),
        (M::POST, "/realms/r/clients", Some(json!({ "client_id": "new" })), "client:write"),
        (M::PATCH, "/realms/r/clients/new", Some(json!({ "name": "n" })), "client:write"),
        (M::POST, "/realms/r/clients/new/secrets", Some(json!({})), "client:write"),
        (M::PUT, "/realms/r/clients/new/grants/a", put(), "client:write"),
        (M::DELETE, "/realms/r/clients/new/grants/a", None, "client:write"),
        (M::DELETE, "/realms/r/clients/new", None, "client:write"),
        (M::GET, "/realms/r/keys", None, "key:read"),
        (M::POST, "/realms/r/keys", Some(json!({ "algorithm": "EdDSA" })), "key:write"),
        (M::POST, "/realms/r/keys/rotate", Some(json!({ "algorithm": "EdDSA" })), "key:write"),
        (M::GET, "/realms/r/audit", None, "audit:read"),
    ]
}

/// Issue 3, item 10: each call needs its own scope and no other.
#[tokio::test]
async fn each_call_needs_its_right() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "a", "scopes": [{ "name": "s" }] })).await.expect(201);
    root.client("r", "c").await;
    root.grant("r", "c", "a", &["s"]).await.expect(201);
    let mut callers: Vec<(&str, Caller<'_>)> = Vec::new();
    for right in [
        "realm:read",
        "realm:write",
        "api:read",
        "api:write",
        "client:read",
        "client:write",
        "key:read",
        "key:write",
        "audit:read",
    ] {
        let id = format!("only-{}", right.replace(':', "-"));
        callers.push((right, root.administrator("r", &id, &[right]).await));
    }
    for (method, path, body, needed) in calls() {
        for (right, caller) in callers.iter().filter(|(right, _)| *right != needed) {
            let answer = caller.call(method.clone(), path, &[], body.clone()).await;
            let detail = answer.problem(403, "");
            assert!(detail.contains(needed), "{method} {path} with {right}: {detail}");
        }
        let (_, caller) = callers.iter().find(|(right, _)| *right == needed).unwrap();
        let answer = caller.call(method.clone(), path, &[], body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.text);
    }
}

/// Nobody grants scopes of an `admin` API without holding them; those that they hold, they may.
#[tokio::test]
async fn nobody_gives_what_they_do_not_have() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "a", "scopes": [{ "name": "key:write" }] }))
        .await
        .expect(201);
    let clerk = root.administrator("r", "clerk", &["client:write", "client:read"]).await;
    clerk.client("r", "svc").await;
    for body in [
        json!({ "default": ["key:write"] }),
        json!({ "optional": ["realm:write"] }),
        json!({ "default": ["client:read"], "optional": ["audit:read"] }),
    ] {
        clerk.put("/realms/r/clients/svc/grants/admin", body.clone()).await.problem(403, "");
        clerk.put("/realms/r/clients/clerk/grants/admin", body).await.problem(403, "");
    }
    clerk.put("/realms/r/clients/svc/grants/admin", json!({ "default": ["client:read"] })).await.expect(201);
    // The same name in somebody's own API is not the right.
    clerk.grant("r", "svc", "a", &["key:write"]).await.expect(201);
    assert_eq!(
        root.get("/realms/r/clients/clerk").await.expect(200)["grants"][0]["default"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

/// Nobody touches the credentials of a client that holds more.
#[tokio::test]
async fn nobody_touches_those_who_hold_more() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let secret = root.client("r", "boss").await;
    root.put(
        "/realms/r/clients/boss/grants/admin",
        json!({ "default": ["client:write"], "optional": ["key:write"] }),
    )
    .await
    .expect(201);
    let clerk = root.administrator("r", "clerk", &["client:write", "client:read"]).await;
    let boss = "/realms/r/clients/boss";
    let id = clerk.get(&format!("{boss}/secrets")).await.expect(200)["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    clerk.post(&format!("{boss}/secrets"), json!({})).await.problem(403, "");
    clerk.delete(&format!("{boss}/secrets/{id}")).await.problem(403, "");
    for patch in [
        json!({ "enabled": false }),
        json!({ "token_endpoint_auth_method": "client_secret_post" }),
        json!({ "allowed_cidrs": [] }),
        json!({ "expires_at": null }),
        json!({ "name": "mine" }),
    ] {
        clerk.patch(boss, patch).await.problem(403, "");
    }
    clerk.put(&format!("{boss}/grants/admin"), json!({})).await.problem(403, "");
    clerk.put(&format!("{boss}/grants/default"), json!({})).await.problem(403, "");
    clerk.delete(&format!("{boss}/grants/admin")).await.problem(403, "");
    clerk.delete(boss).await.problem(403, "");
    server.token("r", "boss", &secret, &format!("audience={PUBLIC_URL}/realms/r/admin")).await.expect(200);
    // Who holds all of it, may.
    let peer = root.administrator("r", "peer", &["client:write", "key:write"]).await;
    peer.post(&format!("{boss}/secrets"), json!({})).await.expect(201);
    peer.delete(boss).await.expect(204);
}

/// In `system` the same holds: a narrow administrator of all realms does not become root.
#[tokio::test]
async fn a_narrow_administrator_of_all_realms_stays_narrow() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let clerk = root.administrator("system", "clerk", &["client:write", "client:read"]).await;
    clerk.get("/realms/r/clients").await.expect(200);
    clerk.post("/realms/system/clients/root/secrets", json!({})).await.problem(403, "");
    clerk.patch("/realms/system/clients/root", json!({ "enabled": false })).await.problem(403, "");
    clerk.grant("system", "clerk", "admin", &["client:write", "realm:write"]).await.problem(403, "");
    clerk.client("r", "svc").await;
    clerk.grant("r", "svc", "admin", &["realm:write"]).await.problem(403, "");
    clerk.grant("r", "svc", "admin", &["client:write"]).await.expect(201);
    clerk.post("/realms", json!({ "name": "more" })).await.problem(403, "");
    // A right of one realm's is not that of `system`.
    let local = root.administrator("r", "local", &["client:write"]).await;
    local.grant("system", "clerk", "admin", &["client:write"]).await.problem(404, "");
}
