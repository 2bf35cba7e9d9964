//! A token request by hand.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use countersign_proto::jose::SigningKey;
use countersign_testkit::issuer::Document;
use countersign_testkit::{Answer, Draft, TestIssuer};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// A token request in the making: `grant_type=client_credentials` and what is added.
#[derive(Clone)]
pub(crate) struct Ask {
    headers: Vec<(&'static str, String)>,
    pairs: Vec<(&'static str, String)>,
}

impl Ask {
    pub(crate) fn new() -> Self {
        Self::without_grant().with("grant_type", "client_credentials")
    }

    pub(crate) fn without_grant() -> Self {
        Self { headers: Vec::new(), pairs: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.pairs.push((name, value.into()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds Basic credentials, encoded as they are given.
    pub(crate) fn basic(self, id: &str, secret: &str) -> Self {
        self.header("authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
    }

    /// Adds `svc` and its secret by Basic.
    pub(crate) fn svc(self) -> Self {
        self.basic("svc", "s3cret")
    }

    /// Adds an assertion.
    pub(crate) fn assertion(self, draft: &Draft) -> Self {
        self.with("client_assertion_type", JWT_BEARER).with("client_assertion", draft.token())
    }

    /// Adds a proof.
    pub(crate) fn dpop(self, proof: &Draft) -> Self {
        self.header("dpop", proof.token())
    }

    pub(crate) fn request(&self, url: &str) -> Request<Full<Bytes>> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(&self.pairs);
        let request = Request::post(url).header("content-type", "application/x-www-form-urlencoded");
        let request =
            self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        request.body(Full::from(form.finish())).unwrap()
    }

    pub(crate) async fn at(&self, issuer: &TestIssuer) -> Answer {
        send(self.request(&issuer.url(Document::Token))).await
    }

    /// Status and error, `200 -` for a token.
    pub(crate) async fn verdict(&self, issuer: &TestIssuer) -> String {
        verdict(&self.at(issuer).await)
    }
}

/// An issuer that knows `svc` by its secret.
pub(crate) async fn issuer() -> TestIssuer {
    let issuer = TestIssuer::start().await;
    issuer.client("svc").secret("s3cret");
    issuer
}

pub(crate) async fn send(request: Request<Full<Bytes>>) -> Answer {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, body }
}

pub(crate) fn verdict(answer: &Answer) -> String {
    if answer.status == 200 { "200 -".to_owned() } else { answer.refusal() }
}

/// A good assertion of `svc` in the making.
pub(crate) fn assertion(issuer: &TestIssuer, key: &Arc<SigningKey>) -> Draft {
    static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let now = issuer.now();
    Draft::new(key, "client-authentication+jwt")
        .claim("iss", "svc")
        .claim("sub", "svc")
        .claim("aud", issuer.issuer())
        .claim("iat", now.0)
        .claim("exp", now.plus(60).0)
        .claim("jti", format!("assertion-{number}"))
}

pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
