//! A connection that is ready in time: the name looked up, TCP connected and the TLS handshake done.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use tokio::time::timeout;
use tower_service::Service;

/// Connects by `C`, and gives up after a while.
#[derive(Clone, Debug)]
pub(super) struct Bounded<C> {
    connector: C,
    within: Duration,
}

impl<C> Bounded<C> {
    pub(super) const fn new(connector: C, within: Duration) -> Self {
        Self { connector, within }
    }
}

impl<C> Service<Uri> for Bounded<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (connected, within) = (self.connector.call(to), self.within);
        Box::pin(async move {
            let late = |_| {
                let why = format!("the connection is not ready within {within:?}");
                Err(io::Error::new(io::ErrorKind::TimedOut, why).into())
            };
            timeout(within, connected).await.unwrap_or_else(late)
        })
    }
}

type BoxError = Box<dyn Error + Send + Sync>;
