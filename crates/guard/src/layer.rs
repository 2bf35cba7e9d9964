//! The guard as a tower layer: one line before a service, and only requests with the right token get through.
//!
//! ```no_run
//! use axum::{Extension, Router, routing::get};
//! use countersign_guard::{Access, GuardLayer, Require, TrustedIssuer, Verifier};
//!
//! async fn orders(Extension(access): Extension<Access>) -> String {
//!     format!("orders for {}", access.subject())
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let issuer = TrustedIssuer::discover("http://localhost:8080/realms/myorg", "https://orders.example");
//!     let verifier = Verifier::builder(issuer).build()?;
//!     let app = Router::new()
//!         .route("/orders", get(orders))
//!         .layer(GuardLayer::new(verifier).require(Require::scope("orders:read")?));
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app).await?;
//!     Ok(())
//! }
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::Verifier;
use crate::preflight::is_preflight;
use crate::presented::Presented;
use crate::require::Require;
use crate::verifier::Known;

/// Puts a service behind a [`Verifier`]: what gets through has [`Access`](crate::Access) in its extensions.
#[derive(Clone, Debug)]
pub struct GuardLayer(Arc<Settings>);

/// Behind one pointer, because axum clones the service for each request.
#[derive(Clone, Debug)]
struct Settings {
    verifier: Verifier,
    require: Require,
    allow_preflight: bool,
}

/// A service behind a [`Verifier`].
#[derive(Clone, Debug)]
pub struct Guard<S> {
    service: S,
    layer: GuardLayer,
}

impl GuardLayer {
    /// Lets in whoever has a valid token of the verifier's.
    ///
    /// Put it on the outermost router: there it serves the metadata of RFC 9728, and sees the whole path, which DPoP proofs
    /// name. A router that is nested in another (axum's `Router::nest`) sees a path without its beginning, so that proofs
    /// are refused there; not so with the feature `axum`, by which the path is known as it was sent. Without it, let the
    /// public URL end with that beginning: `https://orders.example/v1` for what is nested at `/v1`. The feature is one of the
    /// whole build: where another crate turns it on, such a public URL is wrong, and proofs are refused again. So where you
    /// nest, turn it on yourself.
    ///
    /// Does not check: scopes, unless [`Self::require`] says which; the path, which is the router's own; routes that are
    /// added after the layer; bodies; and as [`Verifier::verify`].
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self(Arc::new(Settings { verifier, require: Require::token(), allow_preflight: false }))
    }

    /// Lets in only tokens with these scopes.
    #[must_use]
    pub fn require(mut self, require: Require) -> Self {
        Arc::make_mut(&mut self.0).require = require;
        self
    }

    /// Lets CORS preflights through, which browsers send without a token: the service must answer them itself and do
    /// nothing else on `OPTIONS`.
    #[must_use]
    pub fn allow_preflight(mut self) -> Self {
        Arc::make_mut(&mut self.0).allow_preflight = true;
        self
    }
}

impl Settings {
    /// Judges a request, and says in its extensions with what it is let in.
    fn judge<B>(&self, request: &mut Request<B>) -> Verdict {
        if let Some(metadata) = self.verifier.metadata(request.method(), request.uri()) {
            return Verdict::Answered(Box::new(metadata));
        }
        if self.allow_preflight && is_preflight(request.method(), request.headers()) {
            self.verifier.counts().allow();
            return Verdict::In;
        }
        let presented = Presented::by_request(request);
        match self.verifier.enter_or(&presented, request.extensions(), &self.require) {
            Ok(Ok(access)) => {
                request.extensions_mut().insert(access);
                Verdict::In
            }
            Ok(Err(refusal)) => Verdict::Answered(Box::new(self.verifier.respond(&presented, &refusal))),
            Err(known) => Verdict::Unsettled(Box::new(known)),
        }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, service: S) -> Guard<S> {
        Guard { service, layer: self.clone() }
    }
}

impl<S, In, Out> Service<Request<In>> for Guard<S>
where
    S: Service<Request<In>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send,
    In: Send + 'static,
    Out: From<Bytes> + Send + 'static,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = GuardFuture<S, In, Out>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<In>) -> Self::Future {
        match self.layer.0.judge(&mut request) {
            Verdict::In => GuardFuture::inside(self.service.call(request)),
            Verdict::Answered(response) => GuardFuture::answered((*response).map(Out::from)),
            Verdict::Unsettled(known) => {
                // the one that was found ready goes, a fresh one stays
                let fresh = self.service.clone();
                let service = std::mem::replace(&mut self.service, fresh);
                let wait = wait(self.layer.clone(), *known, service, request);
                GuardFuture { way: Way::Waiting { wait: Box::pin(wait) } }
            }
        }
    }
}

/// What becomes of a request; small, and what is rare on the heap, because it is asked for each.
enum Verdict {
    In,
    Answered(Box<Response<Bytes>>),
    /// More only after an issuer was asked.
    Unsettled(Box<Known>),
}

pin_project! {
    /// A request on its way: refused, inside, or waiting for what its issuer says.
    pub struct GuardFuture<S, In, Out>
    where
        S: Service<Request<In>, Response = Response<Out>>,
    {
        #[pin]
        way: Way<S, In, Out>,
    }
}

pin_project! {
    #[project = Projected]
    enum Way<S, In, Out>
    where
        S: Service<Request<In>, Response = Response<Out>>,
    {
        Answered { response: Option<Response<Out>> },
        Inside {
            #[pin]
            call: S::Future,
        },
        Waiting { wait: Pin<Box<dyn Future<Output = Result<Response<Out>, S::Error>> + Send>> },
    }
}

impl<S, In, Out> GuardFuture<S, In, Out>
where
    S: Service<Request<In>, Response = Response<Out>>,
{
    fn answered(response: Response<Out>) -> Self {
        Self { way: Way::Answered { response: Some(response) } }
    }

    fn inside(call: S::Future) -> Self {
        Self { way: Way::Inside { call } }
    }
}

impl<S, In, Out> Future for GuardFuture<S, In, Out>
where
    S: Service<Request<In>, Response = Response<Out>>,
{
    type Output = Result<Response<Out>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().way.project() {
            // polled after its end, it has nothing more to say
            Projected::Answered { response } => response.take().map_or(Poll::Pending, |r| Poll::Ready(Ok(r))),
            Projected::Inside { call } => call.poll(cx),
            Projected::Waiting { wait } => wait.as_mut().poll(cx),
        }
    }
}

async fn wait<S, In, Out>(
    GuardLayer(settings): GuardLayer,
    known: Known,
    mut service: S,
    request: Request<In>,
) -> Result<Response<Out>, S::Error>
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: From<Bytes>,
{
    let (mut parts, body) = request.into_parts();
    let judged = settings.verifier.enter_after(known, &Presented::by(&parts), &settings.require).await;
    match judged {
        Ok(access) => {
            parts.extensions.insert(access);
            service.call(Request::from_parts(parts, body)).await
        }
        Err(refusal) => Ok(settings.verifier.respond(&Presented::by(&parts), &refusal).map(Out::from)),
    }
}
