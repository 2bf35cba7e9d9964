//! Headers that every answer carries unless its endpoint has set its own.

use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::config::is_loopback;

/// How browsers reach this server, by its public URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Http,
    Https,
    HttpsOnLoopback,
}

impl Transport {
    pub(crate) fn of(public_url: &str) -> Self {
        match Url::parse(public_url) {
            Ok(url) if url.scheme() == "https" => match url.host() {
                Some(host) if is_loopback(&host) => Self::HttpsOnLoopback,
                _ => Self::Https,
            },
            _ => Self::Http,
        }
    }
}

/// Adds what is not there. Strict-Transport-Security only where our public URL is https (RFC 6797 §7.2), never for a
/// loopback host, whose other servers speak plain HTTP, and not for the hosts below ours, which are others' to judge.
pub(super) fn put(headers: &mut HeaderMap, transport: Transport) {
    for (name, value) in &ALWAYS {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    match transport {
        Transport::HttpsOnLoopback => drop(headers.remove(STRICT_TRANSPORT_SECURITY)),
        Transport::Https if !headers.contains_key(STRICT_TRANSPORT_SECURITY) => {
            headers.insert(STRICT_TRANSPORT_SECURITY, HSTS.clone());
        }
        Transport::Https | Transport::Http => {}
    }
}

static ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
];
static HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
