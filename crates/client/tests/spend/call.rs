//! Calls by hand, for those who send requests by themselves.

use std::sync::Arc;

use bytes::Bytes;
use countersign_client::{Endpoint, HttpClient};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};

use super::scene::Scene;

/// The loop of [`Call`](countersign_client::Call)'s documentation, over our own client, with an answer that is streamed.
#[tokio::test]
async fn a_call_by_hand() {
    let api = super::api::Api::default();
    let origin = api.serve().await;
    let scene = Scene::with(|builder| builder.only_to(&origin)).await;
    api.challenges(r#"Bearer error="invalid_token""#);
    api.says(200, &[], "the answer");
    let http = Arc::new(HttpClient::default());
    let endpoint = Endpoint::parse(&format!("{origin}/1?a=b")).unwrap();
    let mut call = scene.tokens.call();
    let response = loop {
        let mut request = Request::post("/").body(Full::new(Bytes::from_static(b"text"))).unwrap();
        call.authorize(&Method::POST, endpoint.url(), request.headers_mut()).await.unwrap();
        let response = http.open(&endpoint, request).await.unwrap();
        if !call.again(endpoint.url(), response.status(), response.headers()).await {
            break response;
        }
    };
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "the answer");
    let heard = api.heard();
    assert_eq!(heard.iter().map(|heard| &heard.body[..]).collect::<Vec<_>>(), [b"text", b"text"]);
    assert_ne!(heard[0].token(), heard[1].token());
}

/// An answer from where no token was sent says nothing about one.
#[tokio::test]
async fn an_answer_from_elsewhere_is_not_heard() {
    let scene = Scene::bearer().await;
    let url = url::Url::parse(Scene::URL).unwrap();
    let mut call = scene.tokens.call();
    let mut headers = http::HeaderMap::new();
    let token = call.authorize(&Method::GET, &url, &mut headers).await.unwrap();
    let mut answer = http::HeaderMap::new();
    answer.insert("www-authenticate", http::HeaderValue::from_static(r#"Bearer error="invalid_token""#));
    let elsewhere = url::Url::parse("https://evil.example").unwrap();
    assert!(!call.again(&elsewhere, http::StatusCode::UNAUTHORIZED, &answer).await);
    assert!(scene.tokens.token().await.unwrap().is(&token));
    assert!(call.again(&url, http::StatusCode::UNAUTHORIZED, &answer).await);
}
