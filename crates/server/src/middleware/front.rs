//! The one layer around all routes: a request's id before it, its log line, counts and headers after it.
//!
//! One layer rather than six, since each costs an allocation and a clone of the service per request.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::Method;
use tower::{Layer, Service};

use super::access_log;
use super::panic::Caught;
use super::request_id::{RequestId, X_REQUEST_ID};
use super::security;
use super::told::Told;
use crate::extract::host::is_unambiguous;
use crate::extract::peer::Peer;
use crate::respond;
use crate::state::AppState;

/// Makes a [`Front`] of a service.
#[derive(Clone)]
pub(crate) struct FrontLayer(pub(crate) AppState);

/// A service with the layer around it.
#[derive(Clone)]
pub(crate) struct Front<S> {
    app: AppState,
    service: S,
}

/// One request from its first byte to its answer.
pub(super) struct Exchange {
    pub(super) id: RequestId,
    pub(super) method: Method,
    pub(super) route: Option<MatchedPath>,
    pub(super) source: IpAddr,
    begun: Instant,
}

impl<S> Layer<S> for FrontLayer {
    type Service = Front<S>;

    fn layer(&self, service: S) -> Front<S> {
        Front { app: self.0.clone(), service }
    }
}

impl<S> Service<Request> for Front<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        // the one that was found ready goes, a fresh one stays
        let fresh = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, fresh);
        let app = self.app.clone();
        Box::pin(async move {
            let exchange = Exchange::begin(&app, &mut request);
            if !is_unambiguous(request.version(), request.headers()) {
                return Ok(exchange.end(&app, respond::unclear_host()));
            }
            let response = match Caught(Box::pin(async move { service.call(request).await })).await {
                Ok(Ok(response)) => response,
                Err(panicked) => respond::panicked(panicked),
            };
            Ok(exchange.end(&app, response))
        })
    }
}

impl Exchange {
    fn begin(app: &AppState, request: &mut Request) -> Self {
        let begun = Instant::now();
        let peer = request.extensions().get::<Peer>().copied();
        let id = app.request_ids().of(request.headers(), app.proxies().are_trusted(peer.as_ref()));
        request.extensions_mut().insert(id.clone());
        Self {
            id,
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
            source: app.source(peer.as_ref(), request.headers()),
            begun,
        }
    }

    fn end(self, app: &AppState, mut response: Response) -> Response {
        let told = response.extensions_mut().remove::<Told>().unwrap_or_default();
        let status = response.status();
        let took = self.begun.elapsed();
        access_log::write(&self, &told, status, took);
        app.metrics().count(self.route(), status, took, &told);
        security::put(response.headers_mut(), app.transport());
        response.headers_mut().insert(X_REQUEST_ID, self.id.to_header());
        response
    }

    /// The template of the URL that matched: a bounded set, and never the caller's own words.
    pub(super) fn route(&self) -> &str {
        self.route.as_ref().map_or("unmatched", MatchedPath::as_str)
    }
}
