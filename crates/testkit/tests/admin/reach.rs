//! Who reaches what: tokens of other realms and other APIs, and the registry as it is now (threats 4).

use serde_json::json;

use crate::harness::{PUBLIC_URL, Server, claims};

const RIGHTS: [&str; 9] = [
    "realm:read",
    "realm:write",
    "api:read",
    "api:write",
    "client:read",
    "client:write",
    "key:read",
    "key:write",
    "audit:read",
];

/// threats 4, "admin API IDOR": an administrator of one realm sees of another what there is of none.
#[tokio::test]
async fn another_realm_is_not_there() {
    let server = Server::start().await;
    let root = server.root().await;
    for realm in ["mine", "theirs"] {
        root.realm(json!({ "name": realm })).await;
    }
    root.client("theirs", "svc").await;
    let mine = root.administrator("mine", "boss", &RIGHTS).await;
    mine.get("/realms/mine").await.expect(200);
    for (theirs, nobodys) in [("theirs", "nobodys"), ("system", "nobodys")] {
        for path in
            ["", "/apis", "/apis/default", "/clients", "/clients/svc", "/clients/root", "/keys", "/audit"]
        {
            let there = mine.get(&format!("/realms/{theirs}{path}")).await;
            let nowhere = mine.get(&format!("/realms/{nobodys}{path}")).await;
            let said = there.problem(404, "").replace(theirs, nobodys);
            assert_eq!(said, nowhere.problem(404, ""), "{path}");
        }
        let at = |rest: &str| format!("/realms/{theirs}{rest}");
        mine.patch(&at(""), json!({ "enabled": false })).await.problem(404, "");
        mine.delete(&at("")).await.problem(404, "");
        mine.post(&at("/apis"), json!({ "identifier": "x" })).await.problem(404, "");
        mine.patch(&at("/apis/default"), json!({})).await.problem(404, "");
        mine.delete(&at("/apis/default")).await.problem(404, "");
        mine.post(&at("/apis/default/scopes"), json!({ "name": "x" })).await.problem(404, "");
        mine.delete(&at("/apis/default/scopes/x")).await.problem(404, "");
        mine.post(&at("/clients"), json!({})).await.problem(404, "");
        mine.patch(&at("/clients/svc"), json!({})).await.problem(404, "");
        mine.delete(&at("/clients/svc")).await.problem(404, "");
        mine.post(&at("/clients/svc/secrets"), json!({})).await.problem(404, "");
        mine.get(&at("/clients/svc/secrets")).await.problem(404, "");
        mine.delete(&at("/clients/svc/secrets/x")).await.problem(404, "");
        mine.get(&at("/clients/svc/grants")).await.problem(404, "");
        mine.put(&at("/clients/svc/grants/default"), json!({})).await.problem(404, "");
        mine.delete(&at("/clients/svc/grants/default")).await.problem(404, "");
        mine.post(&at("/keys"), json!({})).await.problem(404, "");
        mine.post(&at("/keys/rotate"), json!({})).await.problem(404, "");
        mine.post(&at("/keys/x/retire"), json!({})).await.problem(404, "");
    }
    let listed = mine.get("/realms").await.expect(200);
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().map(|realm| &realm["name"]).collect();
    assert_eq!(names, ["mine"]);
    assert_eq!(root.get("/realms/theirs/clients").await.expect(200)["items"].as_array().unwrap().len(), 1);
}

/// Realms are made and deleted, and issuers and hosts are set, by `system` alone.
#[tokio::test]
async fn the_place_of_a_realm_is_systems() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "mine", "profile": "auth0", "hosts": ["mine.example"] })).await;
    let secret = root.client("mine", "boss").await;
    root.grant("mine", "boss", "admin", &RIGHTS).await.expect(201);
    let token =
        server.token("mine", "boss", &secret, "audience=https://mine.example/admin").await.expect(200);
    let mine = server.with(token["access_token"].as_str().unwrap());
    mine.post("/realms", json!({ "name": "more" })).await.problem(403, "");
    mine.delete("/realms/mine").await.problem(403, "");
    for patch in [
        json!({ "issuer": "https://else.example" }),
        json!({ "issuer": null, "hosts": [] }),
        json!({ "hosts": ["else.example"] }),
        json!({ "hosts": null }),
        json!({ "profile": "rfc9068" }),
    ] {
        mine.patch("/realms/mine", patch).await.problem(403, "");
    }
    assert_eq!(
        mine.patch("/realms/mine", json!({ "token_lifetime": 60 })).await.expect(200)["token_lifetime"],
        60
    );
    mine.patch("/realms/mine", json!({ "hosts": ["mine.example"] })).await.expect(200);
}

