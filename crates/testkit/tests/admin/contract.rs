//! Issue 3, "the contract that others build on", line by line.

use serde_json::json;

use crate::harness::{PUBLIC_URL, Server, claims};

/// A realm needs a name and nothing else.
#[tokio::test]
async fn a_realm_of_a_name_alone() {
    let server = Server::start().await;
    let root = server.root().await;
    let answer = root.post("/realms", json!({ "name": "myorg" })).await;
    assert_eq!(answer.header("location"), "/admin/v1/realms/myorg");
    assert!(answer.header("etag").starts_with('"'));
    let realm = answer.expect(201);
    assert_eq!(realm["issuer"], format!("{PUBLIC_URL}/realms/myorg"));
    assert_eq!(realm["profile"], "rfc9068");
    assert_eq!(realm["algorithm"], "ES256");
    assert_eq!(realm["token_lifetime"], 3600);
    assert_eq!(
        (&realm["dialects"], &realm["hosts"], &realm["template"]),
        (&json!([]), &json!([]), &json!(null))
    );
    assert_eq!(root.get("/realms/myorg").await.expect(200), realm);
    let apis = root.get("/realms/myorg/apis").await.expect(200);
    let identifiers: Vec<_> =
        apis["items"].as_array().unwrap().iter().map(|api| &api["identifier"]).collect();
    assert_eq!(identifiers.len(), 2);
    assert!(identifiers.contains(&&json!(format!("{PUBLIC_URL}/realms/myorg/api"))));
    assert!(identifiers.contains(&&json!(format!("{PUBLIC_URL}/realms/myorg/admin"))));
}

/// All members of the contract's example, `null` among them.
#[tokio::test]
async fn a_realm_of_every_member() {
    let server = Server::start().await;
    let root = server.root().await;
    let body = json!({
        "name": "myorg", "profile": "keycloak", "issuer": null, "hosts": [], "template": null, "dialects": null,
    });
    let realm = root.realm(body).await;
    assert_eq!((&realm["algorithm"], &realm["token_lifetime"]), (&json!("RS256"), &json!(300)));
    assert_eq!(realm["dialects"], json!(["keycloak"]));
    let default = root.get("/realms/myorg/apis/default").await.expect(200);
    assert_eq!(default["identifier"], "account");
    assert_eq!(default["scopes"], json!([]), "a profile alone makes no scopes");
    let tenant = root
        .realm(json!({ "name": "tenant", "profile": "auth0", "hosts": ["Tenant.Example", "localhost:3000"] }))
        .await;
    assert_eq!(tenant["issuer"], "https://tenant.example/");
    assert_eq!(tenant["hosts"], json!(["tenant.example", "localhost:3000"]));
    assert_eq!((&tenant["dialects"], &tenant["token_lifetime"]), (&json!(["auth0"]), &json!(86_400)));
    let closed = root.realm(json!({ "name": "closed", "profile": "keycloak", "dialects": [] })).await;
    assert_eq!(closed["dialects"], json!([]));
}

/// The template `keycloak`: `profile` and `email`, given to new clients by default.
#[tokio::test]
async fn the_template_keycloak() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "kc", "profile": "keycloak", "template": "keycloak" })).await;
    let client = root.post("/realms/kc/clients", json!({ "client_id": "svc" })).await.expect(201);
    assert_eq!(client["grants"][0]["api"], "account");
    assert_eq!(client["grants"][0]["default"], json!(["profile", "email"]));
    assert_eq!(client["default_api"], "account");
    let token = server.token("kc", "svc", client["secret"].as_str().unwrap(), "").await.expect(200);
    assert_eq!(token["scope"], "profile email");
    // A grant's two lists are exactly what the client gets there, in keycloak too.
    root.grant("kc", "svc", "default", &["email"]).await.expect(200);
    let token = server.token("kc", "svc", client["secret"].as_str().unwrap(), "").await.expect(200);
    assert_eq!(token["scope"], "email");
}

