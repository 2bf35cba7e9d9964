//! fidesops' URLs (dialects c.1 to c.3), tutorial 0 first.

use countersign_proto::admin::{Change, ClientPatch};
use countersign_testkit::{Answer, Request, TestServer};
use http::Method;
use serde_json::{Value, json};

const TOKEN: &str = "/api/v1/oauth/token";
const CLIENT: &str = "/api/v1/oauth/client";
const TUTORIAL: [&str; 3] = ["policy:create_or_update", "policy:read", "privacy-request:read"];

async fn installation() -> TestServer {
    let server = TestServer::with().default_realm("fides").start().await;
    server.plain_realm("fides", "rfc9068", Some("fidesops")).await;
    server
}

async fn token(server: &TestServer, id: &str, secret: &str) -> Answer {
    let pairs = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    Request::post(TOKEN).form(&pairs).send(server).await
}

async fn root(server: &TestServer) -> String {
    let (id, secret) = server.root();
    token(server, id, secret).await.token()
}

async fn create(server: &TestServer, bearer: &str, body: &Value) -> Answer {
    Request::post(CLIENT).bearer(bearer).json(body).send(server).await
}

/// A client with these scopes, and its token.
async fn caller(server: &TestServer, scopes: &[&str]) -> (String, String) {
    let made = create(server, &root(server).await, &json!(scopes)).await;
    let (id, secret) = (made.str("client_id"), made.str("client_secret"));
    let token = token(server, &id, &secret).await.token();
    (id, token)
}

fn detail(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.str("detail"))
}

/// dialects d.0: root's token, a client from a bare array, its token with those scopes.
#[tokio::test]
async fn tutorial_0_works() {
    let server = installation().await;
    let root = root(&server).await;
    let made = create(&server, &root, &json!(TUTORIAL)).await;
    assert_eq!(made.status, 200);
    assert_eq!(made.json().as_object().unwrap().len(), 2);
    let answer = token(&server, &made.str("client_id"), &made.str("client_secret")).await;
    assert_eq!(answer.claims()["scope"], TUTORIAL.join(" "));
    assert_eq!(
        (answer.str("token_type").as_str(), answer.json()["expires_in"].as_i64()),
        ("Bearer", Some(3600))
    );
    assert_eq!(answer.str("expires_at"), "2026-01-01T01:00:00");
}

/// dialects c.1: what is accepted, and the one answer for everything else.
#[tokio::test]
async fn the_token_endpoint_answers_as_there() {
    let server = installation().await;
    let (id, secret) = server.root();
    let basic = Request::post(TOKEN).basic(id, secret).send(&server).await;
    assert_eq!(basic.status, 200, "Basic, and no body: {}", basic.text());
    let over = Request::post(format!("{TOKEN}/"))
        .basic("x", "y")
        .form(&[("client_id", id), ("client_secret", secret)]);
    assert_eq!(over.send(&server).await.status, 200, "a whole body over Basic, a slash at the end");
    let failure = (401, "Authentication Failure".to_owned());
    for request in [
        Request::post(TOKEN),
        Request::post(TOKEN).basic(id, "wrong"),
        Request::post(TOKEN).form(&[("client_id", "nobody"), ("client_secret", "x")]),
        Request::post(TOKEN).form(&[("client_id", id)]),
        Request::post(TOKEN).json(&json!({"client_id": id, "client_secret": secret})),
    ] {
        let answer = request.clone().send(&server).await;
        assert_eq!(detail(&answer), failure, "{request:?}");
        assert_eq!(answer.header("www-authenticate"), None);
    }
    let malformed = Request::post(TOKEN).header("authorization", "Basic ???").send(&server).await;
    assert_eq!(detail(&malformed), (401, "Invalid authentication credentials".to_owned()));
    assert_eq!(malformed.header("www-authenticate"), Some("Basic"));
    let other =
        Request::post(TOKEN).basic(id, secret).form(&[("grant_type", "password")]).send(&server).await;
    assert_eq!(other.status, 422);
    assert_eq!(other.json()["detail"][0]["loc"], json!(["body", "grant_type"]));
    let get = Request::get(TOKEN).send(&server).await;
    assert_eq!(detail(&get), (405, "Method Not Allowed".to_owned()));
    for path in ["/api/v1/oauth/role", "/api/v1/oauth/client/a/nope"] {
        assert_eq!(detail(&Request::get(path).send(&server).await), (404, "Not Found".to_owned()), "{path}");
    }
}

