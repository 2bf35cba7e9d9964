//! The demo's own API, behind the guard: who is let in, and what the others are told.

use std::sync::Arc;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use countersign_client::{Answer, SystemClock};
use countersign_guard::{Access, GuardLayer, Require, TrustedIssuer, Verifier};
use countersign_listen::Listener;
use countersign_proto::time::{Clock, UnixTime};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Request};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::story::{API, Story, has_status, must, read};
use super::transcript::{Shown, short};
use crate::failure::Failure;

/// An API on a port of its own, keys from the demo's server.
struct GuardedApi {
    url: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// The present time, moved ahead by so many seconds.
struct Ahead(i64);

impl Story {
    /// Calls the API as callers do, well and badly; the token is one that may read.
    pub(super) async fn call_the_api(&mut self, token: &str) -> Result<(), Failure> {
        let issuer = format!("{}/realms/myorg", self.server);
        let api = GuardedApi::start(&issuer, Ahead(0)).await?;
        self.transcript
            .chapter("An API behind the guard, called without a token: refused, and told how to come back");
        let answer = self.call(&api, Method::GET, None).await?;
        is_refused(&answer, 401, "Bearer realm=\"https://orders.example\"", None)?;

        self.transcript.chapter("… with a token: let in, and the API knows who calls");
        let answer = self.call(&api, Method::GET, Some(token)).await?;
        has_status(&answer, 200)?;
        must(&*answer.body == b"orders of shop\n", "the API must know that the shop calls")?;

        self.transcript.chapter("… with a token of too little scope: refused, and told which scope it takes");
        let answer = self.call(&api, Method::POST, Some(token)).await?;
        is_refused(&answer, 403, "scope=\"orders:write\"", Some("insufficient_scope"))?;
        api.end().await?;

        self.transcript
            .chapter("… and with an expired one: the same token, when the API's clock shows the day after");
        let api = GuardedApi::start(&issuer, Ahead(DAY)).await?;
        let answer = self.call(&api, Method::GET, Some(token)).await?;
        is_refused(&answer, 401, "the access token expired", Some("invalid_token"))?;
        api.end().await
    }

    /// One request to the API.
    async fn call(&self, api: &GuardedApi, method: Method, token: Option<&str>) -> Result<Answer, Failure> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        if let Some(token) = token {
            let bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(Failure::new)?;
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let shown = format!("Bearer {}", short(token.unwrap_or_default()));
        self.transcript.exchange(&format!("{}/orders", api.url), request, Shown(&shown)).await
    }
}

impl GuardedApi {
    /// What anybody writes who protects an API, besides the clock.
    async fn start(issuer: &str, clock: Ahead) -> Result<Self, Failure> {
        let listener = Listener::bind(&[([127, 0, 0, 1], 0).into()])?;
        let at = listener.local_addrs().first().copied();
        let url = format!("http://{}", at.ok_or_else(|| Failure::new("the API has no address"))?);
        let verifier = Verifier::builder(TrustedIssuer::discover(issuer, API)).public_url(&url);
        let verifier = verifier.clock(Arc::new(clock)).build().map_err(Failure::new)?;
        // until then it answers 503
        timeout(PATIENCE, verifier.ready())
            .await
            .map_err(|_| Failure::new("the demo went wrong: the guard has no keys"))?;
        let scope = |name| Require::scope(name).map_err(Failure::new);
        let may_read = GuardLayer::new(verifier.clone()).require(scope("orders:read")?);
        let may_write = GuardLayer::new(verifier).require(scope("orders:write")?);
        let app = Router::new()
            .route("/orders", get(orders).route_layer(may_read))
            .route("/orders", post(async || "ordered\n").route_layer(may_write));

        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            listener.serve(app, stopped).await;
        });
        Ok(Self { url, stop, serving })
    }

    async fn end(self) -> Result<(), Failure> {
        drop(self.stop);
        self.serving.await.map_err(Failure::new)
    }
}

impl Clock for Ahead {
    fn now(&self) -> UnixTime {
        SystemClock.now().plus(self.0)
    }
}

async fn orders(Extension(access): Extension<Access>) -> String {
    format!("orders of {}\n", access.client_id().unwrap_or_default())
}

/// A refusal as RFC 6750 §3 has it: what the challenge says, and the error where somebody tried.
fn is_refused(answer: &Answer, status: u16, challenge: &str, error: Option<&str>) -> Result<(), Failure> {
    has_status(answer, status)?;
    let told = answer.headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    must(told.contains(challenge), &format!("the challenge must say {challenge}"))?;
    let body: Value = read(answer)?;
    let said = body.get("error").and_then(Value::as_str).filter(|error| told.contains(error));
    must(said == error, &format!("the error must be {}", error.unwrap_or("none")))
}

const DAY: i64 = 86_400;

/// For the keys to come from the server beside it.
const PATIENCE: Duration = Duration::from_secs(10);
