//! JSON merge patches (RFC 7396), ETags and `If-Match`.

use countersign_testkit::Request;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{PUBLIC_URL, Server};

/// Absent stays, null goes back to the default, a value is set.
#[tokio::test]
async fn null_takes_away() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({
        "name": "r", "algorithm": "EdDSA", "token_lifetime": 60, "hosts": ["h.example"], "issuer": "https://i.example",
        "dialects": ["auth0"],
    }))
    .await;
    let patched = root.patch("/realms/r", json!({ "token_lifetime": 61 })).await.expect(200);
    assert_eq!((&patched["token_lifetime"], &patched["algorithm"]), (&json!(61), &json!("EdDSA")));
    let nothing = json!({
        "algorithm": null, "token_lifetime": null, "hosts": null, "issuer": null, "dialects": null,
        "profile": null,
    });
    let realm = root.patch("/realms/r", nothing).await.expect(200);
    assert_eq!((&realm["algorithm"], &realm["token_lifetime"]), (&json!("ES256"), &json!(3600)));
    assert_eq!((&realm["hosts"], &realm["dialects"]), (&json!([]), &json!([])));
    assert_eq!(realm["issuer"], format!("{PUBLIC_URL}/realms/r"));

    let api = json!({ "identifier": "a", "name": "A", "token_lifetime": 5, "algorithm": "ES384", "profile": "auth0" });
    root.post("/realms/r/apis", api).await.expect(201);
    let nothing = json!({ "name": null, "token_lifetime": null, "algorithm": null, "profile": null });
    let api = root.patch("/realms/r/apis/a", nothing).await.expect(200);
    assert_eq!(api["name"], json!(""));
    assert!(["token_lifetime", "algorithm", "profile"].iter().all(|name| api[name].is_null()), "{api}");

    let client = json!({
        "client_id": "svc", "name": "S", "description": "D", "enabled": false, "expires_at": server.now() + 9,
        "token_endpoint_auth_method": "client_secret_post", "allowed_cidrs": ["10.0.0.0/8"], "token_lifetime": 5,
        "claims": { "a": 1 },
    });
    let made = root.post("/realms/r/clients", client.clone()).await.expect(201);
    assert!(client.as_object().unwrap().iter().all(|(name, value)| made[name] == *value), "{made}");
    let nulls: serde_json::Map<_, _> = client
        .as_object()
        .unwrap()
        .keys()
        .filter(|k| !["client_id", "enabled"].contains(&k.as_str()))
        .map(|k| (k.clone(), Value::Null))
        .collect();
    let cleared = root.patch("/realms/r/clients/svc", Value::Object(nulls)).await.expect(200);
    assert_eq!((&cleared["enabled"], &cleared["claims"]), (&json!(false), &json!({})));
    assert_eq!((&cleared["name"], &cleared["allowed_cidrs"]), (&json!(""), &json!([])));
    assert!(
        ["expires_at", "token_endpoint_auth_method", "token_lifetime"].iter().all(|n| cleared[n].is_null())
    );
}

/// Nobody switches something on by `null`: whether it is enabled has no default to go back to.
#[tokio::test]
async fn null_enables_nothing() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "a" })).await.expect(201);
    root.client("r", "svc").await;
    for path in ["/realms/r/clients/svc", "/realms/r/apis/a", "/realms/r"] {
        root.patch(path, json!({ "enabled": false })).await.expect(200);
        root.patch(path, json!({ "token_lifetime": null, "enabled": null })).await.problem(400, "enabled");
        assert_eq!(root.get(path).await.expect(200)["enabled"], json!(false), "{path}");
    }
}