/// The template `fidesops`: its registry on the default API, nothing given to new clients.
#[tokio::test]
async fn the_template_fidesops() {
    let server = Server::start().await;
    let root = server.root().await;
    let realm = root.realm(json!({ "name": "fo", "template": "fidesops" })).await;
    assert_eq!(realm["dialects"], json!(["fidesops"]));
    let default = root.get("/realms/fo/apis/default").await.expect(200);
    let scopes = default["scopes"].as_array().unwrap();
    assert_eq!(scopes.len(), 134);
    assert_eq!(
        (&scopes[0]["name"], &scopes[48]["name"]),
        (&json!("client:create"), &json!("user-permission:read"))
    );
    let client = root.post("/realms/fo/clients", json!({})).await.expect(201);
    assert_eq!(client["grants"], json!([]));
}

/// An API, a client, a grant, a token: the way of every new user.
#[tokio::test]
async fn from_nothing_to_a_token() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "myorg" })).await;
    let body = json!({
        "identifier": "https://orders.example", "name": "Orders",
        "scopes": [{ "name": "orders:read", "description": "" }], "token_lifetime": 3600,
    });
    let answer = root.post("/realms/myorg/apis", body).await;
    let location = answer.header("location").to_owned();
    let api = answer.expect(201);
    assert_eq!(location, format!("/admin/v1/realms/myorg/apis/{}", api["id"].as_str().unwrap()));
    let scope = json!({ "name": "orders:write", "description": "Change orders" });
    let by_identifier = "/realms/myorg/apis/https%3A%2F%2Forders.example";
    root.post(&format!("{by_identifier}/scopes"), scope.clone()).await.expect(201);
    let api = root.get(by_identifier).await.expect(200);
    assert_eq!(api["scopes"][1], scope);
    let by_id = format!("/realms/myorg/apis/{}", api["id"].as_str().unwrap());
    assert_eq!(root.get(&by_id).await.expect(200), api, "the id means the same");

    let client =
        root.post("/realms/myorg/clients", json!({ "client_id": "svc", "name": "", "secret": null })).await;
    assert_eq!(client.header("location"), "/admin/v1/realms/myorg/clients/svc");
    let client = client.expect(201);
    let secret = client["secret"].as_str().unwrap();
    assert_eq!(client["client_id"], "svc");
    let refused = server.token("myorg", "svc", secret, "resource=https://orders.example").await;
    assert_eq!(refused.expect(400)["error"], "invalid_target", "no grant on that API yet");

    let grant = "/realms/myorg/clients/svc/grants/https%3A%2F%2Forders.example";
    let lists = json!({ "default": ["orders:read"], "optional": ["orders:write"] });
    let put = root.put(grant, lists.clone()).await.expect(201);
    assert_eq!((&put["api"], &put["api_id"]), (&api["identifier"], &api["id"]));
    assert_eq!(root.put(grant, lists).await.expect(200), put, "a second time it is there already");
    assert_eq!(root.get(grant).await.expect(200), put);

    let token = server.token("myorg", "svc", secret, "").await.expect(200);
    assert_eq!((&token["scope"], &token["expires_in"]), (&json!("orders:read"), &json!(3600)));
    assert_eq!(claims(&token)["aud"], "https://orders.example", "the first grant is the default API");
    let both = server.token("myorg", "svc", secret, "scope=orders:read%20orders:write").await.expect(200);
    assert_eq!(both["scope"], "orders:read orders:write");
}

/// A grant with two empty lists is a grant.
#[tokio::test]
async fn an_empty_grant_is_a_grant() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "orders" })).await.expect(201);
    let secret = root.client("r", "svc").await;
    root.put("/realms/r/clients/svc/grants/orders", json!({ "default": [], "optional": [] }))
        .await
        .expect(201);
    let token = server.token("r", "svc", &secret, "audience=orders").await.expect(200);
    assert_eq!((&token["scope"], &claims(&token)["aud"]), (&json!(""), &json!("orders")));
}

