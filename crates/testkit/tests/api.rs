//! The API of tests lets in what it should, keeps what it saw, and answers as a test wants.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test that uses it")]

use std::sync::Arc;

use bytes::Bytes;
use countersign_proto::jose::Algorithm;
use countersign_testkit::{
    Answer, TestApi, TestAuthority, TestClientKey, TestClock, TestIdentity, TestIssuer,
};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;

async fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request =
        headers.iter().fold(Request::get(url), |request, (name, value)| request.header(*name, *value));
    let (head, body) = client.request(request.body(Full::default()).unwrap()).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, body }
}

async fn bearer(api: &TestApi, token: &str) -> u16 {
    get(&api.url("/orders?x=1"), &[("authorization", &format!("Bearer {token}"))]).await.status.as_u16()
}

/// The error of the first challenge.
fn error(answer: &Answer) -> Option<&str> {
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").unwrap();
    Some(challenge.split_once("error=\"")?.1.split('"').next().unwrap())
}

#[tokio::test]
async fn lets_in_good_tokens_alone() {
    let clock = Arc::new(TestClock::default());
    let issuer = TestIssuer::with().clock(clock.clone()).start().await;
    let api = TestApi::of(&issuer).start().await;
    let token = issuer.mint().token();
    assert_eq!(bearer(&api, &token).await, 200);
    let other = TestIssuer::start().await;
    for bad in [
        other.mint().token(),
        issuer.mint().claim("aud", "x").token(),
        issuer.mint().signature([0; 64]).token(),
        issuer.mint().bound_to(&TestClientKey::new(Algorithm::ES256)).token(),
        issuer.mint().bound_to_certificate(b"x").token(),
        "x".to_owned(),
    ] {
        assert_eq!(bearer(&api, &bad).await, 401);
    }
    let without = get(&api.url("/"), &[]).await;
    assert_eq!(error(&without), None);
    api.revoke(&token);
    assert_eq!(bearer(&api, &token).await, 401);
    let token = issuer.mint().token();
    clock.advance(TestIssuer::LIFETIME + 30);
    assert_eq!(bearer(&api, &token).await, 401);
    assert_eq!((api.count(), api.let_in()), (10, 1));
    let seen = api.received();
    assert_eq!((seen[0].target.as_str(), seen[0].path()), ("/orders?x=1", "/orders"));
    assert!(seen[0].header("authorization").unwrap().starts_with("Bearer ey"));
    let elsewhere = TestApi::of(&issuer).audience("urn:x").start().await;
    assert_eq!(bearer(&elsewhere, &issuer.mint().claim("aud", "urn:x").token()).await, 200);
}

/// T-9449-04, T-9449-05, T-9449-07: testkit's API wants a proof with a bound token, and its nonce once it demands one.
#[tokio::test]
async fn bound_tokens_need_a_proof() {
    let issuer = TestIssuer::start().await;
    let api = TestApi::of(&issuer).start().await;
    let key = TestClientKey::new(Algorithm::ES256);
    let token = issuer.mint().bound_to(&key).token();
    let url = api.url("/orders");
    let proof = || key.proof("GET", &url).ath(&token);
    let ask = async |proof: String| {
        get(&url, &[("authorization", &format!("DPoP {token}")), ("dpop", &proof)]).await
    };
    let once = proof().token();
    assert_eq!(ask(once.clone()).await.status, 200);
    assert_eq!(error(&ask(once).await), Some("invalid_dpop_proof"), "a replay");
    assert_eq!(error(&ask(proof().claim("htm", "POST").token()).await), Some("invalid_dpop_proof"));
    assert_eq!(error(&ask(key.proof("GET", &url).token()).await), Some("invalid_dpop_proof"));
    let unbound = format!("DPoP {}", issuer.mint().token());
    let answer = get(&url, &[("authorization", &unbound), ("dpop", &proof().token())]).await;
    assert_eq!(error(&answer), Some("invalid_token"));
    api.demand_new_nonce();
    let answer = ask(proof().token()).await;
    assert_eq!(error(&answer), Some("use_dpop_nonce"));
    let first = answer.header("dpop-nonce").unwrap().to_owned();
    assert_eq!(ask(proof().claim("nonce", first.as_str()).token()).await.status, 200);
    api.announce_new_nonce();
    let answer = ask(proof().claim("nonce", first.as_str()).token()).await;
    let second = answer.header("dpop-nonce").unwrap();
    assert!(answer.status == 200 && second != first);
    assert_eq!(error(&ask(proof().claim("nonce", first).token()).await), Some("use_dpop_nonce"));
    assert_eq!(ask(proof().claim("nonce", second).token()).await.status, 200);
}

#[tokio::test]
async fn answers_what_a_test_wants() {
    let api = TestApi::checking(|token| token == "good").names_issuers(&["https://a.example"]).start().await;
    assert_eq!((bearer(&api, "good").await, bearer(&api, "bad").await), (200, 401));
    api.refuse_next();
    api.redirect_next(307, "https://other.example/");
    let answer = get(&api.url("/"), &[("authorization", "Bearer good")]).await;
    assert_eq!(error(&answer), Some("invalid_token"));
    let metadata = api.url("/.well-known/oauth-protected-resource");
    let named = format!("resource_metadata=\"{metadata}\"");
    assert!(answer.header("www-authenticate").unwrap().contains(&named));
    let document = get(&metadata, &[]).await.json();
    assert_eq!(document["authorization_servers"], json!(["https://a.example"]));
    assert_eq!(document["resource"], api.origin());
    assert_eq!(bearer(&api, "good").await, 307);
    assert_eq!((bearer(&api, "good").await, api.count()), (200, 5));
    api.down().await;
    api.up();
    assert_eq!(bearer(&api, "good").await, 200);
}

/// T-8705-04: testkit's API wants the certificate that a token is bound to, on this very connection.
#[tokio::test]
async fn bound_tokens_need_their_certificate() {
    let authority = TestAuthority::new();
    let issuer = TestIssuer::start().await;
    let api = TestApi::of(&issuer).tls(&authority).start().await;
    let (own, other) = (TestIdentity::self_signed(&["a.example"]), authority.identity(&["a.example"]));
    let bound = issuer.mint().bound_to_certificate(own.der()).token();
    for (token, identity, expected) in
        [(&bound, &own, 200), (&bound, &other, 401), (&issuer.mint().token(), &other, 200)]
    {
        let stream = tls(&authority, identity, &api).await;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        let answer = sender.send_request(request.body(Full::default()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), expected);
        connection.abort();
    }
}

async fn tls(
    authority: &TestAuthority,
    identity: &TestIdentity,
    api: &TestApi,
) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.der().to_vec().into()).unwrap();
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(identity.key_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![identity.der().to_vec().into()], key.into())
        .unwrap();
    let tcp = tokio::net::TcpStream::connect(api.origin().trim_start_matches("https://")).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
}
