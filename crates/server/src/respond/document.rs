//! Public documents (keys, metadata): bytes that were made once, with an ETag, for caches and for browsers.

use axum::body::Body;
use axum::response::Response;
use countersign_issuer::registry::Document;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// How long a document may be kept by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caching {
    /// `Cache-Control`.
    pub(crate) control: &'static str,
    /// Whether pages of other origins may read it.
    pub(crate) cross_origin: bool,
}

impl Caching {
    /// Five minutes, and as long again while a new set is on its way or we do not answer: with that, below the time for
    /// which a key is announced before it signs.
    pub(crate) const KEYS: Self =
        Self::shared("public, max-age=300, stale-while-revalidate=60, stale-if-error=300");
    /// As Auth0's, but for the stale day that it allows: a key would sign before those caches know it.
    pub(crate) const AUTH0_KEYS: Self =
        Self::shared("public, max-age=15, stale-while-revalidate=15, stale-if-error=300");
    /// Five minutes.
    pub(crate) const METADATA: Self = Self::shared("public, max-age=300");

    /// Readable from every origin, with this `Cache-Control`.
    pub(crate) const fn shared(control: &'static str) -> Self {
        Self { control, cross_origin: true }
    }
}

/// Answers with a document, or with 304 when the caller has it already (RFC 9110 §13.1.2).
pub(crate) fn document(asked: &HeaderMap, document: Document, caching: Caching) -> Response {
    let etag = HeaderValue::from_str(&document.etag).ok();
    let mut response = if has_already(asked, &document.etag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let mut response = Response::new(Body::from(document.bytes));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching.control));
    if let Some(etag) = etag {
        headers.insert(ETAG, etag);
    }
    if caching.cross_origin {
        allow_any_origin(headers);
    }
    response
}

/// What a browser asks before it fetches a document from another origin; without credentials, for they mean nothing.
pub(crate) async fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("If-None-Match"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    allow_any_origin(headers);
    response
}

fn allow_any_origin(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag"));
}

/// Weak comparison over all the tags that were sent (RFC 9110 §8.8.3.2).
fn has_already(asked: &HeaderMap, etag: &str) -> bool {
    asked
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag.trim_start_matches("W/"))
}

#[cfg(test)]
mod tests {
    use countersign_issuer::keys::{ANNOUNCEMENT, JWKS_KEPT};

    use super::*;

    /// Design rule 12: no cache serves a JWKS, stale or not, for as long as a key is announced before it signs.
    #[test]
    fn no_cache_keeps_keys_for_longer_than_they_are_announced() {
        for caching in [Caching::KEYS, Caching::AUTH0_KEYS] {
            let seconds = |name: &str| {
                let mut parts = caching.control.split(", ").filter_map(|part| part.strip_prefix(name));
                parts.next().unwrap().parse::<i64>().unwrap()
            };
            let stale = seconds("stale-while-revalidate=").max(seconds("stale-if-error="));
            assert!(seconds("max-age=") + stale <= JWKS_KEPT, "{}", caching.control);
        }
        const { assert!(JWKS_KEPT < ANNOUNCEMENT) };
    }
}
