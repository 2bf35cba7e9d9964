//! The one place where a refusal becomes a response: status, challenges (RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1), and a
//! body for people.

use std::fmt::Write as _;

use bytes::Bytes;
use countersign_proto::authorization::Scheme;
use countersign_proto::challenge::{Challenge, Code};
use countersign_proto::scope::ScopeName;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Uri};

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
            let mut text = String::with_capacity(CHALLENGE);
            // it prints printable ASCII and nothing else
            if write!(text, "{challenge}").is_ok()
                && let Ok(value) = HeaderValue::try_from(text)
            {
                headers.append(WWW_AUTHENTICATE, value);
            }
        }
        if let Refusal::UseNonce(nonce) = refusal
            && let Ok(value) = HeaderValue::try_from(nonce)
        {
            headers.insert(DPOP_NONCE, value);
        }
        if refusal.status() == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
        }
        if refusal.status() == StatusCode::SERVICE_UNAVAILABLE {
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
    pub fn metadata(&self, method: &Method, uri: &Uri) -> Option<Response<Bytes>> {
        let resource = self.resource().filter(|resource| resource.is_at(uri))?;
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
    let description = match refusal {
        // which reading, since that tells nothing but what was sent
        Refusal::Path(ambiguous) => format!("{}: {ambiguous}", refusal.description()),
        _ => refusal.description().to_owned(),
    };
    body.insert("error_description".into(), description.into());
    if let Refusal::Scope(needed) = refusal {
        body.insert("scope".into(), needed.challenge_scope().unwrap_or_default().into());
    }
    serde_json::Value::Object(body).to_string().into()
}

/// In bytes: room for most of them at once, since whoever is refused may come often.
const CHALLENGE: usize = 320;
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

#[cfg(test)]
mod tests {
    use countersign_proto::jose::VerifyError;
    use http::HeaderMap;

    use super::*;
    use crate::refusal::{Malformed, Unbound};
    use crate::{BoundBy, Require, TrustedIssuer, VerifierBuilder};

    const URL: &str = "https://api.example";

    fn verifier(set: impl FnOnce(VerifierBuilder) -> VerifierBuilder) -> Verifier {
        let trusted = TrustedIssuer::discover("https://issuer.example", "urn:\"a\\b\u{e9}\n");
        set(Verifier::builder(trusted.jwks(std::iter::empty().collect()))).build().unwrap()
    }

    fn lines(response: &Response<Bytes>) -> Vec<&str> {
        response.headers().get_all(WWW_AUTHENTICATE).iter().map(|line| line.to_str().unwrap()).collect()
    }

    fn schemes(verifier: &Verifier, scheme: &str, refusal: &Refusal) -> Vec<String> {
        let value = HeaderValue::try_from(format!("{scheme} abc")).unwrap();
        let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
        let response = verifier.respond(&Presented::of_token(&headers), refusal);
        lines(&response).iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
    }

    /// T-6750-07: the realm is an audience, and whatever stands in that is no end of a value.
    #[test]
    fn a_strange_audience_is_no_strange_challenge() {
        let verifier = verifier(|builder| builder.public_url(URL));
        let response = verifier.respond(&Presented::of_token(&HeaderMap::new()), &Refusal::NoCredentials);
        for line in lines(&response) {
            assert!(
                line.starts_with("Bearer realm=\"urn:") || line.starts_with("DPoP realm=\"urn:"),
                "{line}"
            );
            assert_eq!(line.matches('"').count() % 2, 0);
            assert!(!line.contains('\\'), "{line}");
        }
    }

    /// T-9449-04: the scheme that was used comes first, both only where who calls is the question.
    #[test]
    fn the_scheme_that_was_used_comes_first() {
        let both = verifier(|builder| builder.public_url(URL));
        let bad = Refusal::Token(VerifyError::Signature);
        let narrow = Refusal::Scope(Require::scope("a").unwrap());
        assert_eq!(schemes(&both, "Bearer", &bad), ["Bearer", "DPoP"]);
        assert_eq!(schemes(&both, "dpop", &bad), ["DPoP", "Bearer"]);
        assert_eq!(schemes(&both, "Bearer", &Refusal::ProofReplayed), ["DPoP", "Bearer"]);
        assert_eq!(schemes(&both, "Bearer", &narrow), ["Bearer"]);
        assert_eq!(schemes(&both, "DPoP", &narrow), ["DPoP"]);
        assert_eq!(schemes(&both, "Bearer", &Malformed::TwoProofs.into()), ["Bearer"]);
        for nothing in [Refusal::NoRule, Refusal::Untold, Refusal::Unavailable, Refusal::ProofRoom] {
            assert_eq!(schemes(&both, "Bearer", &nothing), [""; 0], "{nothing:?}");
        }
        let dpop = verifier(|builder| builder.public_url(URL).require_bound(BoundBy::Dpop));
        assert_eq!(schemes(&dpop, "Bearer", &Unbound::Required.into()), ["DPoP"]);
        let mtls = verifier(|builder| builder.public_url(URL).require_bound(BoundBy::Mtls));
        assert_eq!(schemes(&mtls, "DPoP", &bad), ["Bearer"]);
        assert_eq!(schemes(&verifier(|builder| builder), "DPoP", &bad), ["Bearer"]);
    }

    /// T-9449-05, threats 7: the nonce stands once, and what is our fault says when to come again.
    #[test]
    fn nonce_and_retry_after_stand_where_they_belong() {
        let verifier = verifier(|builder| builder.public_url(URL));
        let headers = HeaderMap::new();
        let respond = |refusal| verifier.respond(&Presented::of_token(&headers), &refusal);
        let response = respond(Refusal::UseNonce("n-1".to_owned()));
        let nonces: Vec<_> = response.headers().get_all("dpop-nonce").iter().collect();
        assert_eq!((nonces, response.status().as_u16()), (vec![&HeaderValue::from_static("n-1")], 401));
        let response = respond(Refusal::Unavailable);
        assert_eq!(
            (response.status().as_u16(), &response.headers()[RETRY_AFTER]),
            (503, &HeaderValue::from_static("5"))
        );
        let response = respond(Refusal::NoCredentials);
        assert!(
            !response.headers().contains_key(RETRY_AFTER) && !response.headers().contains_key("dpop-nonce")
        );
    }

    #[test]
    fn metadata_is_served_at_one_path() {
        let verifier = verifier(|builder| builder.public_url("https://api.example/v1"));
        let served = |method: &Method, path: &'static str| {
            verifier.metadata(method, &Uri::from_static(path)).is_some()
        };
        let path = "/.well-known/oauth-protected-resource/v1";
        assert!(served(&Method::GET, path) && served(&Method::HEAD, path) && !served(&Method::POST, path));
        assert!(!served(&Method::GET, "/.well-known/oauth-protected-resource"));
    }
}
