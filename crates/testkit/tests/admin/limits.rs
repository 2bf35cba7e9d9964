//! Names and limits: each error says the rule and names the field.

use serde_json::{Map, Value, json};

use crate::harness::{PUBLIC_URL, Server};

/// Issue 3, item 2, for realms.
#[tokio::test]
async fn realms() {
    let server = Server::start().await;
    let root = server.root().await;
    for (field, body) in [
        ("name", json!({})),
        ("name", json!({ "name": "" })),
        ("name", json!({ "name": "a/b" })),
        ("name", json!({ "name": ".." })),
        ("name", json!({ "name": "x".repeat(64) })),
        ("profile", json!({ "name": "a", "profile": "okta" })),
        ("template", json!({ "name": "a", "template": "rfc9068" })),
        ("dialects", json!({ "name": "a", "dialects": ["saml"] })),
        ("dialects", json!({ "name": "a", "dialects": ["auth0", "auth0"] })),
        ("issuer", json!({ "name": "a", "issuer": "http://issuer.example" })),
        ("issuer", json!({ "name": "a", "issuer": "https://issuer.example?x=1" })),
        ("issuer", json!({ "name": "a", "issuer": "https://issuer.example/#x" })),
        ("issuer", json!({ "name": "a", "issuer": "https://user@issuer.example" })),
        ("issuer", json!({ "name": "a", "issuer": "" })),
        ("hosts", json!({ "name": "a", "hosts": ["https://a.example"] })),
        ("hosts", json!({ "name": "a", "hosts": ["a.example", "A.example"] })),
        ("algorithm", json!({ "name": "a", "algorithm": "HS256" })),
        ("algorithm", json!({ "name": "a", "algorithm": "none" })),
        ("token_lifetime", json!({ "name": "a", "token_lifetime": 0 })),
        ("token_lifetime", json!({ "name": "a", "token_lifetime": 2_592_001 })),
        ("enabled", json!({ "name": "a", "enabled": false })),
    ] {
        let answer = root.post("/realms", body.clone()).await;
        assert!(!answer.problem(400, field).is_empty(), "{body}");
    }
    assert_eq!(root.get("/realms").await.expect(200)["items"].as_array().unwrap().len(), 1, "none was made");
}

/// Names, issuers and hosts are unique, issuers also against what others have by default.
#[tokio::test]
async fn realms_do_not_take_one_anothers_place() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "one", "issuer": "https://one.example/", "hosts": ["one.example"] })).await;
    for (field, body) in [
        ("name", json!({ "name": "one" })),
        ("name", json!({ "name": "system" })),
        ("issuer", json!({ "name": "two", "issuer": "https://one.example/" })),
        ("issuer", json!({ "name": "two", "issuer": "https://one.example" })),
        ("issuer", json!({ "name": "two", "issuer": format!("{PUBLIC_URL}/realms/system") })),
        ("issuer", json!({ "name": "two", "issuer": format!("{PUBLIC_URL}/realms/not-there-yet") })),
        ("hosts", json!({ "name": "two", "hosts": ["two.example", "ONE.example"] })),
        ("issuer", json!({ "name": "two", "profile": "auth0", "issuer": "https://one.example" })),
    ] {
        root.post("/realms", body.clone()).await.problem(409, field);
    }
    root.realm(json!({ "name": "two", "issuer": format!("{PUBLIC_URL}/realms/two") })).await;
    root.patch("/realms/two", json!({ "hosts": ["one.example"] })).await.problem(409, "hosts");
    root.patch("/realms/two", json!({ "issuer": "https://one.example" })).await.problem(409, "issuer");
    root.patch("/realms/one", json!({ "hosts": [], "issuer": null })).await.expect(200);
    root.patch("/realms/two", json!({ "hosts": ["one.example"] })).await.expect(200);
}

/// The realm `system` is where all realms are administered.
#[tokio::test]
async fn system_stays() {
    let server = Server::start().await;
    let root = server.root().await;
    root.delete("/realms/system").await.problem(409, "");
    root.patch("/realms/system", json!({ "enabled": false })).await.problem(400, "enabled");
    root.patch("/realms/system", json!({ "profile": "keycloak" })).await.problem(400, "profile");
    root.patch("/realms/system", json!({ "token_lifetime": 600 })).await.expect(200);
    root.patch("/realms/system/apis/admin", json!({ "enabled": false })).await.problem(400, "enabled");
}

