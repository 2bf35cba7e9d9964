//! The guard as a reverse proxy: a request is judged, and only then an upstream hears of it, with who calls in headers that
//! nobody else can set. Bodies are streamed both ways.

mod body;
mod headers;
mod rest;
mod upstream;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign_listen::PeerAddr;
use http::request::Parts;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use tower::Service;

pub use body::ProxyBody;
pub use upstream::{Upstream, UpstreamError};

use self::body::Upload;
use crate::certificates::Certificates;
use crate::door::Door;
use crate::forward_auth::identity;
use crate::identity::IdentityHeaders;
use crate::path::RequestPath;
use crate::presented::Presented;
use crate::proxied::TrustedProxies;
use crate::refusal::Refusal;
use crate::rules::Rules;
use crate::verifier::Verifier;

/// Judges and passes on; clones are the same proxy.
#[derive(Clone)]
pub struct Proxy(Arc<Inner>);

/// What a proxy is made of.
pub struct ProxyParts {
    /// Judges tokens.
    pub verifier: Verifier,
    /// Says which requests need what.
    pub rules: Rules,
    /// Where requests go that are let in.
    pub upstream: Upstream,
    /// Where callers' certificates come from.
    pub certificates: Certificates,
    /// Whose `X-Forwarded-…` are kept.
    pub trusted_proxies: TrustedProxies,
    /// Whether callers come over TLS that ends here.
    pub is_tls: bool,
    /// Whether the upstream gets the token and its proof.
    pub pass_authorization: bool,
    /// Whether CORS preflights go through.
    pub allow_preflight: bool,
}

struct Inner {
    door: Door,
    upstream: Upstream,
    certificates: Certificates,
    trusted_proxies: TrustedProxies,
    is_tls: bool,
    pass_authorization: bool,
}

impl Proxy {
    /// A proxy of these parts.
    #[must_use]
    pub fn new(parts: ProxyParts) -> Self {
        let ProxyParts { verifier, rules, allow_preflight, .. } = parts;
        Self(Arc::new(Inner {
            door: Door { verifier, rules, allow_preflight },
            upstream: parts.upstream,
            certificates: parts.certificates,
            trusted_proxies: parts.trusted_proxies,
            is_tls: parts.is_tls,
            pass_authorization: parts.pass_authorization,
        }))
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<ProxyBody> {
        let verifier = &self.0.door.verifier;
        if let Some(metadata) = verifier.metadata(request.method(), request.uri().path()) {
            return metadata.map(ProxyBody::from);
        }
        let (parts, body) = request.into_parts();
        let judged = self.judge(&parts).await;
        verifier.note(&judged);
        match judged {
            Err(refusal) => {
                rest::throw_away(&parts, body);
                verifier.respond(&Presented::by(&parts), &refusal).map(ProxyBody::from)
            }
            Ok((identity, target)) => self.pass_on(parts, body, &identity, target).await,
        }
    }

    /// Who calls, and what the upstream is asked for.
    async fn judge(&self, parts: &Parts) -> Result<(IdentityHeaders, Uri), Refusal> {
        // an absolute-form target and HTTP/2's pseudo-headers leave authority and path apart already
        let asked = parts.uri.path_and_query().map_or("*", http::uri::PathAndQuery::as_str);
        let path = RequestPath::parse(asked).map_err(|ambiguous| {
            tracing::debug!(%ambiguous, "the path could be read in two ways");
            Refusal::Path
        })?;
        let certificate = self.0.certificates.of(parts)?;
        let presented =
            Presented::at(&parts.method, asked, &parts.headers).with_certificate(certificate.as_ref());
        let access = self.0.door.admit((&parts.method, &path), &parts.headers, &presented).await?;
        let target = match path.rewritten() {
            None => parts.uri.path_and_query().cloned(),
            Some(normal) => normal.parse().ok(),
        };
        let target = target.and_then(|target| self.0.upstream.uri(target)).ok_or(Refusal::Path)?;
        Ok((identity(access.as_ref())?, target))
    }

    async fn pass_on(
        &self,
        mut parts: Parts,
        body: Incoming,
        identity: &IdentityHeaders,
        target: Uri,
    ) -> Response<ProxyBody> {
        let peer = parts.extensions.get::<PeerAddr>().map(|peer| peer.0.ip());
        let is_trusted = peer.is_some_and(|peer| self.0.trusted_proxies.contains(peer));
        headers::for_upstream(&mut parts, peer, is_trusted, self.0.is_tls);
        self.0.certificates.strip(&mut parts.headers);
        if !self.0.pass_authorization {
            headers::without_token(&mut parts.headers);
        }
        identity.put(&mut parts.headers);
        parts.uri = target;
        let method = parts.method.clone();
        match self.0.upstream.send(Request::from_parts(parts, Upload(body))).await {
            Ok(mut response) => {
                headers::for_caller(response.headers_mut());
                response.map(ProxyBody::from)
            }
            Err(error) => {
                tracing::warn!(%error, %method, "no answer of the upstream");
                error.response().map(ProxyBody::from)
            }
        }
    }
}

impl Service<Request<Incoming>> for Proxy {
    type Response = Response<ProxyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(this.answer(request).await) })
    }
}

/// A refusal in JSON, as the guard's other answers.
fn told(error: &str, description: &str) -> Bytes {
    serde_json::json!({ "error": error, "error_description": description }).to_string().into()
}
