//! The audit trail: every change, in the same commit, with who and under which request.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, Server};

async fn trail(root: &Caller<'_>, realm: &str) -> Vec<Value> {
    root.get(&format!("/realms/{realm}/audit?limit=1000")).await.expect(200)["items"]
        .as_array()
        .unwrap()
        .clone()
}

/// Issue 3, item 10: every change is audited, with actor and request id, and nothing else is.
#[tokio::test]
async fn every_change_is_there() {
    let server = Server::start().await;
    let root = server.root().await;
    use Method as M;
    let steps: Vec<(M, String, Value, &str, &str)> = vec![
        (M::POST, "/realms".into(), json!({ "name": "r" }), "realm.created", "r"),
        (M::PATCH, "/realms/r".into(), json!({ "token_lifetime": 60 }), "realm.updated", "r"),
        (M::POST, "/realms/r/apis".into(), json!({ "identifier": "a" }), "api.created", "a"),
        (M::PATCH, "/realms/r/apis/a".into(), json!({ "name": "A" }), "api.updated", "a"),
        (M::POST, "/realms/r/apis/a/scopes".into(), json!({ "name": "s" }), "scope.created", "a"),
        (M::PATCH, "/realms/r/apis/a/scopes/s".into(), json!({ "description": "d" }), "scope.updated", "a"),
        (M::POST, "/realms/r/clients".into(), json!({ "client_id": "c" }), "client.created", "c"),
        (M::PATCH, "/realms/r/clients/c".into(), json!({ "enabled": false }), "client.updated", "c"),
        (M::POST, "/realms/r/clients/c/secrets".into(), json!({ "label": "l" }), "secret.created", "c"),
        (M::PUT, "/realms/r/clients/c/grants/a".into(), json!({ "default": ["s"] }), "grant.put", "c"),
        (M::DELETE, "/realms/r/clients/c/grants/a".into(), Value::Null, "grant.deleted", "c"),
        (M::POST, "/realms/r/keys".into(), json!({}), "key.created", "*"),
        (M::POST, "/realms/r/keys/rotate".into(), json!({ "force": true }), "key.rotated", "*"),
        (M::DELETE, "/realms/r/apis/a/scopes/s".into(), Value::Null, "scope.deleted", "a"),
        (M::DELETE, "/realms/r/apis/a".into(), Value::Null, "api.deleted", "a"),
        (M::DELETE, "/realms/r/clients/c".into(), Value::Null, "client.deleted", "c"),
        (M::DELETE, "/realms/r".into(), Value::Null, "realm.deleted", "r"),
    ];
    for (number, (method, path, body, event, subject)) in steps.into_iter().enumerate() {
        let body = Some(body).filter(|body| !body.is_null());
        let answer = root.call(method, &path, &[], body.clone()).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        let records = trail(&root, "r").await;
        assert_eq!(records.len(), number + 1, "{event}");
        let last = &records[0];
        assert_eq!((&last["event"], &last["realm"]), (&json!(event), &json!("r")));
        assert!(subject == "*" || last["subject"] == subject, "{last}");
        assert_eq!((&last["actor"], &last["at"]), (&json!("root@system"), &json!(server.now())));
        assert_eq!(last["request_id"], answer.header("x-request-id"));
    }
    let before = trail(&root, "r").await.len();
    root.post("/realms", json!({ "name": "" })).await.problem(400, "name");
    root.get("/realms/system").await.expect(200);
    assert_eq!(trail(&root, "r").await.len(), before, "what did not happen is not there");
}

/// A secret's removal, a key's retirement, and what the server did by itself.
#[tokio::test]
async fn the_rest_is_there_too() {
    let server = Server::start().await;
    let root = server.root().await;
    let first = trail(&root, "system").await;
    assert!(first.iter().any(|record| record["event"] == "realm.created" && record["actor"] == "start"));
    root.client("system", "c").await;
    let secrets = root.get("/realms/system/clients/c/secrets").await.expect(200);
    let id = secrets["items"][0]["id"].as_str().unwrap();
    root.delete(&format!("/realms/system/clients/c/secrets/{id}")).await.expect(204);
    let last = trail(&root, "system").await[0].clone();
    assert_eq!((&last["event"], &last["detail"]["id"]), (&json!("secret.deleted"), &json!(id)));
    let key = root.post("/realms/system/keys", json!({})).await.expect(201);
    root.post(&format!("/realms/system/keys/{}/retire", key["kid"].as_str().unwrap()), json!({}))
        .await
        .expect(200);
    let last = trail(&root, "system").await[0].clone();
    assert_eq!((&last["event"], &last["subject"]), (&json!("key.retired"), &key["kid"]));
}

/// What changes nothing is no change.
#[tokio::test]
async fn nothing_happened_when_nothing_changed() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.client("r", "c").await;
    root.grant("r", "c", "default", &[]).await.expect(201);
    let before = trail(&root, "r").await.len();
    root.patch("/realms/r", json!({})).await.expect(200);
    root.patch("/realms/r/clients/c", json!({ "enabled": true })).await.expect(200);
    root.patch("/realms/r/apis/default", json!({ "token_lifetime": null })).await.expect(200);
    root.grant("r", "c", "default", &[]).await.expect(200);
    assert_eq!(trail(&root, "r").await.len(), before);
}

/// A namesake of a deleted realm does not show what happened in the other; `system` reads both.
#[tokio::test]
async fn a_namesake_starts_with_an_empty_trail() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.client("r", "somebody-elses").await;
    root.delete("/realms/r").await.expect(204);
    assert_eq!(trail(&root, "r").await[0]["event"], "realm.deleted");
    let earlier = root.get("/realms/r/audit?limit=1").await.expect(200);
    root.get("/realms/never-there/audit").await.problem(404, "");
    // within the same second
    root.realm(json!({ "name": "r" })).await;
    let reader = root.administrator("r", "reader", &["audit:read"]).await;
    let seen = trail(&reader, "r").await;
    assert!(seen.iter().all(|record| record["subject"] != "somebody-elses"), "{seen:?}");
    assert_eq!(seen.last().unwrap()["event"], "realm.created");
    let page = reader.get("/realms/r/audit?limit=1").await.expect(200);
    assert!(page["next"].is_string());
    let cursor = earlier["next"].as_str().unwrap();
    let beyond = reader.get(&format!("/realms/r/audit?cursor={cursor}")).await.expect(200);
    assert_eq!(beyond["items"], json!([]), "nor by a cursor into the other's trail");
    assert!(trail(&root, "r").await.iter().any(|record| record["subject"] == "somebody-elses"));
}
