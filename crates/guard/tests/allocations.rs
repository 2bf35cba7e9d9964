//! What the layer costs in allocations where a token comes again, and that a flood of bad ones makes it no dearer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use countersign_guard::{GuardLayer, Presented, TrustedIssuer, Verifier};
use countersign_proto::jose::{Algorithm, EncodedHeader, SigningKey, compact};
use countersign_proto::time::{Clock, UnixTime};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use tokio::runtime::Runtime;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

const ISSUER: &str = "https://issuer.example";
const API: &str = "https://orders.example";
const NOW: i64 = 1_800_000_000;

struct Still;

impl Clock for Still {
    fn now(&self) -> UnixTime {
        UnixTime(NOW)
    }
}

/// Stands for what the server puts into each request's extensions, such as the peer's address.
#[derive(Clone)]
struct Peer;

struct Scene {
    runtime: Runtime,
    verifier: Verifier,
    key: SigningKey,
}

impl Scene {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let key = SigningKey::generate(Algorithm::ES256, "k").unwrap();
        let keys = [key.public_jwk().clone()].into_iter().collect();
        let trusted = TrustedIssuer::discover(ISSUER, API).jwks(keys);
        let verifier = Verifier::builder(trusted).clock(Arc::new(Still)).public_url(API).build().unwrap();
        Self { runtime, verifier, key }
    }

    fn token(&self, jti: usize) -> String {
        let payload = format!(
            r#"{{"iss":"{ISSUER}","sub":"svc","client_id":"svc","aud":"{API}","exp":{},"iat":{NOW},"jti":"{jti}"}}"#,
            NOW + 300
        );
        compact::sign(
            &EncodedHeader::new(Algorithm::ES256, Some("at+jwt"), Some("k")),
            payload.as_bytes(),
            &self.key,
        )
        .unwrap()
    }

    /// How often a request to this service allocates.
    fn cost<S>(&self, service: &S, token: &str) -> u64
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible> + Clone,
    {
        let request = || {
            let mut request = Request::get("/orders").body(Bytes::new()).unwrap();
            *request.headers_mut() = bearer(token);
            request.extensions_mut().insert(Peer);
            request
        };
        let answer = |request| {
            let answer = self.runtime.block_on(service.clone().oneshot(request)).unwrap();
            assert_eq!(answer.status(), 200);
        };
        answer(request()); // now it is kept
        let request = request();
        allocation_counter::measure(|| answer(request)).count_total
    }
}

fn bearer(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())])
}

async fn hello(_: Request<Bytes>) -> Result<Response<Bytes>, Infallible> {
    Ok(Response::new(Bytes::from_static(b"hello")))
}

/// At most two more than without the layer, where the token was seen before.
#[test]
fn a_kept_token_costs_at_most_two_allocations() {
    let scene = Scene::new();
    let token = scene.token(1);
    let without = scene.cost(&service_fn(hello), &token);
    let with = scene.cost(&GuardLayer::new(scene.verifier.clone()).layer(service_fn(hello)), &token);
    assert!(with <= without + 2, "{with}, and {without} without the layer");
}

/// Ten thousand bad tokens, each of its own, drive no good one out.
#[test]
fn bad_tokens_change_nothing_in_what_is_kept() {
    let scene = Scene::new();
    let layered = GuardLayer::new(scene.verifier.clone()).layer(service_fn(hello));
    let good: Vec<_> = (0..4).map(|number| scene.token(number)).collect();
    let before: Vec<_> = good.iter().map(|token| scene.cost(&layered, token)).collect();
    let (input, signature) = good[0].rsplit_once('.').unwrap();
    let judged = |headers: &HeaderMap| {
        let judged = scene.verifier.judge(&Presented::of_token(headers));
        judged.unwrap().is_ok()
    };
    for number in 0..10_000 {
        let bad = match number % 3 {
            0 => format!("{input}.{number:05}{}", &signature[5..]),
            1 => format!("{number}.{input}.{signature}"),
            // the end of a good one, which is where it is looked for
            _ => format!("A{number}{input}.{signature}"),
        };
        assert!(!judged(&bearer(&bad)), "{bad}");
    }
    for (token, before) in good.iter().zip(before) {
        // a token that is not kept is verified, which allocates for all that it says
        let headers = bearer(token);
        let counted = allocation_counter::measure(|| assert!(judged(&headers)));
        assert_eq!(counted.count_total, 0, "{counted:?}");
        assert_eq!(scene.cost(&layered, token), before);
    }
    let fresh = bearer(&scene.token(99));
    assert!(allocation_counter::measure(|| assert!(judged(&fresh))).count_total > 0);
}
