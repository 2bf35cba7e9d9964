//! The layer and the extractors within an application: nested routers, other services, waiting.

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get};
use countersign_guard::axum::{Allowed, Rule};
use countersign_guard::{Access, GuardLayer, Require};
use countersign_proto::jose::Algorithm;
use countersign_testkit::TestClientKey;
use http::Request;
use std::sync::LazyLock;
use tower::ServiceExt as _;

use crate::harness::{Ask, Scene};

struct Read;

impl Rule for Read {
    fn require() -> &'static Require {
        static NEEDED: LazyLock<Require> = LazyLock::new(|| Require::scope("orders:read").unwrap());
        &NEEDED
    }
}

async fn status(app: &Router, ask: &Ask) -> u16 {
    let request: Request<http_body_util::Full<bytes::Bytes>> = ask.request(&ask.target);
    app.clone().oneshot(request.map(Body::new)).await.unwrap().status().as_u16()
}

/// T-9449-01: a router that is nested sees a shorter path; a proof is for the whole one all the same.
#[tokio::test]
async fn proofs_are_for_the_whole_path_also_in_nested_routers() {
    let scene = Scene::new().await;
    let key = TestClientKey::new(Algorithm::ES256);
    let token = scene.issuer.mint().bound_to(&key).token();
    let inner = || {
        let handler = async |_: Allowed<Read>| "let in";
        Router::new().route("/orders", get(handler)).with_state(scene.verifier.clone())
    };
    let layered = inner().layer(GuardLayer::new(scene.verifier.clone()));
    for app in [
        Router::new().nest("/v1/api", inner()),
        Router::new().nest("/v1", Router::new().nest("/api", layered)),
    ] {
        let proof = |path: &str| key.proof("GET", &format!("{}{path}", Scene::URL)).ath(&token);
        let ask = |path: &str| Ask::get("/v1/api/orders?x=y").dpop(&token, &proof(path));
        assert_eq!(status(&app, &ask("/v1/api/orders")).await, 200);
        assert_eq!(status(&app, &ask("/orders")).await, 401);
        assert_eq!(status(&app, &ask("/api/orders")).await, 401);
    }
}

/// Extractor upon extractor, and beneath a layer, use one proof once.
#[tokio::test]
async fn a_proof_is_used_once_however_many_ask() {
    let scene = Scene::new().await;
    let key = TestClientKey::new(Algorithm::ES256);
    let token = scene.issuer.mint().bound_to(&key).token();
    let handler = async |_: Access, _: Option<Access>, _: Allowed<Read>| "let in";
    let app = Router::new().route("/orders", get(handler)).with_state(scene.verifier.clone());
    let layer = || GuardLayer::new(scene.verifier.clone());
    let layered = app.clone().layer(layer());
    let twice = app.clone().layer(layer().require(Require::scope("orders:read").unwrap())).layer(layer());
    for app in [app, layered, twice] {
        let proof = key.proof("GET", "https://orders.example/orders").ath(&token);
        let ask = Ask::get("/orders").dpop(&token, &proof);
        assert_eq!(status(&app, &ask).await, 200);
        assert_eq!(status(&app, &ask).await, 401, "another request is another one");
    }
}

/// Who passed one layer has not passed the next, where that asks for more.
#[tokio::test]
async fn each_layer_asks_for_its_own_scopes() {
    let scene = Scene::new().await;
    let app = Router::new().route("/orders", get(async || "let in"));
    let layer = |scope: &str| GuardLayer::new(scene.verifier.clone()).require(Require::scope(scope).unwrap());
    let ask = Ask::get("/orders").bearer(&scene.issuer.mint().claim("scope", "orders:read").token());
    let same = app.clone().layer(layer("orders:read")).layer(layer("orders:read"));
    let more = app.layer(layer("orders:write")).layer(layer("orders:read"));
    assert_eq!(status(&same, &ask).await, 200);
    assert_eq!(status(&more, &ask).await, 403);
}

/// What a token says when nobody presented it opens no door, whatever the token is bound to.
#[tokio::test]
async fn what_nobody_presented_lets_nobody_in() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().bound_to(&TestClientKey::new(Algorithm::ES256)).token();
    let access = scene.verifier.danger_verify_unpresented(&token).await.unwrap();
    assert!(!scene.verifier.made(&access));
    let handler = async |_: Access| "let in";
    let app = Router::new().route("/orders", get(handler)).with_state(scene.verifier.clone());
    let app = app.layer(axum::Extension(access)).layer(axum::Extension(()));
    assert_eq!(status(&app, &Ask::get("/orders").bearer(&token)).await, 401);
}

/// CORS preflights go through where that is said, and nothing else of theirs.
#[tokio::test]
async fn preflights_pass_only_where_they_may() {
    let scene = Scene::new().await;
    let app = |layer: GuardLayer| {
        let handler =
            async |access: Option<axum::Extension<Access>>| if access.is_some() { "known" } else { "nobody" };
        Router::new().route("/orders", any(handler)).layer(layer)
    };
    let strict = app(GuardLayer::new(scene.verifier.clone()));
    let allowing = app(GuardLayer::new(scene.verifier.clone()).allow_preflight());
    let preflight =
        Ask::new("OPTIONS", "/orders").header("origin", "x").header("access-control-request-method", "POST");
    assert_eq!((status(&strict, &preflight).await, status(&allowing, &preflight).await), (401, 200));
    for ask in [Ask::new("OPTIONS", "/orders"), Ask::new("OPTIONS", "/orders").header("origin", "x")] {
        assert_eq!(status(&allowing, &ask).await, 401);
    }
    let with_body = Ask::new("OPTIONS", "/orders").header("origin", "x").header("content-length", "1");
    let with_body = with_body.header("access-control-request-method", "POST");
    assert_eq!(status(&allowing, &with_body).await, 401, "a preflight has no body");
    let posting = Ask { method: http::Method::POST, ..preflight };
    assert_eq!(status(&allowing, &posting).await, 401);
}
