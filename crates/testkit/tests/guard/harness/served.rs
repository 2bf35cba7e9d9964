//! A service on a real port, until it is dropped.

use std::net::SocketAddr;

use bytes::Bytes;
use countersign_listen::Listener;
use countersign_listen::tls::Tls;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::task::AbortHandle;
use tower::Service;

pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    task: AbortHandle,
}

impl Served {
    pub(crate) fn start<S, B>(service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::on("127.0.0.1:0".parse().unwrap(), None, service)
    }

    pub(crate) fn on<S, B>(address: SocketAddr, tls: Option<Tls>, service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut listener = Listener::bind(&[address]).unwrap();
        if let Some(tls) = tls {
            listener = listener.with_tls(tls);
        }
        let address = listener.local_addrs()[0];
        let task = tokio::spawn(listener.serve(service, std::future::pending())).abort_handle();
        Self { address, task }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}
