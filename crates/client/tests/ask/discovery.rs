//! Whose metadata are believed, and where credentials go.

use std::sync::Arc;

use countersign_client::{Builder, TokenSource};
use countersign_testkit::issuer::{Document, Reply};
use countersign_testkit::{TestClock, TestIssuer};
use serde_json::json;

use super::scene::{Scene, setting, take};

fn secret(tokens: Builder) -> Builder {
    tokens.client_secret("svc", "secret".to_owned())
}

/// T-8414-02: the issuer as it was written, a slash at its end included; another one's metadata are discarded.
#[tokio::test]
async fn the_issuer_is_compared_as_it_was_written() {
    let clock = Arc::new(TestClock::default());
    let issuer = TestIssuer::with().clock(clock.clone()).path("/realms/a").start().await;
    let scene = Scene::with(issuer, clock);
    let _ = scene.issuer.client("svc").secret("secret");
    let written = scene.issuer.issuer().to_owned();
    take(secret(scene.discover())).await.unwrap();
    let upper = written.replace("/realms/a", "/realms/%61");
    for other in [format!("{written}/"), upper, written.replace("127.0.0.1", "localhost")] {
        assert_eq!(setting(take(secret(TokenSource::discover(&other))).await), "issuer", "{other}");
    }
    assert_eq!(scene.asked().len(), 1);

    let with_slash = TestIssuer::with().path("/a/").start().await;
    let _ = with_slash.client("svc").secret("secret");
    assert!(with_slash.issuer().ends_with("/a/"));
    take(secret(TokenSource::discover(with_slash.issuer()))).await.unwrap();
}

/// T-8414-02: nothing is asked for but the two well-known places, in their order, and the endpoint.
#[tokio::test]
async fn no_other_path_is_asked_for() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret("secret");
    scene.issuer.answer(Document::OauthMetadata, Reply::status(404));
    take(secret(scene.discover())).await.unwrap();
    let counts = Document::ALL.map(|document| (document, scene.issuer.count(document)));
    for (document, count) in counts {
        let asked = matches!(document, Document::OauthMetadata | Document::OidcMetadata | Document::Token);
        assert_eq!(count, u64::from(asked), "{document:?}");
    }
}

/// Threats 3 "mix-up": metadata of one issuer that name another's token endpoint lead no credential there, unless an
/// operator allowed that place.
#[tokio::test]
async fn credentials_of_one_issuer_do_not_go_to_another() {
    let (scene, other) = (Scene::new().await, Scene::new().await);
    let _ = other.issuer.client("svc").secret("secret");
    let elsewhere = other.issuer.url(Document::Token).replace("127.0.0.1", "localhost");
    let mut metadata = scene.issuer.document(Document::OauthMetadata);
    metadata["token_endpoint"] = json!(elsewhere);
    scene.issuer.answer(Document::OauthMetadata, Reply::json(&metadata));
    assert_eq!(setting(take(secret(scene.discover())).await), "issuer");
    for foreign in
        ["https://tokens.example/t", "http://10.0.0.1/t", "file:///t", "https://u:p@127.0.0.1/t", ""]
    {
        metadata["token_endpoint"] = json!(foreign);
        scene.issuer.answer(Document::OauthMetadata, Reply::json(&metadata));
        assert_eq!(setting(take(secret(scene.discover())).await), "issuer", "{foreign}");
    }
    assert_eq!(other.issuer.count(Document::Token), 0);

    metadata["token_endpoint"] = json!(elsewhere);
    scene.issuer.answer(Document::OauthMetadata, Reply::json(&metadata));
    let origin = elsewhere.trim_end_matches("/token");
    take(secret(scene.discover().endpoints_at(origin))).await.unwrap();
    assert_eq!(other.issuer.count(Document::Token), 1);
    assert_eq!(setting(take(secret(scene.discover().endpoints_at(&elsewhere))).await), "endpoints_at");
}

/// What could do nothing is an error.
#[tokio::test]
async fn an_endpoint_is_said_once() {
    let scene = Scene::new().await;
    let revoked = secret(scene.discover()).revocation_endpoint(scene.issuer.url(Document::Revocation));
    assert_eq!(setting(take(revoked).await), "revocation_endpoint");
    let named = secret(scene.at()).endpoints_at("https://x.example");
    assert_eq!(setting(take(named).await), "endpoints_at");
    assert_eq!(scene.asked().len(), 0);
}

/// T-6749-03: a token endpoint with a fragment is refused, whoever names it.
#[tokio::test]
async fn no_endpoint_has_a_fragment() {
    let scene = Scene::new().await;
    let url = format!("{}#x", scene.issuer.url(Document::Token));
    assert_eq!(setting(take(secret(TokenSource::at(&url))).await), "token_endpoint");
    let mut metadata = scene.issuer.document(Document::OauthMetadata);
    metadata["token_endpoint"] = json!(url);
    scene.issuer.answer(Document::OauthMetadata, Reply::json(&metadata));
    assert_eq!(setting(take(secret(scene.discover())).await), "issuer");
    assert_eq!(scene.asked().len(), 0);
}

/// What a client has no need of may be missing or wrong.
#[tokio::test]
async fn metadata_of_little_is_enough() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret("secret");
    let metadata = json!({
        "issuer": scene.issuer.issuer(),
        "token_endpoint": scene.issuer.url(Document::Token),
        "jwks_uri": 7,
        "revocation_endpoint": "https://elsewhere.example/revoke",
        "mtls_endpoint_aliases": null,
        "scopes_supported": "all",
    });
    scene.issuer.answer(Document::OauthMetadata, Reply::json(&metadata));
    take(secret(scene.discover())).await.unwrap();
    let metadata = json!({ "issuer": scene.issuer.issuer() });
    scene.issuer.answer(Document::OauthMetadata, Reply::json(&metadata));
    let taken = take(secret(scene.discover())).await;
    assert!(taken.as_ref().unwrap_err().to_string().contains("names no token_endpoint"), "{taken:?}");
}

/// An issuer that is away is not one that is wrong.
#[tokio::test]
async fn an_issuer_that_is_away_may_come_back() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret("secret");
    let tokens = secret(scene.discover()).build_unasked().unwrap();
    scene.issuer.down().await;
    let error = tokens.token().await.unwrap_err();
    assert!(matches!(error, countersign_client::TokenError::Unreachable(_)), "{error}");
    scene.issuer.up();
    tokens.token().await.unwrap();
}
