//! Auth0's URLs (dialects b.1 to b.6).

use countersign_proto::admin::NewRealm;
use countersign_testkit::{Answer, Request, TestServer};
use serde_json::{Value, json};

const AUDIENCE: &str = "https://my-api/";

async fn tenant() -> (TestServer, String) {
    let server = TestServer::start().await;
    let new = NewRealm {
        name: "tenant".to_owned(),
        profile: Some("auth0".to_owned()),
        hosts: Some(vec!["tenant.example".to_owned()]),
        ..NewRealm::default()
    };
    server.realm(new).await;
    server.api("tenant", AUDIENCE, &["read:x", "create:y", "delete:z"]).await;
    server.api("tenant", "https://plain/", &[]).await;
    server.api("tenant", "https://closed/", &[]).await;
    let secret = server.client("tenant", "app").await;
    server.grant("tenant", "app", AUDIENCE, &["read:x", "create:y"], &[]).await;
    server.grant("tenant", "app", "https://plain/", &[], &[]).await;
    (server, secret)
}

fn post() -> Request {
    Request::post("/oauth/token").header("host", "tenant.example")
}

async fn ask(server: &TestServer, body: Value) -> Answer {
    post().json(&body).send(server).await
}

fn error(answer: &Answer) -> (u16, String, String) {
    (answer.status.as_u16(), answer.str("error"), answer.str("error_description"))
}