/// Issue 3, item 2, for APIs and scopes.
#[tokio::test]
async fn apis_and_scopes() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let issuer = format!("{PUBLIC_URL}/realms/r");
    for identifier in [
        "",
        ".",
        "..",
        "default",
        "admin",
        "a b",
        "https://a#b",
        "api_0123456789abcdef0123",
        &issuer,
        &format!("{issuer}/"),
        &format!("{issuer}/api"),
        &format!("{issuer}/admin"),
        &format!("{issuer}/api/v1/oauth"),
        &"x".repeat(256),
    ] {
        root.post("/realms/r/apis", json!({ "identifier": identifier })).await.problem(400, "identifier");
    }
    let many: Vec<Value> = (0..1001).map(|n| json!({ "name": format!("s{n}") })).collect();
    for (field, body) in [
        ("identifier", json!({})),
        ("name", json!({ "identifier": "a", "name": "x".repeat(201) })),
        ("name", json!({ "identifier": "a", "name": "a\nb" })),
        ("scopes", json!({ "identifier": "a", "scopes": [{ "name": "a b" }] })),
        ("scopes", json!({ "identifier": "a", "scopes": [{ "name": "" }] })),
        ("scopes", json!({ "identifier": "a", "scopes": [{ "name": "s" }, { "name": "s" }] })),
        ("scopes", json!({ "identifier": "a", "scopes": many })),
        ("scopes", json!({ "identifier": "a", "scopes": [{ "name": "s", "x": 1 }] })),
        ("algorithm", json!({ "identifier": "a", "algorithm": "RS512" })),
        ("profile", json!({ "identifier": "a", "profile": "x" })),
        ("token_lifetime", json!({ "identifier": "a", "token_lifetime": -1 })),
    ] {
        root.post("/realms/r/apis", body).await.problem(400, field);
    }
    root.post("/realms/r/apis", json!({ "identifier": "a", "scopes": [{ "name": "s" }] })).await.expect(201);
    root.post("/realms/r/apis", json!({ "identifier": "a" })).await.problem(409, "identifier");
    root.post("/realms/r/apis/a/scopes", json!({ "name": "s" })).await.problem(409, "name");
    root.post("/realms/r/apis/a/scopes", json!({ "name": "a\"b" })).await.problem(400, "name");
    root.post("/realms/r/apis/a/scopes", json!({ "name": "t", "description": "x".repeat(1001) }))
        .await
        .problem(400, "description");
    root.post("/realms/r/apis/nope/scopes", json!({ "name": "t" })).await.problem(404, "");
    root.delete("/realms/r/apis/a/scopes/nope").await.problem(404, "");
    root.post("/realms/r/apis/a/scopes", json!({ "name": "a/b?c" })).await.expect(201);
    root.delete("/realms/r/apis/a/scopes/a%2Fb%3Fc").await.expect(204);
}

/// The built-in APIs cannot be deleted, and the rights to administer cannot be renamed.
#[tokio::test]
async fn built_in_apis_stay() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    for api in ["default", "admin"] {
        root.delete(&format!("/realms/r/apis/{api}")).await.problem(409, "");
    }
    root.post("/realms/r/apis/admin/scopes", json!({ "name": "all" })).await.problem(409, "");
    root.delete("/realms/r/apis/admin/scopes/client:write").await.problem(409, "");
    root.patch("/realms/r/apis/admin/scopes/client:write", json!({ "description": "x" }))
        .await
        .problem(409, "");
    root.patch("/realms/r/apis/admin", json!({ "profile": "auth0" })).await.problem(400, "profile");
    root.patch("/realms/r/apis/admin", json!({ "token_lifetime": 60 })).await.expect(200);
    root.post("/realms/r/apis/default/scopes", json!({ "name": "anything" })).await.expect(201);
}

