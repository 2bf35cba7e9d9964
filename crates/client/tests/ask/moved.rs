//! A token endpoint that is no longer where it was.

use std::time::Duration;

use countersign_testkit::issuer::{Document, Reply};
use serde_json::json;

use super::scene::{Scene, setting, take};

/// Lets time pass, as the metadata are kept by it.
async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// The metadata are read anew, once in a minute at most, and a new endpoint is asked at once.
#[tokio::test]
async fn a_token_endpoint_that_moved_is_found() {
    let (scene, new) = (Scene::new().await, Scene::new().await);
    let _ = (scene.issuer.client("svc").secret("secret"), new.issuer.client("svc").secret("secret"));
    let tokens = scene.discover().client_secret("svc", "secret".to_owned()).build().await.unwrap();
    tokens.token().await.unwrap();
    scene.issuer.answer(Document::Token, Reply::status(404));
    let read = || scene.issuer.count(Document::OauthMetadata);
    scene.clock.advance(3600);
    for _ in 0..3 {
        assert_eq!(setting(tokens.token().await), "issuer");
        later(5).await;
    }
    assert_eq!(read(), 1, "what was read a moment ago is not read again");
    later(60).await;
    for _ in 0..3 {
        assert_eq!(setting(tokens.token().await), "issuer");
        later(5).await;
    }
    assert_eq!(read(), 2);

    let mut metadata = scene.issuer.document(Document::OauthMetadata);
    metadata["token_endpoint"] = json!(new.issuer.url(Document::Token));
    scene.issuer.answer(Document::OauthMetadata, Reply::json(&metadata));
    later(60).await;
    tokens.token().await.unwrap();
    assert_eq!((read(), new.issuer.count(Document::Token)), (3, 1));
}

/// A server that is asked for too much is not asked for its metadata as well.
#[tokio::test]
async fn a_busy_server_is_left_alone() {
    let scene = Scene::new().await;
    let tokens = scene.discover().client_secret("svc", "secret".to_owned()).build().await.unwrap();
    scene.issuer.answer(Document::Token, Reply::status(429).header("retry-after", "9"));
    later(120).await;
    let error = tokens.token().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)), "{error}");
    assert_eq!(scene.issuer.count(Document::OauthMetadata), 1);
    assert_eq!(scene.asked().len(), 1);
    let refused = take(scene.at().client_secret("svc", "secret".to_owned())).await;
    assert!(refused.is_err());
}