/// `default_api` is the first grant, is changed only by name, and goes with its grant.
#[tokio::test]
async fn the_default_api_is_changed_only_by_name() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    for api in ["a", "b", "c"] {
        root.post("/realms/r/apis", json!({ "identifier": api })).await.expect(201);
    }
    root.client("r", "svc").await;
    let client = "/realms/r/clients/svc";
    root.grant("r", "svc", "a", &[]).await.expect(201);
    root.grant("r", "svc", "b", &[]).await.expect(201);
    assert_eq!(root.get(client).await.expect(200)["default_api"], "a");
    root.patch(client, json!({ "default_api": "b" })).await.expect(200);
    assert_eq!(root.get(client).await.expect(200)["default_api"], "b");
    root.patch(client, json!({ "default_api": "c" })).await.problem(400, "default_api");
    root.patch(client, json!({ "default_api": "d" })).await.problem(400, "default_api");
    root.delete(&format!("{client}/grants/b")).await.expect(204);
    assert_eq!(root.get(client).await.expect(200)["default_api"], json!(null));
    root.patch(client, json!({ "default_api": "default" })).await.expect(200);
    assert_eq!(root.get(client).await.expect(200)["default_api"], format!("{PUBLIC_URL}/realms/r/api"));
}

/// Deleting goes all the way: the token endpoint knows nothing of it on the next request.
#[tokio::test]
async fn what_is_deleted_is_gone() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "a", "scopes": [{ "name": "s" }, { "name": "t" }] }))
        .await
        .expect(201);
    let secret = root.client("r", "svc").await;
    root.grant("r", "svc", "a", &["s", "t"]).await.expect(201);
    root.delete("/realms/r/apis/a/scopes/s").await.expect(204);
    assert_eq!(root.get("/realms/r/clients/svc/grants/a").await.expect(200)["default"], json!(["t"]));
    assert_eq!(server.token("r", "svc", &secret, "").await.expect(200)["scope"], "t");
    root.delete("/realms/r/apis/a").await.expect(204);
    assert_eq!(root.get("/realms/r/clients/svc").await.expect(200)["grants"], json!([]));
    assert_eq!(server.token("r", "svc", &secret, "audience=a").await.expect(400)["error"], "invalid_target");
    root.delete("/realms/r/clients/svc").await.expect(204);
    root.get("/realms/r/clients/svc").await.problem(404, "");
    server.token("r", "svc", &secret, "").await.expect(401);
    root.delete("/realms/r").await.expect(204);
    root.get("/realms/r").await.problem(404, "");
    root.realm(json!({ "name": "r" })).await;
    assert_eq!(
        root.get("/realms/r/clients").await.expect(200)["items"],
        json!([]),
        "a namesake starts empty"
    );
}

/// Disabling or expiring anything takes effect on the next request.
#[tokio::test]
async fn what_is_disabled_or_expired_stops_at_once() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "a" })).await.expect(201);
    let secret = root.client("r", "svc").await;
    root.grant("r", "svc", "a", &[]).await.expect(201);
    let status = async || server.token("r", "svc", &secret, "").await.status.as_u16();
    assert_eq!(status().await, 200);
    for (path, stopped) in [("/realms/r/clients/svc", 401), ("/realms/r/apis/a", 400), ("/realms/r", 401)] {
        root.patch(path, json!({ "enabled": false })).await.expect(200);
        assert_eq!(status().await, stopped, "{path}");
        root.patch(path, json!({ "enabled": true })).await.expect(200);
        assert_eq!(status().await, 200, "{path}");
    }
    root.patch("/realms/r/clients/svc", json!({ "expires_at": server.now() + 60 })).await.expect(200);
    assert_eq!(status().await, 200);
    server.clock().advance(60);
    assert_eq!(status().await, 401);
    let root = server.root().await;
    root.patch("/realms/r/clients/svc", json!({ "expires_at": null })).await.expect(200);
    assert_eq!(status().await, 200);
}