/// A realm's profile and issuer cannot come to meet an API that is there.
#[tokio::test]
async fn built_in_identifiers_meet_nobody() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "account" })).await.expect(201);
    root.post("/realms/r/apis", json!({ "identifier": "https://new.example/admin" })).await.expect(201);
    root.patch("/realms/r", json!({ "profile": "keycloak" })).await.problem(409, "profile");
    root.patch("/realms/r", json!({ "issuer": "https://new.example" })).await.problem(409, "issuer");
    root.realm(json!({ "name": "kc", "profile": "keycloak" })).await;
    root.post("/realms/kc/apis", json!({ "identifier": "account" })).await.problem(400, "identifier");
}

/// Issue 3, item 2, for clients.
#[tokio::test]
async fn clients() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let deep = (0..8).fold(json!(1), |inner, _| json!([inner]));
    let nets: Vec<String> = (0..33).map(|n| format!("10.0.0.{n}")).collect();
    for (field, body) in [
        ("client_id", json!({ "client_id": "" })),
        ("client_id", json!({ "client_id": "a b" })),
        ("client_id", json!({ "client_id": "a%20b" })),
        ("client_id", json!({ "client_id": "a:b" })),
        ("client_id", json!({ "client_id": "admin" })),
        ("client_id", json!({ "client_id": ".." })),
        ("client_id", json!({ "client_id": "x".repeat(256) })),
        ("name", json!({ "name": "x".repeat(201) })),
        ("description", json!({ "description": "\u{7}" })),
        ("expires_at", json!({ "expires_at": server.now() })),
        ("expires_at", json!({ "expires_at": server.now() * 1000 })),
        ("expires_at", json!({ "expires_at": "tomorrow" })),
        ("token_endpoint_auth_method", json!({ "token_endpoint_auth_method": "none" })),
        ("allowed_cidrs", json!({ "allowed_cidrs": ["10.0.0.1/8"] })),
        ("allowed_cidrs", json!({ "allowed_cidrs": nets })),
        ("token_lifetime", json!({ "token_lifetime": 2_592_001 })),
        ("claims", json!({ "claims": { "sub": "root" } })),
        ("claims", json!({ "claims": { "scope": "admin" } })),
        ("claims", json!({ "claims": { "a": deep } })),
        ("claims", json!({ "claims": { "a": "x".repeat(4090) } })),
        ("claims", json!({ "claims": [] })),
        ("default_api", json!({ "default_api": "default" })),
    ] {
        let answer = root.post("/realms/r/clients", body.clone()).await;
        assert!(!answer.problem(400, field).is_empty(), "{body}");
    }
    root.client("r", "svc").await;
    root.post("/realms/r/clients", json!({ "client_id": "svc" })).await.problem(409, "client_id");
    for (field, body) in [
        ("client_id", json!({ "client_id": "other" })),
        ("secret", json!({ "secret": "0123456789abcdef0123456789abcdef" })),
        ("token_lifetime", json!({ "token_lifetime": 0 })),
        ("claims", json!({ "claims": { "aud": "x" } })),
        ("allowed_cidrs", json!({ "allowed_cidrs": ["x"] })),
        ("name", json!({ "name": 1 })),
    ] {
        root.patch("/realms/r/clients/svc", body).await.problem(400, field);
    }
    for (field, body) in [
        ("label", json!({ "label": "x".repeat(201) })),
        ("expires_at", json!({ "expires_at": 1 })),
        ("secret", json!({ "secret": "short" })),
    ] {
        root.post("/realms/r/clients/svc/secrets", body).await.problem(400, field);
    }
}

/// Issue 3, item 2, for grants: scopes of that API, each in one list, once.
#[tokio::test]
async fn grants() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.post("/realms/r/apis", json!({ "identifier": "a", "scopes": [{ "name": "s" }, { "name": "t" }] }))
        .await
        .expect(201);
    root.client("r", "svc").await;
    for (field, body) in [
        ("default", json!({ "default": ["nope"] })),
        ("optional", json!({ "optional": ["client:write"] })),
        ("default", json!({ "default": ["s", "s"] })),
        ("optional", json!({ "default": ["s"], "optional": ["s"] })),
        ("default", json!({ "default": [""] })),
        ("scopes", json!({ "scopes": ["s"] })),
    ] {
        root.put("/realms/r/clients/svc/grants/a", body).await.problem(400, field);
    }
    root.put("/realms/r/clients/svc/grants/nope", json!({})).await.problem(404, "");
    root.put("/realms/r/clients/nope/grants/a", json!({})).await.problem(404, "");
    root.get("/realms/r/clients/svc/grants/a").await.problem(404, "");
    root.delete("/realms/r/clients/svc/grants/a").await.problem(404, "");
}

