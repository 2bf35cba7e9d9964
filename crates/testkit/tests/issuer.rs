//! What the issuer of tests does over HTTP, and what it mints.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test that uses it")]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign_proto::jose::{
    AccessToken, Algorithm, Claims, JwkSet, Rules, StaticKeys, VerifyError, verify,
};
use countersign_testkit::issuer::{Document, Reply};
use countersign_testkit::{Answer, TestClientKey, TestClock, TestIssuer, clock::EPOCH};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

/// `None` when there is no connection.
async fn send(request: Request<Full<Bytes>>) -> Option<Answer> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let (head, body) = client.request(request).await.ok()?.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    Some(Answer { status: head.status, headers: head.headers, body })
}

async fn get(issuer: &TestIssuer, document: Document) -> Option<Answer> {
    send(Request::get(issuer.url(document)).body(Full::default()).unwrap()).await
}

async fn introspect(issuer: &TestIssuer, secret: &str, body: &str) -> Answer {
    let basic = format!("Basic {}", STANDARD.encode(format!("guard:{secret}")));
    let request = Request::post(issuer.url(Document::Introspection)).header("authorization", basic);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    send(request.body(Full::from(body.to_owned())).unwrap()).await.unwrap()
}

fn check(token: &str, issuer: &TestIssuer, keys: &StaticKeys) -> Result<(), VerifyError> {
    let rules = Rules::access_token(issuer.issuer(), TestIssuer::AUDIENCE, &Algorithm::ALL);
    verify::<AccessToken>(token, keys, &rules, issuer.now().0).map(drop)
}

#[tokio::test]
async fn documents_stand_where_the_standards_have_them() {
    for (path, oauth, oidc) in [
        ("", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"),
        ("/", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"),
        (
            "/realms/a",
            "/.well-known/oauth-authorization-server/realms/a",
            "/realms/a/.well-known/openid-configuration",
        ),
    ] {
        let issuer = TestIssuer::with().path(path).start().await;
        for (document, expected) in [(Document::OauthMetadata, oauth), (Document::OidcMetadata, oidc)] {
            assert!(issuer.url(document).ends_with(expected), "{}", issuer.url(document));
            let metadata = get(&issuer, document).await.unwrap().json();
            assert_eq!(metadata["issuer"], issuer.issuer());
            assert_eq!(metadata["jwks_uri"], issuer.url(Document::Jwks));
            assert_eq!(metadata["introspection_endpoint"], issuer.url(Document::Introspection));
            assert_eq!(issuer.count(document), 1);
        }
        assert!(issuer.issuer().ends_with(path));
    }
    let issuer = TestIssuer::with().issuer("https://tenant.example/").start().await;
    assert_eq!(
        get(&issuer, Document::OidcMetadata).await.unwrap().json()["issuer"],
        "https://tenant.example/"
    );
}

#[tokio::test]
async fn published_keys_verify_and_rotate() {
    let issuer = TestIssuer::start().await;
    let published = async || {
        let set = get(&issuer, Document::Jwks).await.unwrap();
        StaticKeys::new(issuer.issuer(), &JwkSet::parse(&set.body).unwrap())
    };
    let keys = published().await;
    for algorithm in Algorithm::ALL {
        let before = issuer.mint().key(&issuer.key(algorithm)).token();
        assert_eq!(check(&before, &issuer, &keys), Ok(()));
        let old = issuer.rotate(algorithm);
        assert!(old.kid().ends_with("-1") && issuer.key(algorithm).kid() != old.kid());
        let (after, keys) = (issuer.mint().key(&issuer.key(algorithm)).token(), published().await);
        assert_eq!(check(&after, &issuer, &keys), Ok(()));
        assert!(matches!(check(&before, &issuer, &keys), Err(VerifyError::Key(_))));
        issuer.publish(old);
        assert_eq!(check(&before, &issuer, &published().await), Ok(()));
    }
    assert_eq!(issuer.count(Document::Jwks), 11);
}

#[tokio::test]
async fn issuers_share_names_of_keys_but_no_keys() {
    let (one, two) = (TestIssuer::start().await, TestIssuer::start().await);
    for algorithm in Algorithm::ALL {
        let (a, b) = (one.key(algorithm), two.key(algorithm));
        assert_eq!(a.kid(), b.kid());
        assert_ne!(a.public_jwk().thumbprint(), b.public_jwk().thumbprint());
    }
}

#[tokio::test]
async fn answers_what_a_test_wants() {
    let issuer = TestIssuer::start().await;
    issuer.answer(Document::Jwks, Reply::status(503).body("text/html", "<p>").header("retry-after", "1"));
    let answer = get(&issuer, Document::Jwks).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.text()), (503, "<p>"));
    assert_eq!((answer.header("retry-after"), answer.header("content-type")), (Some("1"), Some("text/html")));
    issuer.answer(Document::Jwks, Reply::json(&json!({ "keys": [] })));
    assert_eq!(get(&issuer, Document::Jwks).await.unwrap().text(), r#"{"keys":[]}"#);
    issuer.restore(Document::Jwks);
    assert_eq!(get(&issuer, Document::Jwks).await.unwrap().json(), issuer.document(Document::Jwks));
    assert_eq!(issuer.count(Document::Jwks), 3);
    let strange = Request::get(format!("{}/nothing", issuer.issuer())).body(Full::default()).unwrap();
    assert_eq!(send(strange).await.unwrap().status, 404);
}

#[tokio::test]
async fn requests_wait_for_a_hold() {
    let issuer = Arc::new(TestIssuer::start().await);
    let hold = issuer.hold(Document::Jwks);
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let issuer = Arc::clone(&issuer);
            tokio::spawn(async move { get(&issuer, Document::Jwks).await.unwrap().status })
        })
        .collect();
    issuer.asked(Document::Jwks, 3).await;
    assert!(waiting.iter().all(|request| !request.is_finished()));
    assert_eq!(get(&issuer, Document::OidcMetadata).await.unwrap().status, 200);
    hold.release();
    for request in waiting {
        assert_eq!(request.await.unwrap(), 200);
    }
    drop(issuer.hold(Document::Jwks));
    assert_eq!(get(&issuer, Document::Jwks).await.unwrap().status, 200);
}

