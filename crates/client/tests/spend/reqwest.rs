//! The middleware, with a real client that follows redirects.

use countersign_client::{SpendError, TokenError, Unfit};
use countersign_proto::jose::Algorithm;
use http_body_util::Full;
use reqwest::redirect::Policy;
use reqwest_middleware::ClientWithMiddleware;

use super::api::Api;
use super::scene::Scene;

const INVALID: &str = r#"Bearer error="invalid_token""#;

/// An API that was named, one that was not, and a client.
struct Ways {
    scene: Scene,
    own: String,
    other_api: Api,
    other: String,
}

impl Ways {
    async fn new(dpop: bool) -> Self {
        let (api, other_api) = (Api::default(), Api::default());
        let (own, other) = (api.serve().await, other_api.serve().await);
        let mut scene = Scene::with(|builder| {
            let builder = builder.only_to(&own);
            if dpop { builder.dpop(Algorithm::ES256) } else { builder }
        })
        .await;
        scene.api = api;
        Self { scene, own, other_api, other }
    }

    fn client(&self) -> ClientWithMiddleware {
        self.scene.tokens.layer_over(reqwest::Client::new())
    }

    fn careful(&self) -> ClientWithMiddleware {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        self.scene.tokens.layer_over(client)
    }
}

fn not_sent(error: reqwest_middleware::Error) -> SpendError {
    match error {
        reqwest_middleware::Error::Middleware(error) => error.downcast(),
        reqwest_middleware::Error::Reqwest(error) => Err(error.into()),
    }
    .unwrap()
}

/// What a user writes; a refused token is replaced, a body in memory sent again.
#[tokio::test]
async fn a_call_has_a_token() {
    let ways = Ways::new(false).await;
    let url = format!("{}/1", ways.own);
    ways.scene.api.challenges(INVALID);
    let response = ways.client().post(&url).header("x-a", "b").body("text").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let heard = ways.scene.api.heard();
    let [first, second] = &heard[..] else { panic!("{}", heard.len()) };
    assert_ne!(first.token(), second.token());
    assert_eq!((second.header("x-a"), &second.body[..]), (Some("b"), &b"text"[..]));
    assert_eq!(first.body, second.body);
}

/// A stream is not sent twice; the answer is what the API said.
#[tokio::test]
async fn a_stream_is_sent_once() {
    let ways = Ways::new(false).await;
    ways.scene.api.challenges(INVALID);
    let stream = reqwest::Body::wrap(http_body_util::combinators::BoxBody::new(Full::new(
        bytes::Bytes::from_static(b"text"),
    )));
    let response = ways.client().post(format!("{}/1", ways.own)).body(stream).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["www-authenticate"].to_str().unwrap()),
        (401, INVALID)
    );
    assert_eq!(ways.scene.api.heard().len(), 1);
}

/// Nothing is sent to other origins, nor with a user in the URL, nor without a token.
#[tokio::test]
async fn nothing_is_sent_where_it_may_not() {
    let ways = Ways::new(false).await;
    let error = not_sent(ways.client().get(&ways.other).send().await.unwrap_err());
    assert!(matches!(error, SpendError::Request(Unfit::Origin(_))), "{error}");
    let with_user = ways.own.replace("://", "://user:password@");
    let error = not_sent(ways.client().get(with_user).send().await.unwrap_err());
    assert!(matches!(error, SpendError::Request(_)), "{error}");
    ways.scene.issuer.down().await;
    let error = not_sent(ways.client().get(&ways.own).send().await.unwrap_err());
    assert!(matches!(error, SpendError::Token(TokenError::Unreachable(_))), "{error}");
    assert_eq!((ways.scene.api.heard().len(), ways.other_api.heard().len()), (0, 0));
}

/// A redirect that is followed to another origin carries no token there; within the origin it does.
#[tokio::test]
async fn a_redirect_takes_no_token_elsewhere() {
    let ways = Ways::new(false).await;
    for status in [301, 302, 303, 307, 308] {
        ways.scene.api.says(status, &[("location", &format!("{}/taken", ways.other))], "");
        // whoever answers there has no say about the token
        ways.other_api.challenges(INVALID);
        let response = ways.client().post(&ways.own).body("text").send().await.unwrap();
        assert_eq!(response.status(), 401);
        let taken = ways.other_api.heard();
        assert_eq!((taken.len(), taken[0].header("authorization")), (1, None), "{status}");
        ways.scene.api.says(status, &[("location", "/moved")], "");
        ways.scene.api.heard();
        assert_eq!(ways.client().get(&ways.own).send().await.unwrap().status(), 200);
        let heard = ways.scene.api.heard();
        assert_eq!((heard.len(), heard[0].token()), (2, heard[1].token()), "{status}");
    }
    assert_eq!(ways.scene.asked(), 1);
}

/// RFC 9449 §4.3: a proof is for one URL, so a redirect is given back, and goes nowhere.
#[tokio::test]
async fn a_redirect_takes_no_proof_along() {
    let ways = Ways::new(true).await;
    for to in [format!("{}/taken", ways.other), "/moved".to_owned()] {
        for status in [301, 302, 303, 307, 308] {
            ways.scene.api.says(status, &[("location", &to)], "");
            let response = ways.careful().get(&ways.own).send().await.unwrap();
            assert_eq!(response.status(), status);
        }
    }
    assert_eq!((ways.scene.api.heard().len(), ways.other_api.heard().len()), (10, 0));
    assert_eq!(ways.careful().get(format!("{}/moved", ways.own)).send().await.unwrap().status(), 200);
}

/// A client that follows them all the same is told so, whatever was answered; it took no token to another origin.
#[tokio::test]
async fn a_client_that_follows_redirects_with_a_proof_is_wrong() {
    let ways = Ways::new(true).await;
    for to in [format!("{}/taken", ways.other), "/moved".to_owned()] {
        ways.scene.api.says(302, &[("location", &to)], "");
        let error = not_sent(ways.client().get(&ways.own).send().await.unwrap_err());
        assert!(matches!(error, SpendError::Redirected), "{error}");
        assert!(!error.to_string().contains("not sent"), "{error}");
    }
    let taken = ways.other_api.heard();
    assert_eq!((taken.len(), taken[0].header("authorization")), (1, None));
    assert_eq!(ways.client().get(format!("{}/1#part", ways.own)).send().await.unwrap().status(), 200);
}

/// T-9449-05: proof, nonce and a second try, over a real connection.
#[tokio::test]
async fn a_nonce_is_sent() {
    let ways = Ways::new(true).await;
    ways.scene.api.wants_nonce("n");
    assert_eq!(ways.client().get(format!("{}/1?a=b", ways.own)).send().await.unwrap().status(), 200);
    let proofs: Vec<_> =
        ways.scene.api.heard().iter().map(|heard| heard.header("dpop").unwrap().to_owned()).collect();
    assert_eq!(proofs.len(), 2);
    assert_ne!(proofs[0], proofs[1]);
}
