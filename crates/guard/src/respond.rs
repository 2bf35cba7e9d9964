//! The one place where a refusal becomes a response: status, challenges (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1), and a
//! body for people.

use bytes::Bytes;
use countersign_proto::authorization::Scheme;
use countersign_proto::challenge::{Challenge, Code};
use countersign_proto::scope::ScopeName;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::Verifier;
use crate::presented::Presented;
use crate::refusal::Refusal;

impl Verifier {
    /// The answer to a request that is refused.
    #[must_use]
    pub fn respond(&self, presented: &Presented<'_>, refusal: &Refusal) -> Response<Bytes> {
        let mut response = Response::new(body(refusal));
        *response.status_mut() = refusal.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for challenge in self.challenges(presented, refusal) {
            // it prints printable ASCII and nothing else
            if let Ok(value) = HeaderValue::try_from(challenge.to_string()) {
                headers.append(WWW_AUTHENTICATE, value);
            }
        }
        if let Refusal::UseNonce(nonce) = refusal
            && let Ok(value) = HeaderValue::try_from(nonce)
        {
            headers.insert(DPOP_NONCE, value);
        }
        if *refusal == Refusal::Unavailable {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }

    /// The scheme that the caller used first, with what was wrong; where it has to prove who it is at all, the other too.
    fn challenges(&self, presented: &Presented<'_>, refusal: &Refusal) -> Vec<Challenge> {
        let code = refusal.code().map(Code::parse);
        if code == Some(None) {
            return Vec::new(); // nothing that another token would mend
        }
        let bindings = self.bindings();
        let dpop = bindings.proof_algorithms().map(|algs| Challenge::dpop(self.realm(), algs));
        let bearer = bindings.takes_bearer().then(|| Challenge::bearer(self.realm()));
        let is_by_proof = matches!(code, Some(Some(Code::InvalidDpopProof | Code::UseDpopNonce)));
        let dpop_first = is_by_proof || presented.scheme() == Scheme::DPoP;
        let mut order = if dpop_first { [dpop, bearer] } else { [bearer, dpop] }.into_iter().flatten();
        let Some(mut first) = order.next() else { return Vec::new() };
        if let Some(code) = code.flatten() {
            first = first.with_error(code, refusal.description());
        }
        if let Refusal::Scope(needed) = refusal {
            let names: Vec<_> = needed.scopes().filter_map(|scope| ScopeName::parse(scope).ok()).collect();
            first = first.with_scope(&names);
        }
        if let Some(resource) = self.resource() {
            first = first.with_resource_metadata(&resource.url);
        }
        let others = order.filter(|_| refusal.status() == StatusCode::UNAUTHORIZED);
        std::iter::once(first).chain(others).collect()
    }

    /// The metadata of this API, where it is asked for (RFC 9728 §3); browsers of any origin may read it.
    #[must_use]
    pub fn metadata(&self, method: &Method, path: &str) -> Option<Response<Bytes>> {
        let resource = self.resource().filter(|resource| resource.path == path)?;
        matches!(*method, Method::GET | Method::HEAD).then(|| {
            let mut response = Response::new(resource.document.clone());
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            response
        })
    }
}

fn body(refusal: &Refusal) -> Bytes {
    let mut body = serde_json::Map::new();
    body.insert("error".into(), refusal.code().unwrap_or("unauthorized").into());
    body.insert("error_description".into(), refusal.description().into());
    if let Refusal::Scope(needed) = refusal {
        body.insert("scope".into(), needed.challenge_scope().unwrap_or_default().into());
    }
    serde_json::Value::Object(body).to_string().into()
}

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
