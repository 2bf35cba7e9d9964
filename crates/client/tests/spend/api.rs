//! An API that answers what a test tells it to, and keeps what it heard: as a service, and on loopback.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tower::Service;

/// The API; all clones are one.
#[derive(Clone, Default)]
pub(crate) struct Api(Arc<Inner>);

#[derive(Default)]
struct Inner {
    next: Mutex<VecDeque<Response<Full<Bytes>>>>,
    heard: Mutex<Vec<Heard>>,
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Api {
    /// Answers the next request so that has no answer yet; when there is none, it says 200.
    pub(crate) fn says(&self, status: u16, headers: &[(&str, &str)], body: &str) {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let response = response.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
        self.0.next.lock().unwrap().push_back(response);
    }

    /// Answers 401 with this challenge.
    pub(crate) fn challenges(&self, challenge: &str) {
        self.says(401, &[("www-authenticate", challenge)], "no");
    }

    /// Answers 401 and wants this nonce.
    pub(crate) fn wants_nonce(&self, nonce: &str) {
        let challenge = r#"DPoP error="use_dpop_nonce", algs="ES256""#;
        self.says(401, &[("www-authenticate", challenge), ("dpop-nonce", nonce)], "no");
    }

    /// What it heard since it was last asked.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.0.heard.lock().unwrap())
    }

    /// Serves on loopback for as long as the test runs; its origin.
    pub(crate) async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let api = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let api = api.clone();
                let service = service_fn(move |request| api.clone().call(request));
                let serve = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(serve);
            }
        });
        origin
    }

    fn answer(&self) -> Response<Full<Bytes>> {
        self.0.next.lock().unwrap().pop_front().unwrap_or_default()
    }
}

impl Heard {
    /// The one value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().unwrap();
        assert!(values.next().is_none(), "{name} stands twice");
        Some(value)
    }

    /// The token, whatever its scheme.
    pub(crate) fn token(&self) -> &str {
        self.header("authorization").unwrap().split_once(' ').unwrap().1
    }
}

impl<B> Service<Request<B>> for Api
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: std::fmt::Debug,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let api = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let heard = Heard { method: head.method, uri: head.uri, headers: head.headers, body };
            api.0.heard.lock().unwrap().push(heard);
            Ok(api.answer())
        })
    }
}
