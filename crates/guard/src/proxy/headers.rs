//! Headers on their way through: what is for one connection alone ends here (RFC 9110 §7.6.1), and what tells where a
//! request came from is said anew.

use std::net::IpAddr;

use http::header::{
    AUTHORIZATION, CONNECTION, EXPECT, FORWARDED, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Version};

/// Prepares a request for an upstream that is spoken to in HTTP/1.1 or whatever it offers.
///
/// `Host` stays the caller's. `X-Forwarded-For` grows where the peer is trusted, and begins with the peer where not;
/// of the rest of the family, and of `Forwarded`, nothing is believed of anybody else.
pub(super) fn for_upstream(parts: &mut Parts, peer: Option<IpAddr>, is_trusted: bool, is_tls: bool) {
    let host = parts.headers.get(HOST).cloned().or_else(|| {
        let authority = parts.uri.authority()?;
        HeaderValue::from_str(authority.as_str()).ok()
    });
    one_hop(&mut parts.headers);
    parts.headers.remove(EXPECT);
    if !is_trusted {
        for name in [&FORWARDED_FOR, &FORWARDED_HOST, &FORWARDED_PROTO, &FORWARDED] {
            parts.headers.remove(name);
        }
    }
    if let Some(value) = peer.and_then(|peer| HeaderValue::try_from(peer.to_string()).ok()) {
        parts.headers.append(FORWARDED_FOR, value);
    }
    if let Some(host) = host {
        parts.headers.entry(FORWARDED_HOST).or_insert_with(|| host.clone());
        parts.headers.insert(HOST, host);
    }
    let scheme = HeaderValue::from_static(if is_tls { "https" } else { "http" });
    parts.headers.entry(FORWARDED_PROTO).or_insert(scheme);
    parts.version = Version::HTTP_11;
}

/// The token and its proof have done their work.
pub(super) fn without_token(headers: &mut HeaderMap) {
    headers.remove(AUTHORIZATION);
    headers.remove(DPOP);
}

/// Prepares an answer for whoever asked.
pub(super) fn for_caller(headers: &mut HeaderMap) {
    one_hop(headers);
}

/// Takes out what is for this connection alone, and what `Connection` says is.
fn one_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // a caller may not use it to take out what others rely on
        .filter(|name| *name != HOST && *name != AUTHORIZATION)
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

const HOP_BY_HOP: [HeaderName; 10] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("http2-settings"),
];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const DPOP: HeaderName = HeaderName::from_static("dpop");
