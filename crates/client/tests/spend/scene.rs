//! An issuer, a clock, an API, and a source of tokens for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign_client::{Builder, CallError, TokenSource};
use countersign_proto::jose::Algorithm;
use countersign_testkit::issuer::Document;
use countersign_testkit::{TestClock, TestIssuer};
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _};

use super::api::{Api, Heard};

pub(crate) struct Scene {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) issuer: TestIssuer,
    pub(crate) api: Api,
    pub(crate) tokens: TokenSource,
}

/// What came of a call.
pub(crate) type Called = Result<Response<Full<Bytes>>, CallError<std::convert::Infallible>>;

impl Scene {
    pub(crate) const URL: &str = "https://orders.example/1";

    pub(crate) async fn bearer() -> Self {
        Self::with(|builder| builder.only_to("https://orders.example")).await
    }

    pub(crate) async fn dpop(algorithm: Algorithm) -> Self {
        Self::with(|builder| {
            builder.only_to("https://orders.example").only_to("https://b.example").dpop(algorithm)
        })
        .await
    }

    pub(crate) async fn with(set: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = Arc::new(TestClock::default());
        let issuer = TestIssuer::with().clock(clock.clone()).start().await;
        issuer.client("svc").secret("secret");
        let builder = TokenSource::discover(issuer.issuer()).client_secret("svc", secret());
        let tokens = set(builder.clock(clock.clone())).build_unasked().unwrap();
        Self { clock, issuer, api: Api::default(), tokens }
    }

    /// Calls the API through the layer.
    pub(crate) async fn call(&self, request: Request<Full<Bytes>>) -> Called {
        self.tokens.layer().layer(self.api.clone()).oneshot(request).await
    }

    /// Gets a URL; the status.
    pub(crate) async fn get(&self, url: &str) -> u16 {
        self.call(Request::get(url).body(Full::default()).unwrap()).await.unwrap().status().as_u16()
    }

    /// Gets the usual URL; the status, and all that the API heard.
    pub(crate) async fn got(&self) -> (u16, Vec<Heard>) {
        (self.get(Self::URL).await, self.api.heard())
    }

    /// Moves time by as much as a source waits before it replaces another refused token.
    pub(crate) async fn much_later(&self) {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(61)).await;
        tokio::time::resume();
    }

    /// How many tokens were asked for.
    pub(crate) fn asked(&self) -> u64 {
        self.issuer.count(Document::Token)
    }
}

pub(crate) fn secret() -> countersign_client::token::Secret {
    countersign_client::token::Secret::new("secret".to_owned())
}
