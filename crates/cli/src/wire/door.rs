//! The application as a listener calls it: the address of the caller is handed over.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use bytes::Bytes;
use countersign_listen::PeerAddr;
use countersign_server::Peer;
use http::Request;
use tower::{BoxError, Service};

/// A router behind a listener.
#[derive(Clone)]
pub(super) struct Door(pub(super) Router);

impl<B> Service<Request<B>> for Door
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(())) // so is a router, always
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(&PeerAddr(address)) = request.extensions().get() {
            request.extensions_mut().insert(Peer(address));
        }
        self.0.call(request.map(Body::new))
    }
}
