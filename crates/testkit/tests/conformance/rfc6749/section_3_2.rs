//! §3.2, the token endpoint: method, parameters, body.

use countersign_testkit::{Request, TestServer};
use http::Method;

const TOKEN: &str = "/realms/myorg/oauth2/token";
const GRANT: &str = "grant_type=client_credentials";

/// T-6749-02: POST alone; everything else is 405 with `Allow: POST`, and never a token.
#[tokio::test]
async fn takes_post_alone() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let request = Request::new(method.clone(), TOKEN).basic("svc", &secret).raw_form(GRANT);
        let answer = request.send(&server).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("POST"), "{method}");
        assert!(!answer.text().contains("access_token"), "{method}");
    }
}

/// T-6749-04: a parameter without a value is an absent one.
#[tokio::test]
async fn an_empty_parameter_is_absent() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let empty = [("scope", ""), ("resource", ""), ("audience", ""), ("client_secret", ""), ("client_id", "")];
    let answer = server.token("myorg", "svc", &secret, &empty).await;
    assert_eq!(answer.str("scope"), "orders:read");
    let no_grant_type = Request::post(TOKEN).basic("svc", &secret).raw_form("grant_type=");
    assert_eq!(no_grant_type.send(&server).await.refusal(), "400 invalid_request");
}

/// T-6749-05: what we do not know we ignore.
#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let path = format!("{TOKEN}?trace=on&%C3%A4=1");
    let body = format!("{GRANT}&organization=x&%C3%A4=1&login_hint=");
    let answer = Request::post(path).basic("svc", &secret).raw_form(&body).send(&server).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// T-6749-06, threats 3 "HTTP parameter pollution": twice is refused, whatever the values; also once in the URL.
#[tokio::test]
async fn repeated_parameters_are_refused() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let post =
        |path: &str, body: &str| Request::post(path).basic("svc", &secret).raw_form(body).send(&server);
    for more in [
        "grant_type=client_credentials",
        "scope=orders:read&scope=orders:read",
        "scope=&scope=orders:read",
        "%73cope=orders:read&scope=orders:read",
        "x=1&x=2",
    ] {
        let body = format!("{GRANT}&{more}");
        assert_eq!(post(TOKEN, &body).await.refusal(), "400 invalid_request", "{more}");
    }
    let split = format!("{TOKEN}?scope=orders:write");
    assert_eq!(post(&split, &format!("{GRANT}&scope=orders:read")).await.refusal(), "400 invalid_request");
}

/// T-6749-25: a form and nothing else, in UTF-8.
#[tokio::test]
async fn takes_forms_alone() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let post = || Request::post(TOKEN).basic("svc", &secret);
    for media_type in
        ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded"]
    {
        assert_eq!(post().body(media_type, GRANT).send(&server).await.status, 200, "{media_type}");
    }
    for media_type in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
        "application/x-www-form-urlencoded-x",
    ] {
        let answer = post().body(media_type, GRANT).send(&server).await;
        assert_eq!(answer.refusal(), "400 invalid_request", "{media_type}");
    }
    assert_eq!(post().send(&server).await.refusal(), "400 invalid_request");
    let gzip = post().header("content-encoding", "gzip").raw_form(GRANT).send(&server).await;
    assert_eq!(gzip.refusal(), "400 invalid_request");
    for body in ["scope=%zz", "scope=%f", "scope=%ff", "%c3%28=1"] {
        let answer = post().raw_form(&format!("{GRANT}&{body}")).send(&server).await;
        assert_eq!(answer.refusal(), "400 invalid_request", "{body}");
    }
    let mut raw = GRANT.as_bytes().to_vec();
    raw.extend_from_slice(b"&scope=\xff");
    let answer = post().body("application/x-www-form-urlencoded", raw).send(&server).await;
    assert_eq!(answer.refusal(), "400 invalid_request");
}

/// threats 5, "oversized form, 10k params": 413 above 64 KiB, 400 above a hundred parameters.
#[tokio::test]
async fn forms_have_a_size() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let post = |body: &str| Request::post(TOKEN).basic("svc", &secret).raw_form(body).send(&server);
    let padded = |size: usize| format!("{GRANT}&x={}", "a".repeat(size - GRANT.len() - 3));
    assert_eq!(post(&padded(64 * 1024)).await.status, 200);
    let answer = post(&padded(64 * 1024 + 1)).await;
    assert_eq!(answer.refusal(), "413 invalid_request");
    let many: String = (0..10_000).map(|n| format!("&p{n}=")).collect();
    assert_eq!(post(&format!("{GRANT}{}", &many[..60_000])).await.refusal(), "400 invalid_request");
}

/// An unknown realm is no secret, and nothing else is behind it.
#[tokio::test]
async fn unknown_realms_are_not_found() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    for realm in ["nowhere", "MYORG", "myorg%20", "..", "%2e%2e"] {
        let answer = server.token(realm, "svc", &secret, &[]).await;
        assert_eq!(answer.status, 404, "{realm}");
    }
    let encoded = server.token("%6Dyorg", "svc", &secret, &[]).await;
    assert_eq!(encoded.status, 200);
}
