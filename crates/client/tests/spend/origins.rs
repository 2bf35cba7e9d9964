//! Where tokens go, and that nothing goes without one.

use bytes::Bytes;
use countersign_client::{CallError, SpendError, TokenError, Unfit};
use http::{HeaderMap, Method, Request};
use http_body_util::Full;
use url::Url;

use super::scene::{Called, Scene};

fn get(url: &str) -> Request<Full<Bytes>> {
    Request::get(url).body(Full::default()).unwrap()
}

/// Why it was not sent.
fn not_sent(called: Called) -> SpendError {
    called.map_err(|CallError::NotSent(why)| why).map(|response| response.status()).unwrap_err()
}

fn unfit(called: Called) -> Option<Unfit> {
    match not_sent(called) {
        SpendError::Request(why) => Some(why),
        _ => None,
    }
}

/// T-6750-01: the token stands in the `Authorization` header, and the request is otherwise as it was.
#[tokio::test]
async fn a_request_has_the_token() {
    let scene = Scene::bearer().await;
    let request =
        Request::put("https://orders.example/1?a=b").header("x-a", "b").body("text".into()).unwrap();
    assert_eq!(scene.call(request).await.unwrap().status(), 200);
    let heard = scene.api.heard().remove(0);
    let token = scene.tokens.token().await.unwrap();
    assert_eq!(heard.header("authorization"), Some(format!("Bearer {}", token.expose()).as_str()));
    assert_eq!(
        (heard.method, heard.uri.to_string()),
        (Method::PUT, "https://orders.example/1?a=b".to_owned())
    );
    assert_eq!((heard.headers["x-a"].to_str().unwrap(), &heard.body[..]), ("b", &b"text"[..]));
    assert!(!heard.headers.contains_key("dpop"));
    assert_eq!(scene.asked(), 1);
}

/// Threats 4 "SDK loopback exemption": to another origin nothing is sent, with a token or without, and none is asked for.
#[tokio::test]
async fn nothing_is_sent_to_another_origin() {
    let scene = Scene::bearer().await;
    for url in ["https://evil.example/1", "http://orders.example/1", "https://orders.example:8443/1"] {
        let Some(Unfit::Origin(origin)) = unfit(scene.call(get(url)).await) else { panic!("{url}") };
        assert!(url.starts_with(&origin), "{origin}");
        let mut headers = HeaderMap::new();
        let by_hand = scene.tokens.authorize(&Method::GET, &Url::parse(url).unwrap(), &mut headers).await;
        assert!(matches!(by_hand, Err(SpendError::Request(Unfit::Origin(_)))), "{url}");
        assert!(headers.is_empty());
    }
    assert_eq!(unfit(scene.call(get("https://u:p@orders.example/1")).await), Some(Unfit::UserInfo));
    assert_eq!(unfit(scene.call(get("/1")).await), Some(Unfit::Relative));
    assert_eq!((scene.api.heard().len(), scene.asked()), (0, 0));
}

/// A source that was made for no origin sends its tokens nowhere, and says what to do.
#[tokio::test]
async fn without_origins_nothing_is_sent() {
    let scene = Scene::with(|builder| builder).await;
    let SpendError::Token(TokenError::Misconfigured(why)) = not_sent(scene.call(get(Scene::URL)).await)
    else {
        panic!("a setting is missing")
    };
    assert_eq!(why.setting(), "only_to");
    assert_eq!((scene.api.heard().len(), scene.asked()), (0, 0));
}

/// What a caller put there is neither sent nor replaced: whose it is cannot be known.
#[tokio::test]
async fn another_authorization_is_an_error() {
    let scene = Scene::bearer().await;
    for name in ["authorization", "dpop"] {
        let request = Request::get(Scene::URL).header(name, "x").body(Full::default()).unwrap();
        let Some(Unfit::Header(header)) = unfit(scene.call(request).await) else { panic!("{name}") };
        assert_eq!(header, name);
    }
    assert_eq!(scene.api.heard().len(), 0);
}

/// Nothing is sent without a token, whoever is to blame.
#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let scene = Scene::bearer().await;
    scene.issuer.client("svc").without_secrets();
    let why = not_sent(scene.call(get(Scene::URL)).await);
    assert!(
        matches!(&why, SpendError::Token(TokenError::Refused(no)) if no.error == "invalid_client"),
        "{why}"
    );
    scene.issuer.down().await;
    let why = not_sent(scene.call(get(Scene::URL)).await);
    assert!(matches!(&why, SpendError::Token(TokenError::Unreachable(_))), "{why}");
    assert_eq!(scene.api.heard().len(), 0);
}