/// Users' own scopes of the same names in other APIs mean nothing here, and neither do tokens of other APIs.
#[tokio::test]
async fn tokens_of_other_apis_open_nothing() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let scopes: Vec<_> = RIGHTS.iter().map(|name| json!({ "name": name })).collect();
    for api in ["orders", "https://localhost/realms/system/admin"] {
        root.post("/realms/r/apis", json!({ "identifier": api, "scopes": scopes })).await.expect(201);
    }
    for scope in &scopes {
        root.post("/realms/r/apis/default/scopes", scope.clone()).await.expect(201);
    }
    let secret = root.client("r", "svc").await;
    for api in ["orders", "https%3A%2F%2Flocalhost%2Frealms%2Fsystem%2Fadmin", "default"] {
        root.grant("r", "svc", api, &RIGHTS).await.expect(201);
    }
    let default = format!("{PUBLIC_URL}/realms/r/api");
    for audience in ["orders", "https://localhost/realms/system/admin", &default] {
        let token = server.token("r", "svc", &secret, &format!("audience={audience}")).await.expect(200);
        assert_eq!(claims(&token)["scope"].as_str().unwrap().split(' ').count(), 9);
        let caller = server.with(token["access_token"].as_str().unwrap());
        for path in ["/realms", "/realms/r", "/realms/system", "/realms/r/clients"] {
            caller.get(path).await.problem(401, "");
        }
        caller.post("/realms/r/clients", json!({})).await.problem(401, "");
    }
}

/// A token without a scope, of a client that may administer otherwise, opens nothing.
#[tokio::test]
async fn the_token_limits_too() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let secret = root.client("r", "svc").await;
    root.put(
        "/realms/r/clients/svc/grants/admin",
        json!({ "default": ["realm:read"], "optional": ["client:read"] }),
    )
    .await
    .expect(201);
    let token = async |more: &str| {
        let more = format!("audience={PUBLIC_URL}/realms/r/admin{more}");
        server.token("r", "svc", &secret, &more).await.expect(200)["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let narrow = server.with(token("").await);
    narrow.get("/realms/r").await.expect(200);
    let refused = narrow.get("/realms/r/clients").await;
    assert!(refused.problem(403, "").contains("client:read"));
    assert_eq!(
        refused.header("www-authenticate"),
        "Bearer error=\"insufficient_scope\", scope=\"client:read\""
    );
    server.with(token("&scope=client:read").await).get("/realms/r/clients").await.expect(200);
}

/// Judged against the registry as it is now: the same token loses what its client loses, at once.
#[tokio::test]
async fn the_registry_decides_not_the_token() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let boss = root.administrator("r", "boss", &["client:read", "realm:read"]).await;
    boss.get("/realms/r/clients").await.expect(200);
    root.grant("r", "boss", "admin", &["realm:read"]).await.expect(200);
    boss.get("/realms/r/clients").await.problem(403, "");
    boss.get("/realms/r").await.expect(200);
    root.delete("/realms/r/clients/boss/grants/admin").await.expect(204);
    boss.get("/realms/r").await.problem(403, "");
    root.grant("r", "boss", "admin", &["realm:read"]).await.expect(201);
    boss.get("/realms/r").await.expect(200);
    for (path, off, on) in [
        ("/realms/r/clients/boss", json!({ "enabled": false }), json!({ "enabled": true })),
        ("/realms/r/clients/boss", json!({ "expires_at": 1 }), json!({ "expires_at": null })),
        ("/realms/r", json!({ "enabled": false }), json!({ "enabled": true })),
    ] {
        root.patch(path, off).await.expect(200);
        boss.get("/realms/r").await.problem(401, "");
        boss.patch("/realms/r", json!({ "enabled": true })).await.problem(401, "");
        root.patch(path, on).await.expect(200);
        boss.get("/realms/r").await.expect(200);
    }
    root.delete("/realms/r/clients/boss").await.expect(204);
    boss.get("/realms/r").await.problem(401, "");
}

/// The realm in a token is found by its issuer, and its issuer must be that realm's now.
#[tokio::test]
async fn a_new_issuer_ends_the_old_tokens() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let boss = root.administrator("r", "boss", &["realm:read"]).await;
    boss.get("/realms/r").await.expect(200);
    root.patch("/realms/r", json!({ "issuer": "https://new.example" })).await.expect(200);
    boss.get("/realms/r").await.problem(401, "");
    root.delete("/realms/r").await.expect(204);
    root.realm(json!({ "name": "r" })).await;
    root.administrator("r", "boss", &["realm:read"]).await;
    boss.get("/realms/r").await.problem(401, "");
}
