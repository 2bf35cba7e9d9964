//! What stands behind the proxy: it says what it was sent, and keeps it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tower::service_fn;

use super::Served;

pub(crate) struct Upstream {
    served: Served,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request that came through.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) body: Bytes,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let served = Served::start(service_fn(move |request| answer(request, Arc::clone(&kept))));
        Self { served, seen }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.served.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// How many requests came through.
    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// The last request that came through.
    pub(crate) fn last(&self) -> Seen {
        self.seen.lock().unwrap().last().unwrap().clone()
    }
}

impl Seen {
    /// All lines of a header, in one text.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines: Vec<_> = self.headers.get_all(name).iter().map(|line| line.to_str().unwrap()).collect();
        (!lines.is_empty()).then(|| lines.join("|"))
    }
}

/// Says in headers who it was told calls, and in the body which headers there were.
async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<Seen>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (Parts { method, uri, headers, .. }, body) = request.into_parts();
    let collected = body.collect().await.ok();
    let trailers = collected.as_ref().and_then(|body| body.trailers().cloned());
    let body = collected.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut response = Response::new(Full::from(format!("{method} {uri} {}", body.len())));
    for name in ["x-auth-client", "x-auth-subject", "x-auth-issuer", "x-auth-scope"] {
        if let Some(value) = headers.get(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    let (method, target) = (method.to_string(), uri.to_string());
    seen.lock().unwrap().push(Seen { method, target, headers, trailers, body });
    Ok(response)
}