/// dialects b.1, b.2: JSON with nulls, a form, and Basic; the members of the answer in their order.
#[tokio::test]
async fn takes_json_and_forms() {
    let (server, secret) = tenant().await;
    let body = json!({"client_id": "app", "client_secret": secret, "audience": AUDIENCE,
        "grant_type": "client_credentials", "organization": null});
    let by_json = ask(&server, body).await;
    let grant = [("grant_type", "client_credentials"), ("audience", AUDIENCE)];
    let own = [("client_id", "app"), ("client_secret", &secret)];
    let by_form = post().form(&[&grant[..], &own[..]].concat()).send(&server).await;
    let by_basic = post().basic("app", &secret).form(&grant).send(&server).await;
    for answer in [by_json, by_form, by_basic] {
        let text = answer.text();
        let order = ["access_token", "scope", "expires_in", "token_type"];
        let places: Vec<_> =
            order.iter().map(|member| text.find(&format!("\"{member}\":")).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
        assert_eq!(
            (answer.str("scope").as_str(), answer.json()["expires_in"].as_i64()),
            ("read:x create:y", Some(86_400))
        );
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let plain = json!({"client_id": "app", "client_secret": secret, "audience": "https://plain/",
        "grant_type": "client_credentials"});
    assert!(ask(&server, plain).await.json().get("scope").is_none(), "no scope, no member");
}

/// dialects b.3: the claims that its users read; the issuer with its slash.
#[tokio::test]
async fn tokens_have_their_claims() {
    let (server, secret) = tenant().await;
    let body = json!({"client_id": "app", "client_secret": secret, "audience": AUDIENCE,
        "grant_type": "client_credentials"});
    let answer = ask(&server, body).await;
    let claims = answer.claims();
    for (claim, value) in [
        ("iss", "https://tenant.example/"),
        ("sub", "app@clients"),
        ("aud", AUDIENCE),
        ("azp", "app"),
        ("gty", "client-credentials"),
        ("scope", "read:x create:y"),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    assert_eq!(answer.jose_header()["alg"], "RS256");
    let keys = Request::get("/.well-known/jwks.json").header("host", "tenant.example").send(&server).await;
    assert_eq!(keys.json()["keys"][0]["kid"], answer.jose_header()["kid"]);
    for member in ["alg", "kty", "use", "x5c", "n", "e", "kid", "x5t"] {
        assert!(!keys.json()["keys"][0][member].is_null(), "{member}");
    }
    assert!(keys.header("cache-control").unwrap().starts_with("public, max-age=15"));
    assert_eq!(keys.header("access-control-allow-origin"), Some("*"));
}

/// dialects b.4, the rows that are known.
#[tokio::test]
async fn errors_have_their_statuses_and_words() {
    let (server, secret) = tenant().await;
    let base = json!({"client_id": "app", "client_secret": secret, "audience": AUDIENCE,
        "grant_type": "client_credentials"});
    let not_granted = "Client is not authorized to access \"https://closed/\". You need to create a \"client-grant\" \
        associated to this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants";
    for (member, value, status, code, text) in [
        ("client_secret", json!("wrong"), 401, "access_denied", "Unauthorized"),
        ("client_secret", json!(null), 401, "access_denied", "Unauthorized"),
        ("client_id", json!("nobody"), 401, "access_denied", "Unauthorized"),
        ("client_id", json!(null), 401, "access_denied", "Unauthorized"),
        (
            "audience",
            json!("https://nope"),
            403,
            "access_denied",
            "Service not enabled within domain: https://nope",
        ),
        ("audience", json!("https://closed/"), 403, "access_denied", not_granted),
        (
            "scope",
            json!("read:x delete:z a"),
            403,
            "access_denied",
            "Client has not been granted scopes: delete:z, a",
        ),
        ("grant_type", json!("password"), 400, "unsupported_grant_type", "Grant type not supported"),
        ("grant_type", json!(null), 400, "invalid_request", "Missing required parameter: grant_type"),
    ] {
        let mut body = base.clone();
        body[member] = value.clone();
        let answer = ask(&server, body).await;
        assert_eq!(error(&answer), (status, code.to_owned(), text.to_owned()), "{member} {value}");
        assert_eq!(answer.header("www-authenticate"), None);
    }
}

/// T-6749-06, threats 1 "duplicate JSON keys": strict JSON, strings, and no second set of credentials.
#[tokio::test]
async fn odd_json_is_refused() {
    let (server, secret) = tenant().await;
    let good =
        format!(r#""client_secret":"{secret}","audience":"{AUDIENCE}","grant_type":"client_credentials""#);
    for body in [
        format!(r#"{{"client_id":"other","client_id":"app",{good}}}"#),
        format!(r#"{{"client_id":["app"],{good}}}"#),
        format!(r#"{{"client_id":1,{good}}}"#),
        format!(r#"{{"client_id":"app",{good}"#),
        format!(r#"[{{"client_id":"app",{good}}}]"#),
        format!(r#"{{"client_id":"app",{good}}}{{}}"#),
        "null".to_owned(),
        String::new(),
    ] {
        let answer = post().body("application/json", body.clone()).send(&server).await;
        assert_eq!(answer.refusal(), "400 invalid_request", "{body}");
    }
    let deep = format!(r#"{{"x":{}1{},"client_id":"app",{good}}}"#, "[".repeat(500), "]".repeat(500));
    assert_eq!(post().body("application/json", deep).send(&server).await.refusal(), "400 invalid_request");
    let both = json!({"client_id": "app", "client_secret": secret, "grant_type": "client_credentials"});
    let answer = post().basic("app", &secret).json(&both).send(&server).await;
    assert_eq!(answer.refusal(), "400 invalid_request");
}

/// dialects b.6, T-8414-05: the discovery document is true, under Auth0's URLs; metadata of the issuer at its host.
#[tokio::test]
async fn discovery_is_true() {
    let (server, _) = tenant().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = Request::get(path).header("host", "tenant.example").send(&server).await;
        assert_eq!(answer.str("issuer"), "https://tenant.example/", "{path}");
        assert_eq!(answer.str("token_endpoint"), "https://tenant.example/oauth/token");
        assert_eq!(answer.str("jwks_uri"), "https://tenant.example/.well-known/jwks.json");
    }
    let elsewhere = Request::get("/.well-known/openid-configuration").header("host", "x.example");
    assert_eq!(elsewhere.send(&server).await.status, 404);
}