/// RFC 7396 §4: a merge patch has a media type of its own.
#[tokio::test]
async fn a_merge_patch_may_be_sent_by_its_own_type() {
    let server = Server::start().await;
    let root = server.root().await;
    let request = Request::new(Method::PATCH, "/admin/v1/realms/system").bearer(&root.token);
    let answer = server.send(request.body("application/merge-patch+json", r#"{"token_lifetime":120}"#)).await;
    assert_eq!(answer.expect(200)["token_lifetime"], 120);
}

/// A change happens only to what its author has read, if the author says so.
#[tokio::test]
async fn if_match_guards_every_change() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "a", "scopes": [{ "name": "s" }] })).await.expect(201);
    root.client("r", "svc").await;
    root.grant("r", "svc", "a", &["s"]).await.expect(201);
    for (path, body, other) in [
        ("/realms/r", json!({ "token_lifetime": 10 }), json!({ "token_lifetime": 11 })),
        ("/realms/r/apis/a", json!({ "name": "x" }), json!({ "name": "y" })),
        ("/realms/r/apis/a/scopes/s", json!({ "description": "x" }), json!({ "description": "y" })),
        ("/realms/r/clients/svc", json!({ "name": "x" }), json!({ "name": "y" })),
    ] {
        let etag = root.get(path).await.header("etag").to_owned();
        let with = async |method: Method, tag: &str, body: Option<Value>| {
            root.call(method, path, &[("if-match", tag)], body).await
        };
        for stale in ["\"0\"", "\"999999\"", &format!("W/{etag}"), "\"x\""] {
            with(Method::PATCH, stale, Some(body.clone())).await.problem(412, "");
            with(Method::DELETE, stale, None).await.problem(412, "");
        }
        with(Method::PATCH, "not a tag", Some(body.clone())).await.problem(400, "");
        let changed = with(Method::PATCH, &etag, Some(body.clone())).await;
        let next = changed.header("etag").to_owned();
        changed.expect(200);
        assert_ne!(next, etag, "{path}");
        with(Method::PATCH, &etag, Some(other)).await.problem(412, "");
        let same = with(Method::PATCH, &next, Some(body)).await;
        assert_eq!(same.header("etag"), next, "a patch that changes nothing makes no revision");
        with(Method::PATCH, "*", Some(json!({}))).await.expect(200);
    }
    let grant = "/realms/r/clients/svc/grants/a";
    let etag = root.get(grant).await.header("etag").to_owned();
    root.call(Method::PUT, grant, &[("if-match", "\"1\"")], Some(json!({}))).await.problem(412, "");
    root.call(Method::PUT, grant, &[("if-match", &etag)], Some(json!({}))).await.expect(200);
    root.call(Method::DELETE, grant, &[("if-match", &etag)], None).await.problem(412, "");
}

/// The ETag of a client is that of all that its answer shows: secrets and grants, too.
#[tokio::test]
async fn the_etag_of_a_client_covers_secrets_and_grants() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.client("r", "svc").await;
    let mut seen = vec![root.get("/realms/r/clients/svc").await.header("etag").to_owned()];
    let path = "/realms/r/clients/svc";
    let secret = root.post(&format!("{path}/secrets"), json!({})).await;
    seen.push(root.get(path).await.header("etag").to_owned());
    assert_eq!(secret.header("etag"), seen[1], "the answer to a new secret names the client's revision");
    let id = secret.expect(201)["id"].as_str().unwrap().to_owned();
    root.delete(&format!("{path}/secrets/{id}")).await.expect(204);
    seen.push(root.get(path).await.header("etag").to_owned());
    root.grant("r", "svc", "default", &[]).await.expect(201);
    seen.push(root.get(path).await.header("etag").to_owned());
    root.delete(&format!("{path}/grants/default")).await.expect(204);
    seen.push(root.get(path).await.header("etag").to_owned());
    let mut different = seen.clone();
    different.dedup();
    assert_eq!(different, seen);
}

/// RFC 7396 goes down into the claims of a client.
#[tokio::test]
async fn claims_are_merged() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let claims = json!({ "tenant": "a", "plan": "b", "realm_access": { "roles": ["x"], "more": 1 } });
    root.post("/realms/r/clients", json!({ "client_id": "svc", "claims": claims })).await.expect(201);
    let patch = json!({ "claims": { "tenant": null, "new": 1, "realm_access": { "roles": ["y"] } } });
    let patched = root.patch("/realms/r/clients/svc", patch).await.expect(200);
    let merged = json!({ "plan": "b", "new": 1, "realm_access": { "roles": ["y"], "more": 1 } });
    assert_eq!(patched["claims"], merged);
    root.patch("/realms/r/clients/svc", json!({ "claims": { "aud": "x" } })).await.problem(400, "claims");
    let cleared = root.patch("/realms/r/clients/svc", json!({ "claims": null })).await.expect(200);
    assert_eq!(cleared["claims"], json!({}));
}
