//! Headers on their way through: what is for one connection alone ends here (RFC 9110 §7.6.1), and what tells where a
//! request came from is said anew.

use std::net::IpAddr;

use http::header::{
    AUTHORIZATION, CONNECTION, EXPECT, FORWARDED, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use crate::identity::strip_named;

/// Prepares a request for an upstream that is spoken to in HTTP/1.1 or whatever it offers.
///
/// `Host` stays the caller's. `X-Forwarded-For` grows where the peer is trusted, and begins with the peer where not;
/// of the rest of the family, and of `Forwarded`, nothing is believed of anybody else. What names another path or method
/// than those that were judged goes, whoever sent it.
pub(super) fn for_upstream(parts: &mut Parts, peer: Option<IpAddr>, is_trusted: bool, is_tls: bool) {
    let host = parts.headers.get(HOST).cloned().or_else(|| {
        let authority = parts.uri.authority()?;
        HeaderValue::from_str(authority.as_str()).ok()
    });
    one_hop(&mut parts.headers);
    parts.headers.remove(EXPECT);
    strip_named(&mut parts.headers, &ANOTHER_REQUEST);
    if !is_trusted {
        strip_named(&mut parts.headers, &FORWARDED_FAMILY);
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
/// By these some upstreams choose path or method: IIS and old Symfony by the URLs, many frameworks by the override, and
/// Gunicorn cuts `SCRIPT_NAME` off the path, so that `/orders/admin` becomes `/admin`.
const ANOTHER_REQUEST: [HeaderName; 11] = [
    HeaderName::from_static("x-original-url"),
    HeaderName::from_static("x-original-uri"),
    HeaderName::from_static("x-original-method"),
    HeaderName::from_static("x-rewrite-url"),
    HeaderName::from_static("x-forwarded-uri"),
    HeaderName::from_static("x-forwarded-method"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-method-override"),
    HeaderName::from_static("script_name"),
    HeaderName::from_static("path_info"),
];
const FORWARDED_FAMILY: [HeaderName; 5] = [
    FORWARDED,
    FORWARDED_FOR,
    FORWARDED_HOST,
    FORWARDED_PROTO,
    HeaderName::from_static("x-forwarded-prefix"),
];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const DPOP: HeaderName = HeaderName::from_static("dpop");

#[cfg(test)]
mod tests {
    use super::*;

    fn for_upstream_of(sent: &[(&str, &str)], is_trusted: bool) -> HeaderMap {
        let mut request = http::Request::new(());
        for (name, value) in sent {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        let (mut parts, ()) = request.into_parts();
        for_upstream(&mut parts, Some([192, 0, 2, 7].into()), is_trusted, true);
        parts.headers
    }

    /// T-9700-07: the upstream is asked for what was judged, whatever a header says.
    #[test]
    fn no_header_names_another_request() {
        let mut sent = vec![("host", "orders.example"), ("accept", "*/*")];
        let names = ANOTHER_REQUEST;
        sent.extend(names.iter().map(|name| (name.as_str(), "/admin")));
        sent.extend([
            ("script-name", "/orders"),
            ("x_original_url", "/admin"),
            ("x-http-method_override", "DELETE"),
        ]);
        for is_trusted in [true, false] {
            let mut left = for_upstream_of(&sent, is_trusted);
            for ours in [FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO] {
                assert!(left.remove(ours).is_some());
            }
            let left: Vec<_> = left.keys().map(HeaderName::as_str).collect();
            assert_eq!(left, ["host", "accept"]);
        }
    }

    #[test]
    fn where_a_request_came_from_is_said_by_those_who_are_believed() {
        let sent = [
            ("host", "orders.example"),
            ("x-forwarded-for", "198.51.100.1"),
            ("x_forwarded_for", "198.51.100.2"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-prefix", "/x"),
            ("forwarded", "for=198.51.100.1"),
        ];
        let told = for_upstream_of(&sent, false);
        let all = |headers: &HeaderMap, name| {
            headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(all(&told, "x-forwarded-for"), ["192.0.2.7"]);
        assert_eq!(all(&told, "x-forwarded-host"), ["orders.example"]);
        assert_eq!(all(&told, "x-forwarded-proto"), ["https"]);
        assert_eq!(told.len(), 4);
        let told = for_upstream_of(&sent, true);
        assert_eq!(all(&told, "x-forwarded-for"), ["198.51.100.1", "192.0.2.7"]);
        assert_eq!(all(&told, "x-forwarded-host"), ["evil.example"]);
        assert_eq!(all(&told, "x-forwarded-prefix"), ["/x"]);
    }
}
