//! `client_secret_basic`, `client_secret_post`, and Auth0's JSON.

use countersign_client::{ClientAuth, SecretSource};
use countersign_testkit::issuer::{Document, Transport};
use http::Method;

use super::scene::{Scene, refused, setting, take};

/// T-6749-10: whatever the secret holds, a strict server reads it.
#[tokio::test]
async fn odd_secrets_arrive_by_basic_and_in_the_body() {
    let scene = Scene::new().await;
    for secret in ["plain", "a:b", " %&+£€", "a%20b", "%zz", "\u{1f511}", "\"\\"] {
        let (id, secret) = ("svc:1 £", secret.to_owned());
        let _ = scene.issuer.client(id).without_secrets().secret_by(&secret, Transport::Basic);
        take(scene.discover().client_secret(id, secret.clone())).await.unwrap();
        let _ = scene.issuer.client(id).without_secrets().secret_by(&secret, Transport::Post);
        take(scene.discover().auth(ClientAuth::client_secret_post(id, secret))).await.unwrap();
    }
}

/// T-6749-03: POST, with the parameters in the body, and the query of the endpoint as it is.
#[tokio::test]
async fn the_query_of_the_token_endpoint_is_kept() {
    let clock = std::sync::Arc::new(countersign_testkit::TestClock::default());
    let issuer = countersign_testkit::TestIssuer::with().clock(clock.clone()).token_query("v=2&x").start();
    let scene = Scene::with(issuer.await, clock);
    let _ = scene.issuer.client("svc").secret("secret");
    for tokens in [scene.discover(), scene.at()] {
        take(tokens.client_secret("svc", "secret".to_owned()).scope("a")).await.unwrap();
        let sent = scene.last();
        assert_eq!((sent.method.clone(), sent.query()), (Method::POST, Some("v=2&x")));
        assert_eq!(sent.parameter("scope").as_deref(), Some("a"));
    }
}

/// T-8707-04: on every request, in canonical form.
#[tokio::test]
async fn the_resource_is_sent_with_every_request() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret("secret").targets(&["https://orders.example"]);
    let tokens = || scene.discover().client_secret("svc", "secret".to_owned());
    let tokens_of_orders = tokens().resource("HTTPS://Orders.Example/").build().await.unwrap();
    let first = tokens_of_orders.token().await.unwrap();
    scene.clock.advance(3600);
    let second = tokens_of_orders.token().await.unwrap();
    assert_ne!(first.expose(), second.expose());
    let asked = scene.asked();
    assert_eq!(asked.len(), 2);
    for sent in asked {
        assert_eq!(sent.parameter("resource").as_deref(), Some("https://orders.example"));
    }
    assert_eq!(setting(take(tokens().resource("https://orders.example/#all")).await), "resource");
    assert_eq!(setting(take(tokens().resource("orders")).await), "resource");
}

#[tokio::test]
async fn auth0_is_sent_json() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret_by("s\"1", Transport::Json);
    let tokens = || scene.at().auth(ClientAuth::client_secret_post("svc", "s\"1".to_owned())).json_body();
    take(tokens().audience("urn:orders").scope("a").scope("b")).await.unwrap();
    let sent = scene.last();
    assert_eq!(sent.header("content-type"), Some("application/json"));
    let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
    let expected = serde_json::json!({
        "grant_type": "client_credentials",
        "client_id": "svc",
        "client_secret": "s\"1",
        "audience": "urn:orders",
        "scope": "a b",
    });
    assert_eq!(body, expected);
    assert_eq!(setting(take(tokens().audience("a").audience("b")).await), "json_body");
    assert_eq!(scene.asked().len(), 1);
}

/// A secret that was replaced after it was read is read anew, once; one that is merely wrong is not sent again.
#[tokio::test]
async fn a_secret_that_rotated_is_used_at_once() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret("new-secret");
    let path = scene.file("secret", "old-secret\n");
    let tokens = scene.discover().client_secret("svc", SecretSource::file(&path)).build().await.unwrap();
    let error = refused(tokens.token().await);
    assert_eq!((error.error.as_str(), scene.asked().len()), ("invalid_client", 1));

    let hold = scene.issuer.hold(Document::Token);
    let asking = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.token().await }
    });
    scene.issuer.asked(Document::Token, 2).await;
    std::fs::write(&path, "new-secret\n").unwrap();
    hold.release();
    asking.await.unwrap().unwrap();
    assert_eq!(scene.asked().len(), 3);
}

#[tokio::test]
async fn a_secret_may_come_from_a_command() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret("a secret");
    let source = SecretSource::command("printf", ["%s\n", "a secret"]);
    take(scene.discover().client_secret("svc", source)).await.unwrap();
    let source = SecretSource::command("false", [""; 0]);
    assert_eq!(setting(take(scene.discover().client_secret("svc", source)).await), "client_secret");
}

/// What cannot be read is known when the source is built, before anything is sent.
#[tokio::test]
async fn a_secret_that_is_not_there_is_missed_early() {
    let scene = Scene::new().await;
    let missing = || SecretSource::env("COUNTERSIGN_NO_SUCH_VARIABLE");
    let built = scene.discover().client_secret("svc", missing()).build().await.map(drop);
    assert_eq!(setting(built), "client_secret");
    assert_eq!(setting(take(scene.discover().client_secret("svc", missing())).await), "client_secret");
    assert_eq!(setting(take(scene.discover()).await), "client_secret");
    assert_eq!(scene.issuer.count(Document::Token), 0);
}
