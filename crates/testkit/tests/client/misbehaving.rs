//! What every known misbehaviour of a token endpoint leads to beyond the source of tokens itself: at an API, with tokens
//! that are to be bound, and where tokens are asked about.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use countersign_client::{
    Builder, CallError, ClientAuth, Endpoint, HttpClient, Introspector, TokenError, TokenSource,
};
use countersign_proto::jose::Algorithm;
use countersign_testkit::misbehaving::{GOOD, Misbehaviour, Must, misbehaviour, misbehaviours};
use countersign_testkit::{MisbehavingServer, TestClock};
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};

const API: &str = "https://orders.example";

/// An API that keeps the headers of what it hears.
#[derive(Clone, Default)]
struct Api(Arc<Mutex<Vec<HeaderMap>>>);

impl Api {
    /// Calls it through the layer of a source.
    async fn called_by(&self, tokens: TokenSource) -> Result<(), CallError<Infallible>> {
        let heard = Arc::clone(&self.0);
        let api = service_fn(move |request: Request<Full<Bytes>>| {
            heard.lock().unwrap().push(request.headers().clone());
            async { Ok(Response::new(())) }
        });
        let request = Request::get(API).body(Full::default()).unwrap();
        tokens.layer().layer(api).oneshot(request).await.map(drop)
    }

    /// What it heard since it was last asked.
    fn heard(&self) -> Vec<HeaderMap> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Issue 5: nothing is sent without a token, and a failure is no answer that is kept: once the server is well again, so
/// is the same source.
#[tokio::test]
async fn nothing_is_sent_without_a_token() {
    let server = MisbehavingServer::start().await;
    let (api, well) = (Api::default(), misbehaviour("good-without-no-store"));
    for behaviour in misbehaviours() {
        let name = behaviour.name;
        server.behaves(&behaviour);
        let tokens = source(&server).build_unasked().unwrap();
        let calling = (api.clone(), tokens.clone());
        let called = outlived(&server, &behaviour, async move { calling.0.called_by(calling.1).await }).await;
        let heard = api.heard();
        if let Must::Take { .. } = behaviour.must {
            assert!(called.is_ok() && heard.len() == 1, "{name}: {called:?}");
        } else {
            let CallError::NotSent(error) = called.unwrap_err();
            assert!(error.to_string().chars().count() < 1000, "{name} shows pages: {error}");
            assert_eq!(heard.len(), 0, "{name}: {error}");
        }
        server.behaves(&well);
        pass(Duration::from_secs(86_401)).await;
        api.called_by(tokens).await.unwrap_or_else(|error| panic!("after {name}: {error}"));
        let heard = [heard, api.heard()].concat();
        assert!(heard.iter().all(|headers| headers["authorization"] == format!("Bearer {GOOD}")), "{name}");
        assert_eq!(server.strayed(), 0, "{name}");
    }
}

/// T-9449-03: where tokens are to be bound, one that is not bound is not taken, whatever else is said.
#[tokio::test]
async fn an_unbound_token_is_not_taken_for_a_bound_one() {
    let server = MisbehavingServer::start().await;
    for behaviour in misbehaviours() {
        server.behaves(&behaviour);
        let tokens = source(&server).dpop(Algorithm::ES256).build_unasked().unwrap();
        let taken = outlived(&server, &behaviour, async move { tokens.token().await }).await;
        match (behaviour.must, taken) {
            (Must::Take { .. }, Err(TokenError::Misconfigured(error))) => assert_eq!(error.setting(), "dpop"),
            (Must::Take { .. }, other) => panic!("{}: {other:?}", behaviour.name),
            (_, taken) => assert!(taken.is_err(), "{}: {taken:?}", behaviour.name),
        }
        assert_eq!(server.strayed(), 0, "{}", behaviour.name);
    }
}

/// T-7662-06: where tokens are asked about, none of these answers is a yes or a no.
#[tokio::test]
async fn nothing_is_learned_about_a_token() {
    let server = MisbehavingServer::start().await;
    let place = Endpoint::parse(server.token_endpoint()).unwrap();
    for behaviour in misbehaviours() {
        server.behaves(&behaviour);
        let auth = ClientAuth::client_secret_basic("svc", "secret".to_owned());
        let introspector = Introspector::at(Arc::new(HttpClient::default()), place.clone(), auth);
        let asked =
            outlived(&server, &behaviour, async move { introspector.introspect("token").await }).await;
        let error = asked.unwrap_err().to_string();
        assert!(error.chars().count() < 1000, "{} shows pages: {error}", behaviour.name);
        assert!(!error.chars().any(char::is_control), "{}: {error:?}", behaviour.name);
        assert_eq!(server.strayed(), 0, "{}", behaviour.name);
    }
}

/// RFC 7009 §2.2: a token counts as revoked on a 200 alone, and by whoever holds it no longer in any case.
#[tokio::test]
async fn a_token_is_not_revoked_by_accident() {
    let server = MisbehavingServer::start().await;
    let well = misbehaviour("good-without-no-store");
    for behaviour in misbehaviours() {
        server.behaves(&well);
        let builder = TokenSource::at(server.token_endpoint()).revocation_endpoint(server.token_endpoint());
        let tokens =
            builder.client_secret("svc", "secret".to_owned()).clock(clock()).build_unasked().unwrap();
        let token = tokens.token().await.unwrap();
        server.behaves(&behaviour);
        let (source, given_back) = (tokens.clone(), token.clone());
        let done = outlived(&server, &behaviour, async move { source.revoke(&given_back).await }).await;
        // what answers is a token endpoint: where it gives a token, it says 200
        match (behaviour.must, done) {
            (Must::Take { .. }, done) => done.unwrap_or_else(|error| panic!("{}: {error}", behaviour.name)),
            (Must::Refused(_) | Must::Unreachable(_), done) => assert!(done.is_err(), "{}", behaviour.name),
            // some of these are a 200 around nonsense, which is all that a revocation needs
            (Must::Misconfigured | Must::Fail, _) => {}
        }
        server.behaves(&well);
        assert!(!tokens.token().await.unwrap().is(&token), "{}", behaviour.name);
        assert_eq!(server.strayed(), 0, "{}", behaviour.name);
    }
}

fn source(server: &MisbehavingServer) -> Builder {
    let tokens = TokenSource::discover(server.issuer()).client_secret("svc", "secret".to_owned());
    tokens.only_to(API).clock(clock())
}

fn clock() -> Arc<TestClock> {
    Arc::default()
}

/// What comes of an exchange; of one that would take for ever, once the time for it has passed.
async fn outlived<T: Send + 'static>(
    server: &MisbehavingServer,
    behaviour: &Misbehaviour,
    exchange: impl Future<Output = T> + Send + 'static,
) -> T {
    let before = server.count();
    let exchange = tokio::spawn(exchange);
    if behaviour.id.ends_with("slow drip") {
        server.asked(before + 1).await;
        pass(Duration::from_secs(31)).await;
    }
    exchange.await.unwrap()
}

async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
