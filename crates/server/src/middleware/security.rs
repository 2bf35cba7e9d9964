//! Headers that every answer carries unless its endpoint has set its own.

use http::header::{
    CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::{Host, Url};

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
                // browsers take the names below localhost for loopback too (RFC 6761 §6.3)
                Some(Host::Domain(name)) if name.ends_with(".localhost") => Self::HttpsOnLoopback,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6797 §8.1.1 for addresses; for names, what a browser on this machine may reach otherwise by plain HTTP.
    #[test]
    fn hosts_of_this_machine_are_not_bound_to_https() {
        for loopback in
            ["https://localhost", "https://auth.localhost:8443", "https://127.0.0.9", "https://[::1]"]
        {
            assert_eq!(Transport::of(loopback), Transport::HttpsOnLoopback, "{loopback}");
        }
        for away in ["https://auth.example", "https://notlocalhost", "https://localhost.example"] {
            assert_eq!(Transport::of(away), Transport::Https, "{away}");
        }
        assert_eq!(Transport::of("http://localhost"), Transport::Http);
    }
}
