//! The guard for proxies that ask before they pass a request on: nginx's `auth_request`, Caddy's `forward_auth`, Traefik's
//! ForwardAuth. `/auth` answers 200 with who calls, 401 or 403; and 503 while nothing can be known.

use std::convert::Infallible;
use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use tower::Service;

use crate::certificates::Certificates;
use crate::door::Door;
use crate::forwarded::{Family, OriginalRequest};
use crate::identity::IdentityHeaders;
use crate::path::RequestPath;
use crate::presented::{Presented, listener_peer};
use crate::proxied::TrustedProxies;
use crate::refusal::Refusal;
use crate::request_id::{self, X_REQUEST_ID};
use crate::rules::Rules;
use crate::{Access, Verifier};

/// Answers proxies; clones are the same service.
#[derive(Clone)]
pub struct ForwardAuth(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    door: Door,
    told: Option<(Family, TrustedProxies)>,
    certificates: Certificates,
}

impl ForwardAuth {
    /// Judges the token alone: it is not known which request it is for, so that neither rules nor DPoP proofs can be
    /// judged; a token that is bound to a key is refused.
    ///
    /// Does not check: scopes, method and path; who asks; what the proxy does with the answer; and as
    /// [`Verifier::verify`].
    #[must_use]
    pub fn of_tokens(verifier: Verifier, certificates: Certificates) -> Self {
        let rules = Rules::everything_needs_a_token();
        Self(Arc::new(Inner {
            door: Door { verifier, rules, allow_preflight: false },
            told: None,
            certificates,
        }))
    }

    /// Judges the request that a trusted proxy tells in headers of this family.
    ///
    /// Does not check: that the proxy tells the truth, that it passes on the request that it asked about and no header by
    /// which the service takes another; that nobody reaches the service past it; bodies; and as [`Verifier::verify`].
    #[must_use]
    pub fn of_requests(
        verifier: Verifier,
        certificates: Certificates,
        (family, proxies): (Family, TrustedProxies),
        rules: Rules,
    ) -> Self {
        let door = Door { verifier, rules, allow_preflight: false };
        Self(Arc::new(Inner { door, told: Some((family, proxies)), certificates }))
    }

    /// Lets CORS preflights through.
    #[must_use]
    pub fn allow_preflight(self) -> Self {
        let Inner { door, told, certificates } = Arc::unwrap_or_clone(self.0);
        Self(Arc::new(Inner { door: Door { allow_preflight: true, ..door }, told, certificates }))
    }

    async fn answer(&self, parts: Parts) -> Response<Full<Bytes>> {
        let (peer, told) = (listener_peer(&parts.extensions), self.0.told.as_ref());
        let is_trusted = peer.zip(told).is_some_and(|(peer, (_, proxies))| proxies.contains(peer));
        let id = request_id::of(&parts.headers, is_trusted);
        let mut response = self.judge(&parts, is_trusted, id.as_ref()).await;
        if let Some(id) = id {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        response
    }

    /// The answer to a proxy, which is trusted or not.
    async fn judge(
        &self,
        parts: &Parts,
        is_trusted: bool,
        id: Option<&HeaderValue>,
    ) -> Response<Full<Bytes>> {
        let verifier = &self.0.door.verifier;
        if let Some(metadata) = verifier.metadata(&parts.method, &parts.uri) {
            return metadata.map(Full::new);
        }
        if !matches!(parts.uri.path(), "/auth" | "/auth/") {
            let mut response = plain(StatusCode::NOT_FOUND);
            *response.body_mut() = Full::from(ELSEWHERE);
            return response;
        }
        let peer = listener_peer(&parts.extensions);
        let bare = Presented::of_token(&parts.headers).with_peer(peer).with_request_id(id);
        let certificate = match self.0.certificates.handed_on(parts) {
            Ok(certificate) => certificate,
            Err(refusal) => return self.refuse(&bare, &refusal),
        };
        let Some((family, _)) = &self.0.told else {
            let presented = bare.with_certificate(certificate.as_ref());
            let judged = verifier.verify(&presented).await.map(Some);
            return self.conclude(&presented, judged);
        };
        if !is_trusted {
            return self.refuse_as(
                &bare,
                &Refusal::Untold,
                "a peer that is no trusted proxy asks about a request",
            );
        }
        let original = match OriginalRequest::read(*family, &parts.headers) {
            Ok(original) => original,
            Err(error) => return self.refuse_as(&bare, &Refusal::Untold, &error),
        };
        let presented = Presented::at(original.method(), original.path_and_query(), &parts.headers)
            .with_certificate(certificate.as_ref())
            .with_peer(peer)
            .with_request_id(id);
        let path = match RequestPath::parse(original.path_and_query()) {
            Ok(path) => path,
            Err(ambiguous) => return self.refuse(&presented, &Refusal::Path(ambiguous)),
        };
        let judged = self.0.door.admit((original.method(), &path), &parts.headers, &presented).await;
        self.conclude(&presented, judged)
    }

    fn conclude(
        &self,
        presented: &Presented<'_>,
        judged: Result<Option<Access>, Refusal>,
    ) -> Response<Full<Bytes>> {
        match judged.and_then(|access| IdentityHeaders::of_access(access.as_ref())) {
            Err(refusal) => self.refuse(presented, &refusal),
            Ok(identity) => {
                self.0.door.verifier.counts().allow();
                let mut response = plain(StatusCode::OK);
                identity.put_all(response.headers_mut());
                response
            }
        }
    }

    fn refuse(&self, presented: &Presented<'_>, refusal: &Refusal) -> Response<Full<Bytes>> {
        self.refuse_as(presented, refusal, refusal)
    }

    /// Proxies know 401 and 403; of anything else nginx makes a 500, which is right for what is our own fault alone.
    fn refuse_as(
        &self,
        presented: &Presented<'_>,
        refusal: &Refusal,
        why: &(impl Display + ?Sized),
    ) -> Response<Full<Bytes>> {
        let verifier = &self.0.door.verifier;
        verifier.note_refused(presented, refusal, why);
        let mut response = verifier.respond(presented, refusal).map(Full::new);
        if matches!(response.status(), StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED) {
            *response.status_mut() = match refusal {
                Refusal::Malformed(_) => StatusCode::UNAUTHORIZED,
                _ => StatusCode::FORBIDDEN,
            };
        }
        response
    }
}

impl<B: Send + 'static> Service<Request<B>> for ForwardAuth {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let this = self.clone();
        let (parts, _) = request.into_parts();
        Box::pin(async move { Ok(this.answer(parts).await) })
    }
}

/// For whoever looks for the reason of their proxy's 500.
const ELSEWHERE: &str =
    "The guard answers about requests at /auth, and here not at all: let the proxy ask there.\n";

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
