//! Our client at our guard: its tokens, proofs and nonces are taken, and its retries are those that the guard asks for.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use countersign_client::token::Secret;
use countersign_client::{Builder, Endpoint, HttpClient, TokenSource, resource};
use countersign_guard::{Access, GuardLayer, TrustedIssuer, Verifier, VerifierBuilder};
use countersign_proto::jose::Algorithm;
use countersign_testkit::issuer::Document;
use countersign_testkit::{TestClock, TestIssuer};
use http::{Method, Request};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _};

const URL: &str = "https://orders.example/orders?page=2";

/// An API behind a guard.
pub(crate) struct Door(Router);

impl Door {
    /// A guard that is ready, before an API.
    pub(crate) async fn open(verifier: VerifierBuilder) -> Self {
        let verifier = verifier.build().unwrap();
        for _ in 0..10_000 {
            if verifier.is_ready() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let waiting: Vec<_> = verifier.waiting_for().collect();
        assert!(waiting.is_empty(), "{waiting:?}");
        let handler = async |access: axum::Extension<Access>| access.subject().to_owned();
        Self(Router::new().route("/orders", get(handler)).layer(GuardLayer::new(verifier)))
    }

    /// The moment at which tests begin.
    pub(crate) fn clock() -> Arc<TestClock> {
        Arc::default()
    }

    /// What comes of a call with a token of this source.
    pub(crate) async fn status(&self, tokens: &TokenSource) -> u16 {
        self.ask(tokens, Method::GET).await
    }

    async fn ask(&self, tokens: &TokenSource, method: Method) -> u16 {
        let request = Request::builder().method(method).uri(URL).body(Full::<Bytes>::default()).unwrap();
        tokens.layer().layer(self.0.clone()).oneshot(request).await.unwrap().status().as_u16()
    }
}

/// An issuer, and an API behind a guard that trusts it; the client's clock is another.
struct Scene {
    issuer: TestIssuer,
    clock: Arc<TestClock>,
    theirs: Arc<TestClock>,
    door: Door,
}

impl Scene {
    async fn with(audience: &str, set: impl FnOnce(VerifierBuilder) -> VerifierBuilder) -> Self {
        let (clock, theirs) = (Door::clock(), Door::clock());
        let issuer = TestIssuer::with().clock(theirs.clone()).start().await;
        issuer.client("svc").secret("secret");
        let trusted = TrustedIssuer::discover(issuer.issuer(), audience);
        let verifier = set(Verifier::builder(trusted).clock(theirs.clone()).public_url(audience));
        Self { issuer, clock, theirs, door: Door::open(verifier).await }
    }

    fn tokens(&self, set: impl FnOnce(Builder) -> Builder) -> TokenSource {
        let builder = TokenSource::discover(self.issuer.issuer()).client_secret("svc", secret());
        let builder = builder.resource(TestIssuer::AUDIENCE).only_to(TestIssuer::AUDIENCE);
        set(builder.clock(self.clock.clone())).build_unasked().unwrap()
    }

    async fn status(&self, tokens: &TokenSource, method: Method) -> u16 {
        self.door.ask(tokens, method).await
    }

    fn asked(&self) -> u64 {
        self.issuer.count(Document::Token)
    }
}

fn secret() -> Secret {
    Secret::new("secret".to_owned())
}

/// T-9449-01, T-9449-05: proofs of each algorithm are taken, one for each request, with the nonce that the guard demands.
#[tokio::test]
async fn the_guard_takes_our_proofs_and_nonces() {
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::EdDSA] {
        let scene = Scene::with(TestIssuer::AUDIENCE, VerifierBuilder::demand_nonce).await;
        scene.issuer.demand_new_nonce();
        let tokens = scene.tokens(|builder| builder.dpop(algorithm));
        for method in [Method::GET, Method::HEAD, Method::GET] {
            assert_eq!(scene.status(&tokens, method).await, 200, "{algorithm}");
        }
        assert_eq!(scene.asked(), 2, "once without the issuer's nonce, once with it");
        assert_eq!(
            scene.status(&scene.tokens(|builder| builder), Method::GET).await,
            200,
            "a bearer token too"
        );
    }
}

/// RFC 6750 §3.1: a client whose clock is behind spends an expired token, hears so, and spends a fresh one.
#[tokio::test]
async fn a_token_that_the_guard_refuses_is_replaced() {
    let scene = Scene::with(TestIssuer::AUDIENCE, |builder| builder).await;
    let tokens = scene.tokens(|builder| builder);
    assert_eq!(scene.status(&tokens, Method::GET).await, 200);
    scene.theirs.advance(TestIssuer::LIFETIME + 120);
    assert_eq!((scene.status(&tokens, Method::GET).await, scene.asked()), (200, 2));
    assert_eq!((scene.status(&tokens, Method::GET).await, scene.asked()), (200, 2));
}

/// T-9728-01, T-9728-02: from the guard's 401 to its issuer, and with a token of that one through its door.
#[tokio::test]
async fn from_a_401_to_a_guarded_call() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let scene = Scene::with(&api, |builder| builder).await;
    let served = scene.door.0.clone();
    tokio::spawn(async move { axum::serve(listener, served).await });
    let http = HttpClient::default();
    let place = Endpoint::parse(&format!("{api}/orders")).unwrap();
    let refused = http.send(&place, Request::new(Bytes::new())).await.unwrap();
    assert_eq!(refused.status, 401);
    let allowed = [scene.issuer.issuer()];
    let found = resource::discover(&http, &refused.headers, &api, &allowed, Endpoint::parse).await.unwrap();
    let tokens = found.tokens().client_secret("svc", secret()).clock(scene.clock.clone());
    let tokens = tokens.dpop(Algorithm::EdDSA).build().await.unwrap();
    let mut request = Request::new(Full::default());
    tokens.authorize(&Method::GET, place.url(), request.headers_mut()).await.unwrap();
    assert_eq!(http.open(&place, request).await.unwrap().status(), 200);
}