/// Whoever waits is let go when the issuer goes down.
#[tokio::test]
async fn hangs() {
    let issuer = TestIssuer::start().await;
    issuer.answer(Document::Jwks, Reply::hanging());
    let others = async {
        issuer.asked(Document::Jwks, 1).await;
        assert_eq!(get(&issuer, Document::OidcMetadata).await.unwrap().status, 200);
        issuer.down().await;
    };
    let ((), answer) = tokio::join!(others, get(&issuer, Document::Jwks));
    assert!(answer.is_none());
}

#[tokio::test]
async fn stalls_after_the_body() {
    let issuer = TestIssuer::start().await;
    issuer.answer(Document::Jwks, Reply::json(&json!({ "keys": [] })).stalling());
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::get(issuer.url(Document::Jwks)).body(Full::default()).unwrap();
    let mut body = client.request(request).await.unwrap().into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(first, r#"{"keys":[]}"#);
    issuer.down().await;
    assert!(body.frame().await.unwrap().is_err());
}

#[tokio::test]
async fn goes_down_and_up_at_the_same_port() {
    let issuer = TestIssuer::start().await;
    let before = issuer.url(Document::Jwks);
    for _ in 0..3 {
        assert_eq!(get(&issuer, Document::Jwks).await.unwrap().status, 200);
        issuer.down().await;
        issuer.down().await;
        assert!(get(&issuer, Document::Jwks).await.is_none());
        issuer.up();
        issuer.up();
    }
    assert_eq!(
        (get(&issuer, Document::Jwks).await.unwrap().status.as_u16(), before),
        (200, issuer.url(Document::Jwks))
    );
    assert_eq!(issuer.count(Document::Jwks), 4);
}

#[tokio::test]
async fn introspects_as_told() {
    let issuer = TestIssuer::start().await;
    issuer.introspects("a b", json!({ "active": true, "scope": "orders:read" }));
    let answer = introspect(&issuer, "guard-secret", "token=a+b&token_type_hint=access_token").await;
    assert_eq!((&answer.json()["active"], &answer.json()["scope"]), (&json!(true), &json!("orders:read")));
    let answer = introspect(&issuer, "guard-secret", "token=other").await;
    assert_eq!(answer.text(), r#"{"active":false}"#);
    assert_eq!(introspect(&issuer, "wrong", "token=a+b").await.refusal(), "401 invalid_client");
    assert_eq!(introspect(&issuer, "guard-secret", "x=y").await.refusal(), "400 invalid_request");
    assert_eq!(get(&issuer, Document::Introspection).await.unwrap().status, 405);
    assert_eq!(issuer.count(Document::Introspection), 5);
}

#[tokio::test]
async fn tokens_follow_the_clock() {
    let clock = Arc::new(TestClock::default());
    let issuer = TestIssuer::with().clock(clock.clone()).start().await;
    let token = issuer.mint().token();
    assert_eq!(check(&token, &issuer, &issuer.static_keys()), Ok(()));
    clock.advance(TestIssuer::LIFETIME + 30);
    assert_eq!(issuer.now(), EPOCH.plus(330));
    assert_eq!(check(&token, &issuer, &issuer.static_keys()), Err(VerifyError::Expired(30)));
    assert_eq!(check(&issuer.mint().token(), &issuer, &issuer.static_keys()), Ok(()));
}

#[tokio::test]
async fn other_issuers_shapes_are_theirs() {
    let issuer = TestIssuer::start().await;
    let claims = |token: String| {
        let rules = Rules::new("JWT", issuer.issuer(), TestIssuer::AUDIENCE, &[Algorithm::RS256]);
        let rules = rules.or_audience("api://orders").danger_or_missing_type();
        let claims = verify::<Claims>(&token, &issuer.static_keys(), &rules, issuer.now().0).unwrap();
        (claims.header().typ().map(str::to_owned), claims.into_claims())
    };
    let (typ, keycloak) = claims(issuer.keycloak().token());
    assert_eq!(
        (typ.as_deref(), &keycloak.other["typ"], &keycloak.other["azp"]),
        (Some("JWT"), &json!("Bearer"), &json!("svc"))
    );
    assert_eq!(keycloak.scope.as_deref(), Some("orders:read email profile"));
    let (_, auth0) = claims(issuer.auth0().token());
    assert_eq!((auth0.sub.as_deref(), auth0.jti, auth0.client_id), (Some("svc@clients"), None, None));
    assert_eq!(auth0.other["gty"], "client-credentials");
    let (_, entra) = claims(issuer.entra().token());
    assert_eq!((&entra.other["roles"], &entra.other["ver"]), (&json!(["orders:read"]), &json!("2.0")));
    let (typ, okta) = claims(issuer.okta().token());
    assert_eq!((typ, &okta.other["scp"], &okta.other["cid"]), (None, &json!(["orders:read"]), &json!("svc")));
}

#[tokio::test]
async fn tokens_are_bound_to_keys_and_certificates() {
    let issuer = TestIssuer::start().await;
    let key = TestClientKey::new(Algorithm::ES256);
    let cnf = |token: String| {
        let rules = Rules::access_token(issuer.issuer(), TestIssuer::AUDIENCE, &[Algorithm::ES256]);
        verify::<AccessToken>(&token, &issuer.static_keys(), &rules, issuer.now().0)
            .unwrap()
            .into_claims()
            .cnf
    };
    assert_eq!(cnf(issuer.mint().bound_to(&key).token()).unwrap()["jkt"], key.jkt());
    let bound = cnf(issuer.mint().bound_to_certificate(b"der").token()).unwrap();
    assert_eq!(bound["x5t#S256"], "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-Oo");
}