/// Issue 3, item 5: root's token here opens these URLs and nothing else; another realm's tokens do not open them.
#[tokio::test]
async fn root_tokens_open_this_door_alone() {
    let server = installation().await;
    let root = root(&server).await;
    assert_eq!(Request::get("/api/v1/oauth/scope").bearer(&root).send(&server).await.status, 200);
    let admin = Request::get("/admin/v1/realms").bearer(&root).send(&server).await;
    assert!(admin.status == 401 || admin.status == 403, "{}", admin.status);
    for foreign in [server.root_token().await, "x".to_owned(), format!("{root}x")] {
        let answer = Request::get("/api/v1/oauth/scope").bearer(&foreign).send(&server).await;
        assert_eq!(detail(&answer), (403, "Not Authorized for this action".to_owned()));
    }
    for request in [Request::get(CLIENT), Request::get(CLIENT).header("authorization", "Basic YTpi")] {
        let answer = request.send(&server).await;
        assert_eq!(detail(&answer), (401, "Failed to authenticate".to_owned()));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    server.clock().advance(3700);
    let late = Request::get("/api/v1/oauth/scope").bearer(&root).send(&server).await;
    assert_eq!(late.status, 403);
}

/// dialects c.2: array, object and nothing; the registry; what is not in it.
#[tokio::test]
async fn clients_are_made_in_three_ways() {
    let server = installation().await;
    let root = root(&server).await;
    let registry = Request::get("/api/v1/oauth/scope/").bearer(&root).send(&server).await.json();
    assert!(registry.as_array().unwrap().len() >= 49);
    assert_eq!(registry[0], "client:create");
    let object = json!({"name": "n", "description": "d", "scopes": ["policy:read"]});
    let made = create(&server, &root, &object).await;
    let path = format!("{CLIENT}/{}", made.str("client_id"));
    let item = json!({"client_id": made.str("client_id"), "name": "n", "description": "d", "scopes": ["policy:read"]});
    assert_eq!(Request::get(&path).bearer(&root).send(&server).await.json(), item);
    for request in [
        Request::post(CLIENT),
        Request::post(CLIENT).json(&json!({})),
        Request::post(CLIENT).json(&json!([])),
    ] {
        let made = request.bearer(&root).send(&server).await;
        let scope = format!("{CLIENT}/{}/scope", made.str("client_id"));
        assert_eq!(Request::get(&scope).bearer(&root).send(&server).await.json(), json!([]));
        assert_eq!(token(&server, &made.str("client_id"), &made.str("client_secret")).await.status, 200);
    }
    let bad = create(&server, &root, &json!(["nope"])).await;
    assert_eq!(bad.status, 422);
    assert!(bad.str("detail").starts_with("Invalid Scope. Scopes must be one of ['client:create', "));
    for body in ["{", "7", r#"{"scopes":["policy:read"],"scopes":[]}"#] {
        let answer = Request::post(CLIENT).bearer(&root).body("application/json", body).send(&server).await;
        assert_eq!(answer.status, 422, "{body}");
    }
}

/// dialects c.2, the other routes, for clients that are there and that are not.
#[tokio::test]
async fn clients_are_managed_as_there() {
    let server = installation().await;
    let root = root(&server).await;
    let (id, _) = caller(&server, &["policy:read"]).await;
    let path = format!("{CLIENT}/{id}");
    let call = |method: Method, path: String, body: Option<Value>| {
        let request = Request::new(method, path).bearer(&root);
        body.map_or(request.clone(), |body| request.json(&body)).send(&server)
    };
    let put = call(Method::PUT, format!("{path}/scope"), Some(json!(["policy:delete"]))).await;
    assert_eq!((put.status.as_u16(), put.text()), (200, "null"));
    let scopes = call(Method::GET, format!("{path}/scope"), None).await;
    assert_eq!(scopes.json(), json!(["policy:delete"]));
    let renamed = call(Method::PUT, path.clone(), Some(json!({"name": "new"}))).await.json();
    assert_eq!((&renamed["name"], &renamed["scopes"]), (&json!("new"), &json!(["policy:delete"])));
    let rotated = call(Method::POST, format!("{path}/secret"), None).await;
    assert_eq!(token(&server, &id, &rotated.str("client_secret")).await.status, 200);
    let list = call(Method::GET, format!("{CLIENT}?page=1&size=10"), None).await.json();
    assert_eq!(
        (&list["total"], &list["pages"], &list["items"][0]["client_id"]),
        (&json!(1), &json!(1), &json!(id))
    );
    assert_eq!(call(Method::GET, format!("{CLIENT}?size=1000"), None).await.status, 422);
    let gone = call(Method::DELETE, path.clone(), None).await;
    assert_eq!((gone.status.as_u16(), gone.text()), (200, "null"));
    for (method, suffix, body, status, text) in [
        (Method::DELETE, "", None, 200, "null"),
        (Method::GET, "/scope", None, 200, "[]"),
        (Method::PUT, "/scope", Some(json!(["nope"])), 200, "null"),
        (Method::GET, "", None, 404, r#"{"detail":"Client not found."}"#),
        (Method::PUT, "", Some(json!({"name": "x"})), 404, r#"{"detail":"Client not found."}"#),
        (Method::POST, "/secret", None, 404, r#"{"detail":"Client not found."}"#),
    ] {
        let answer = call(method.clone(), format!("{path}{suffix}"), body).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, text), "{method} {suffix}");
    }
}

/// Issue 3, item 5, threats 4 "admin API IDOR": nobody gives what it does not hold, or touches who holds more.
#[tokio::test]
async fn callers_cannot_rise() {
    let server = installation().await;
    let (own, token) =
        caller(&server, &["client:create", "client:update", "client:read", "client:delete", "policy:read"])
            .await;
    let (stronger, _) = caller(&server, &["policy:read", "policy:delete"]).await;
    let (weaker, _) = caller(&server, &["policy:read"]).await;
    let lacks =
        (403, "Cannot assign scopes that you do not have. Missing scopes: ['policy:delete']".to_owned());
    assert_eq!(detail(&create(&server, &token, &json!(["policy:read", "policy:delete"])).await), lacks);
    assert_eq!(create(&server, &token, &json!(["policy:read"])).await.status, 200);
    let call = |method: Method, path: String, body: Value| {
        Request::new(method, path).bearer(&token).json(&body).send(&server)
    };
    let rise = call(Method::PUT, format!("{CLIENT}/{own}/scope"), json!(["policy:delete"])).await;
    assert_eq!(detail(&rise), lacks);
    for (method, suffix) in
        [(Method::PUT, "/scope"), (Method::PUT, ""), (Method::DELETE, ""), (Method::POST, "/secret")]
    {
        let answer = call(method.clone(), format!("{CLIENT}/{stronger}{suffix}"), json!([])).await;
        assert_eq!(answer.status, 403, "{method} {suffix} of a stronger client");
    }
    assert_eq!(call(Method::POST, format!("{CLIENT}/{weaker}/secret"), json!(null)).await.status, 200);
    assert_eq!(call(Method::DELETE, format!("{CLIENT}/{weaker}"), json!(null)).await.status, 200);
    let api = server.api("fides", "https://other.example", &["x"]).await;
    let (elsewhere, _) = caller(&server, &[]).await;
    server.grant("fides", &elsewhere, &api.id, &["x"], &[]).await;
    assert_eq!(call(Method::DELETE, format!("{CLIENT}/{elsewhere}"), json!(null)).await.status, 403);
}

/// dialects c.3: the route's scope is needed; narrowing, disabling or removing a client ends its old tokens here.
#[tokio::test]
async fn tokens_are_judged_as_of_now() {
    let server = installation().await;
    let root = root(&server).await;
    let (id, token) = caller(&server, &["client:read", "scope:read"]).await;
    let read = || Request::get(CLIENT).bearer(&token).send(&server);
    assert_eq!(read().await.status, 200);
    assert_eq!(create(&server, &token, &json!([])).await.status, 403);
    let narrow =
        Request::new(Method::PUT, format!("{CLIENT}/{id}/scope")).bearer(&root).json(&json!(["client:read"]));
    narrow.send(&server).await;
    assert_eq!(read().await.status, 403, "the token says more than the client has");
    let (id, token) = caller(&server, &["client:read"]).await;
    let disabled = ClientPatch { enabled: Change::Set(false), ..ClientPatch::default() };
    server.update_client("fides", &id, disabled).await;
    assert_eq!(Request::get(CLIENT).bearer(&token).send(&server).await.status, 403);
}
