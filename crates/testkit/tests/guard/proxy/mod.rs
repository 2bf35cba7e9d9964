//! The proxy between its callers and a real upstream: what goes through, what does not, and what is said anew.

mod bodies;
mod headers;
mod patience;
mod places;
mod targets;
mod upstreams;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use countersign_guard::proxy::{Proxy, ProxyParts};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::service_fn;

use crate::harness::{Ask, Scene, Served, Upstream, proxy_parts};

/// A proxy with settings of its own, before its own upstream.
struct Proxied {
    scene: Scene,
    upstream: Upstream,
    proxy: Served,
    token: String,
}

impl Proxied {
    async fn new() -> Self {
        Self::with(|parts| parts).await
    }

    async fn with(set: impl FnOnce(ProxyParts) -> ProxyParts) -> Self {
        let scene = Scene::new().await;
        let upstream = Upstream::start();
        let parts = set(proxy_parts(&scene.verifier, &upstream.url()));
        let token = scene.issuer.mint().token();
        Self { proxy: Served::start(Proxy::new(parts)), scene, upstream, token }
    }

    async fn get(&self, ask: Ask) -> crate::harness::Seen {
        let answer = ask.bearer(&self.token).at(self.proxy.address).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.upstream.last()
    }
}

/// A proxy before a service of the test's own.
async fn before<F>(scene: &Scene, patience: Duration, answer: F) -> (Served, Served)
where
    F: AsyncUpstream,
{
    let upstream = Served::start(service_fn(move |request| answer.clone().answer(request)));
    let url = format!("http://{}", upstream.address);
    let to = countersign_guard::proxy::Upstream::new(&url, None, patience).unwrap();
    let parts = ProxyParts { upstream: to, ..proxy_parts(&scene.verifier, &url) };
    (Served::start(Proxy::new(parts)), upstream)
}

type Answered = Result<Response<http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>>, Infallible>;

trait AsyncUpstream: Clone + Send + Sync + 'static {
    fn answer(self, request: Request<Incoming>) -> std::pin::Pin<Box<dyn Future<Output = Answered> + Send>>;
}

impl<F, A> AsyncUpstream for F
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answered> + Send + 'static,
{
    fn answer(self, request: Request<Incoming>) -> std::pin::Pin<Box<dyn Future<Output = Answered> + Send>> {
        Box::pin(self(request))
    }
}

fn full(text: impl Into<Bytes>) -> http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible> {
    Full::new(text.into()).boxed_unsync()
}

/// Everything that a connection says until it ends.
async fn raw(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let read = stream.read_to_end(&mut heard);
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap().unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}
