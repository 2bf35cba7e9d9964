//! A request to be made at a door.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign_testkit::{Answer, Draft};
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// A request, whichever door it is made at.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Ask {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("orders.example"))]);
        Self { method: method.parse().unwrap(), target: target.to_owned(), headers, body: Bytes::new() }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// With one more line of this header.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.append(name.parse::<HeaderName>().unwrap(), value);
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn dpop(self, token: &str, proof: &Draft) -> Self {
        self.header("authorization", format!("DPoP {token}")).header("dpop", proof.token())
    }

    /// With this in a form, as RFC 6750 §2.2 has it.
    pub(crate) fn form(self, form: &str) -> Self {
        let body = Bytes::copy_from_slice(form.as_bytes());
        Self { body, ..self.header("content-type", "application/x-www-form-urlencoded") }
    }

    /// With a certificate as a proxy hands it on (RFC 9440).
    pub(crate) fn certificate(self, der: &[u8]) -> Self {
        self.header("client-cert", format!(":{}:", STANDARD.encode(der)))
    }

    pub(crate) fn request(&self, uri: &str) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri.parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// As it is sent to a server that stands at this address.
    pub(crate) async fn at(&self, address: SocketAddr) -> Answer {
        exchange(self.request(&format!("http://{address}{}", self.target))).await
    }
}

/// Sends a request over a connection of its own.
pub(crate) async fn exchange(request: Request<Full<Bytes>>) -> Answer {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    Answer { status: head.status, headers: head.headers, body: body.collect().await.unwrap().to_bytes() }
}
