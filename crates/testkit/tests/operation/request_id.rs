//! `X-Request-Id` and the headers of every answer.

use std::collections::HashSet;

use countersign_testkit::{Request, TestServer};
use http::Method;

/// Issue 3, items 10 and 14: on every answer, never twice the same, and another's only from a trusted proxy.
#[tokio::test]
async fn every_answer_has_one() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let mut seen = HashSet::new();
    for request in [
        Request::get("/nowhere"),
        Request::get("/realms/myorg/oauth2/jwks"),
        Request::get("/realms/myorg/oauth2/token"),
        Request::new(Method::OPTIONS, "/realms/myorg/oauth2/jwks"),
        Request::post("/realms/myorg/oauth2/token")
            .basic("svc", &secret)
            .raw_form("grant_type=client_credentials"),
        Request::post("/realms/myorg/oauth2/token")
            .basic("svc", "wrong")
            .raw_form("grant_type=client_credentials"),
        Request::get("/admin/v1/realms"),
        Request::get("/api/v1/oauth/client"),
    ] {
        let answer = request.clone().header("x-request-id", "mine").send(&server).await;
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert!(id.len() == 16 && seen.insert(id), "{request:?}");
        for name in
            ["x-content-type-options", "x-frame-options", "referrer-policy", "content-security-policy"]
        {
            assert!(answer.header(name).is_some(), "{name} of {request:?}");
        }
    }
}

/// Issue 3, item 14: an id of a trusted proxy goes through when it is plain.
#[tokio::test]
async fn a_trusted_proxy_may_give_it() {
    let server = TestServer::with().trusted_proxy("127.0.0.0/8").start().await;
    let given = Request::get("/nowhere").header("x-request-id", "abc-1.2_3").send(&server).await;
    assert_eq!(given.header("x-request-id"), Some("abc-1.2_3"));
    let odd = Request::get("/nowhere").header("x-request-id", "a b").send(&server).await;
    assert_ne!(odd.header("x-request-id"), Some("a b"));
    let two =
        Request::get("/nowhere").header("x-request-id", "a").header("x-request-id", "b").send(&server).await;
    assert_eq!(two.header("x-request-id").unwrap().len(), 16);
}

/// Strict-Transport-Security only where browsers come by https, and never for loopback or for hosts below ours.
#[tokio::test]
async fn hsts_follows_the_public_url() {
    for (url, expected) in [
        ("https://id.example", Some("max-age=31536000")),
        ("http://id.example", None),
        ("https://localhost:8443", None),
        ("https://127.0.0.1:8443", None),
    ] {
        let server = TestServer::with().public_url(url).start().await;
        let answer = Request::get("/nowhere").send(&server).await;
        assert_eq!(answer.header("strict-transport-security"), expected, "{url}");
    }
}
