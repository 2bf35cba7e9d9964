//! What is sent again: the same request, once, with a fresh token.

use bytes::Bytes;
use http::Request;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use tower::{Layer as _, ServiceExt as _};

use super::scene::Scene;

const INVALID: &str = r#"Bearer error="invalid_token""#;

/// RFC 6750 §3.1: "the client MAY request a new access token and retry".
#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let scene = Scene::bearer().await;
    scene.api.challenges(INVALID);
    let request =
        Request::post("https://orders.example/1?a=b").header("x-a", "b").body("text".into()).unwrap();
    assert_eq!(scene.call(request).await.unwrap().status(), 200);
    let heard = scene.api.heard();
    let [first, second] = &heard[..] else { panic!("{heard:?}") };
    assert_ne!(first.token(), second.token());
    assert_eq!((&first.method, &first.uri, &first.body), (&second.method, &second.uri, &second.body));
    assert_eq!((second.header("x-a"), &second.body[..]), (Some("b"), &b"text"[..]));
    // and the fresh one is used from now on
    let (status, later) = scene.got().await;
    assert_eq!((status, later[0].token()), (200, second.token()));
    assert_eq!(scene.asked(), 2);
}

/// A second refusal is the answer.
#[tokio::test]
async fn a_fresh_token_that_is_refused_is_the_answer() {
    let scene = Scene::bearer().await;
    for challenge in [INVALID, r#"DPoP algs="ES256", error="invalid_token""#, INVALID] {
        scene.api.challenges(challenge);
    }
    let response = scene.call(Request::get(Scene::URL).body(Full::default()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["www-authenticate"], r#"DPoP algs="ES256", error="invalid_token""#);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "no");
    assert_eq!((scene.api.heard().len(), scene.asked()), (2, 2));
}

/// Only what a fresh token may mend is sent again.
#[tokio::test]
async fn other_refusals_are_answers() {
    let scene = Scene::bearer().await;
    for (status, challenge) in [
        (401, "Bearer"),
        (401, r#"Bearer realm="invalid_token""#),
        (401, r#"Bearer error="invalid_request""#),
        (401, r#"Bearer error="Invalid_Token""#),
        (401, r#"Basic realm="x", error="invalid_token""#),
        (401, r#"Bearer error="invalid_token", error="invalid_token""#),
        (401, r#"DPoP error="use_dpop_nonce""#),
        (401, r#"DPoP error="invalid_dpop_proof""#),
        (400, INVALID),
        (403, INVALID),
        (200, INVALID),
        (503, INVALID),
    ] {
        scene.api.says(status, &[("www-authenticate", challenge), ("dpop-nonce", "n")], "");
        let (answered, heard) = scene.got().await;
        assert_eq!((answered, heard.len()), (status, 1), "{challenge}");
    }
    scene.api.says(401, &[], "");
    assert_eq!(scene.got().await.0, 401);
    assert_eq!(scene.asked(), 1);
}

/// A body that may have gone by is not sent again; the next one has a fresh token.
#[tokio::test]
async fn a_stream_is_sent_once() {
    let scene = Scene::bearer().await;
    let stream = || BoxBody::new(Full::new(Bytes::from_static(b"text")));
    let service = scene.tokens.layer().layer(scene.api.clone());
    scene.api.challenges(INVALID);
    let answered = service.clone().oneshot(Request::post(Scene::URL).body(stream()).unwrap()).await.unwrap();
    assert_eq!(answered.status(), 401);
    assert_eq!(answered.headers()["www-authenticate"], INVALID);
    let first = scene.api.heard();
    let answered = service.oneshot(Request::post(Scene::URL).body(stream()).unwrap()).await.unwrap();
    assert_eq!(answered.status(), 200);
    let second = scene.api.heard();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first[0].token(), second[0].token());
}

/// Where there is no other token, the API's answer is the answer.
#[tokio::test]
async fn without_a_fresh_token_the_refusal_stands() {
    let scene = Scene::bearer().await;
    scene.tokens.token().await.unwrap();
    scene.issuer.down().await;
    scene.api.challenges(INVALID);
    let (status, heard) = scene.got().await;
    assert_eq!((status, heard.len()), (401, 1));
    scene.issuer.up();
    scene.much_later().await;
    scene.api.challenges(INVALID);
    let (status, heard) = scene.got().await;
    assert_eq!((status, heard.len()), (200, 2));
}

/// An issuer that gives the same token again has no other.
#[tokio::test]
async fn the_same_token_is_not_sent_twice() {
    let scene = Scene::bearer().await;
    scene.issuer.says("access_token", Some(r#""same""#));
    scene.api.challenges(INVALID);
    let (status, heard) = scene.got().await;
    assert_eq!((status, heard.len(), scene.asked()), (401, 1, 2));
}