/// A hundred live secrets; the expired ones count apart.
#[tokio::test]
async fn secrets_have_a_number() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.client("r", "svc").await;
    let path = "/realms/r/clients/svc/secrets";
    for _ in 0..2 {
        let expires = json!({ "expires_at": server.now() + 5 });
        for _ in 0..99 {
            root.post(path, expires.clone()).await.expect(201);
        }
        assert!(root.post(path, json!({})).await.problem(409, "").contains("100 live"));
        server.clock().advance(5);
    }
    for _ in 0..99 {
        root.post(path, json!({})).await.expect(201);
    }
    let all = root.get(&format!("{path}?limit=1000")).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 298);
}

/// What a grant gives fits into a token, and what a realm has into memory.
#[tokio::test]
async fn scopes_fit_into_tokens_and_realms() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    let secret = root.client("r", "svc").await;
    let long = |n: usize| format!("{n:03}{}", "s".repeat(252));
    let scopes: Vec<Value> = (0..17).map(|n| json!({ "name": long(n) })).collect();
    root.post("/realms/r/apis", json!({ "identifier": "long", "scopes": scopes })).await.expect(201);
    let path = "/realms/r/clients/svc/grants/long";
    let names = |count: usize| (0..count).map(long).collect::<Vec<_>>();
    // sixteen times 255 and the spaces between are 4095
    let refused = root.put(path, json!({ "default": names(17) })).await;
    assert!(refused.problem(400, "default").contains("4096 bytes"));
    root.put(path, json!({ "default": names(8), "optional": names(17).split_off(8) }))
        .await
        .problem(400, "default");
    root.put(path, json!({ "default": names(16) })).await.expect(201);
    server.token("r", "svc", &secret, "").await.expect(200);

    let names = |n: usize| (0..1000).map(|m| json!({ "name": format!("s{n}-{m}") })).collect::<Vec<_>>();
    for n in 0..9 {
        root.post("/realms/r/apis", json!({ "identifier": format!("wide-{n}"), "scopes": names(n) }))
            .await
            .expect(201);
    }
    let more = root.post("/realms/r/apis", json!({ "identifier": "wide", "scopes": names(9) })).await;
    assert!(more.problem(409, "").contains("10000 scopes"));
    root.post("/realms/r/apis", json!({ "identifier": "few", "scopes": names(9)[..974] })).await.expect(201);
    assert!(
        root.post("/realms/r/apis/few/scopes", json!({ "name": "x" }))
            .await
            .problem(409, "")
            .contains("10000")
    );
}

/// A hundred grants a client, a thousand scopes an API.
#[tokio::test]
async fn grants_and_scopes_have_a_number() {
    let server = Server::start().await;
    let root = server.root().await;
    root.realm(json!({ "name": "r" })).await;
    root.client("r", "svc").await;
    for n in 0..100 {
        root.post("/realms/r/apis", json!({ "identifier": format!("api-{n}") })).await.expect(201);
        root.grant("r", "svc", &format!("api-{n}"), &[]).await.expect(201);
    }
    root.grant("r", "svc", "default", &[]).await.problem(409, "");
    root.grant("r", "svc", "api-7", &[]).await.expect(200);
    let scopes: Vec<Value> =
        (0..1000).map(|n| Value::Object(Map::from_iter([("name".into(), json!(format!("s{n}")))]))).collect();
    root.post("/realms/r/apis", json!({ "identifier": "wide", "scopes": scopes })).await.expect(201);
    root.post("/realms/r/apis/wide/scopes", json!({ "name": "one-more" })).await.problem(409, "");
}
