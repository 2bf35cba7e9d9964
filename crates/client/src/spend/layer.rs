//! The source as a tower layer: each request that passes has a token.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::{Call, SpendError, replay};
use crate::TokenSource;

/// Puts a token on each request of a service; made by [`TokenSource::layer`].
///
/// Requests to other origins than those that [`only_to`](crate::Builder::only_to) named are refused, not sent without a
/// token, so it belongs inside of whatever follows redirects or retries: there each request is judged and has a proof of
/// its own.
///
/// A request is sent again, once each, when its token is refused (`invalid_token`) and when a nonce is asked for
/// (`use_dpop_nonce`), if its body is one that lies in memory: `()`, [`Bytes`](bytes::Bytes), `String`, `Vec<u8>`,
/// [`Full`](http_body_util::Full) or [`Empty`](http_body_util::Empty) of `Bytes`. With any other body, which may have
/// gone by, the answer stands, and the next request has a fresh token.
#[derive(Clone)]
pub struct TokenLayer {
    tokens: TokenSource,
}

/// A service whose requests have a token.
#[derive(Clone)]
pub struct Spender<S> {
    service: S,
    tokens: TokenSource,
}

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError<E> {
    /// The request was not sent.
    #[error(transparent)]
    NotSent(SpendError),
    /// The service failed.
    #[error(transparent)]
    Service(E),
}

impl TokenLayer {
    pub(super) const fn new(tokens: TokenSource) -> Self {
        Self { tokens }
    }
}

impl<S> Layer<S> for TokenLayer {
    type Service = Spender<S>;

    fn layer(&self, service: S) -> Spender<S> {
        Spender { service, tokens: self.tokens.clone() }
    }
}

impl std::fmt::Debug for TokenLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenLayer").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl<S> std::fmt::Debug for Spender<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spender").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl<S, In, Out> Service<Request<In>> for Spender<S>
where
    S: Service<Request<In>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    In: Send + 'static,
    Out: Send + 'static,
{
    type Response = Response<Out>;
    type Error = CallError<S::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Out>, CallError<S::Error>>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(cx).map_err(CallError::Service)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        // the one that was found ready goes, a fresh one stays
        let fresh = self.service.clone();
        let service = std::mem::replace(&mut self.service, fresh);
        Box::pin(spend(self.tokens.call(), service, request))
    }
}

async fn spend<S, In, Out>(
    mut call: Call,
    mut service: S,
    mut request: Request<In>,
) -> Result<Response<Out>, CallError<S::Error>>
where
    S: Service<Request<In>, Response = Response<Out>>,
    In: 'static,
{
    loop {
        let kept = replay::copy(&request);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        call.authorize_uri(&method, &uri, request.headers_mut()).await.map_err(CallError::NotSent)?;
        let response = service.call(request).await.map_err(CallError::Service)?;
        let again = call.again_uri(&uri, response.status(), response.headers()).await;
        let (true, Some(same)) = (again, kept) else { return Ok(response) };
        request = same;
        // its connection may be the one that the next request waits for
        drop(response);
        poll_fn(|cx| service.poll_ready(cx)).await.map_err(CallError::Service)?;
    }
}
