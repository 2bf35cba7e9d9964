//! The guard as a reverse proxy: a request is judged, and only then an upstream hears of it, with who calls in headers that
//! nobody else can set. Bodies are streamed both ways.

mod authority;
mod body;
mod dial;
mod failures;
mod headers;
mod pace;
mod rest;
mod upstream;

use std::convert::Infallible;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Uri};
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tower::Service;

pub use body::{BodyError, ProxyBody};
pub use upstream::{Upstream, UpstreamError};

use self::body::Upload;
use self::failures::Failures;
use self::headers::{Hop, host};
use self::rest::Rest;
use crate::certificates::Certificates;
use crate::door::Door;
use crate::identity::IdentityHeaders;
use crate::path::{Ambiguous, RequestPath};
use crate::presented::{Presented, listener_peer};
use crate::proxied::TrustedProxies;
use crate::refusal::Refusal;
use crate::request_id::{self, X_REQUEST_ID};
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
    /// How many requests the upstream may work on at a time, each on a connection of its own; what is beyond is answered
    /// with 503 at once. See [`UPSTREAM_CONNECTIONS`].
    pub upstream_connections: NonZeroUsize,
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
    places: Arc<Semaphore>,
    failures: Arc<Failures>,
    certificates: Certificates,
    trusted_proxies: TrustedProxies,
    is_tls: bool,
    pass_authorization: bool,
}

/// What is known of how a request came, found out once.
struct Came {
    peer: Option<IpAddr>,
    /// Whether the peer's headers are believed.
    is_trusted: bool,
    id: Option<HeaderValue>,
}

/// How many requests an upstream works on at a time where nobody says otherwise.
pub const UPSTREAM_CONNECTIONS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

impl Proxy {
    /// A proxy of these parts.
    ///
    /// Does not check: that the upstream cannot be reached past it; how the upstream reads upper and lower case, a trailing
    /// dot or a file's ending ([`RequestPath`]); queries, bodies, and answers; and as [`Verifier::verify`].
    #[must_use]
    pub fn new(parts: ProxyParts) -> Self {
        let ProxyParts { verifier, rules, allow_preflight, .. } = parts;
        Self(Arc::new(Inner {
            failures: Arc::new(Failures::new(parts.upstream.authority().clone(), verifier.clone())),
            door: Door { verifier, rules, allow_preflight },
            upstream: parts.upstream,
            places: Arc::new(Semaphore::new(parts.upstream_connections.get().min(Semaphore::MAX_PERMITS))),
            certificates: parts.certificates,
            trusted_proxies: parts.trusted_proxies,
            is_tls: parts.is_tls,
            pass_authorization: parts.pass_authorization,
        }))
    }

    /// How many requests were let in and got no answer of the upstream, or none that came whole, by reason: for metrics.
    pub fn upstream_failures(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.failures.counts()
    }

    /// How many requests were let in whose callers did not send their bodies whole: for metrics.
    #[must_use]
    pub fn broken_bodies(&self) -> u64 {
        self.0.failures.broken_bodies()
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<ProxyBody> {
        let peer = listener_peer(request.extensions());
        let is_trusted = peer.is_some_and(|peer| self.0.trusted_proxies.contains(peer));
        let came = Came { peer, is_trusted, id: request_id::of(request.headers(), is_trusted) };
        let mut response = self.judge_and_pass_on(request, &came).await;
        if let Some(id) = came.id {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        response
    }

    async fn judge_and_pass_on(&self, request: Request<Incoming>, came: &Came) -> Response<ProxyBody> {
        let verifier = &self.0.door.verifier;
        if let Some(metadata) = verifier.metadata(request.method(), request.uri()) {
            return metadata.map(ProxyBody::from);
        }
        let (parts, body) = request.into_parts();
        let judged = self.judge(&parts).await;
        verifier.note(&Presented::by(&parts).with_request_id(came.id.as_ref()), &judged);
        match judged {
            Err(refusal) => {
                Rest::of(&parts).throw_away(body);
                verifier.respond(&Presented::by(&parts), &refusal).map(ProxyBody::from)
            }
            Ok((identity, target)) => self.pass_on((parts, body), &identity, target, came).await,
        }
    }

    /// Who calls, and what the upstream is asked for.
    async fn judge(&self, parts: &Parts) -> Result<(IdentityHeaders, Uri), Refusal> {
        // an absolute-form target and HTTP/2's pseudo-headers leave authority and path apart already; a word alone has none
        let asked = parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
        let path = RequestPath::parse(asked).map_err(Refusal::Path)?;
        host(parts)?;
        let certificate = self.0.certificates.of(parts)?;
        let presented =
            Presented::at(&parts.method, asked, &parts.headers).with_certificate(certificate.as_ref());
        let access = self.0.door.admit((&parts.method, &path), &parts.headers, &presented).await?;
        let target = match path.rewritten() {
            None => parts.uri.path_and_query().cloned(),
            Some(normal) => normal.parse().ok(),
        };
        let target = target
            .and_then(|target| self.0.upstream.uri(target))
            .ok_or(Refusal::Path(Ambiguous::NotOriginForm))?;
        Ok((IdentityHeaders::of_access(access.as_ref())?, target))
    }

    async fn pass_on(
        &self,
        (mut parts, body): (Parts, Incoming),
        identity: &IdentityHeaders,
        target: Uri,
        came: &Came,
    ) -> Response<ProxyBody> {
        let (upstream, id) = (&self.0.upstream, came.id.as_ref());
        let rest = Rest::of(&parts);
        let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() else {
            rest.throw_away(body);
            return self.failed(&UpstreamError::Busy(upstream.authority().clone()), &parts.method, id);
        };
        let (upload, place) = Upload::new(body, rest, place, upstream.patience());
        let hop = Hop {
            peer: came.peer,
            is_trusted: came.is_trusted,
            is_tls: self.0.is_tls,
            passes_token: self.0.pass_authorization,
            upstream: upstream.authority(),
        };
        headers::for_upstream(&mut parts, &hop, &upload);
        self.0.certificates.strip(&mut parts.headers);
        identity.put(&mut parts.headers);
        if let Some(id) = id {
            parts.headers.insert(X_REQUEST_ID, id.clone());
        }
        parts.uri = target;
        let method = parts.method.clone();
        match upstream.send(Request::from_parts(parts, upload), &place).await {
            Ok(mut response) => {
                headers::for_caller(&mut response);
                let failures = Arc::clone(&self.0.failures);
                response.map(|body| ProxyBody::upstream(body, place, upstream.patience(), failures))
            }
            Err(error) => self.failed(&error, &method, id),
        }
    }

    fn failed(
        &self,
        error: &UpstreamError,
        method: &Method,
        id: Option<&HeaderValue>,
    ) -> Response<ProxyBody> {
        self.0.failures.note(error, method, id);
        error.response().map(ProxyBody::from)
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
