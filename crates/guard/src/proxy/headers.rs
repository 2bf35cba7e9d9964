//! Headers on their way through: what is for one connection alone ends here (RFC 9110 §7.6.1), and what tells where a
//! request came from is said anew.

use std::net::IpAddr;

use http::header::{
    AUTHORIZATION, CONNECTION, EXPECT, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use crate::identity::strip_named;

/// Prepares a request for an upstream that is spoken to in HTTP/1.1 or whatever it offers.
///
/// `Host` stays the caller's, or is that of its target where it names one (RFC 9112 §3.2.2). `X-Forwarded-For` grows where
/// the peer is trusted, and begins with the peer where not; of the rest of the family, and of `Forwarded`, nothing is
/// believed of anybody else. What names another path or method than those that were judged goes, whoever sent it.
pub(super) fn for_upstream(parts: &mut Parts, peer: Option<IpAddr>, is_trusted: bool, is_tls: bool) {
    let authority =
        parts.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let host = authority.or_else(|| parts.headers.get(HOST).cloned());
    one_hop(&mut parts.headers);
    parts.headers.remove(EXPECT);
    strip_named(&mut parts.headers, &ANOTHER_REQUEST);
    if !is_trusted {
        without_origin(&mut parts.headers);
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

/// Takes out what tells where a request came from, in every spelling that an upstream could read as it.
fn without_origin(headers: &mut HeaderMap) {
    let told: Vec<HeaderName> = headers.keys().filter(|name| tells_origin(name)).cloned().collect();
    for name in told {
        headers.remove(name);
    }
}

fn tells_origin(name: &HeaderName) -> bool {
    let folded: String =
        name.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    folded.starts_with("x-forwarded-") || matches!(&*folded, "forwarded" | "x-real-ip")
}

/// Takes out what is for this connection alone, and what `Connection` says is.
fn one_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
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
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const DPOP: HeaderName = HeaderName::from_static("dpop");

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn passed(request: http::request::Builder, is_trusted: bool) -> HeaderMap {
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        for_upstream(&mut parts, Some("192.0.2.7".parse().unwrap()), is_trusted, true);
        assert_eq!(parts.version, Version::HTTP_11);
        parts.headers
    }

    fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// RFC 9110 §7.6.1: what `Connection` names goes with it, whatever else stands in the line.
    #[test]
    fn what_connection_names_is_for_one_hop() {
        let request = Request::get("/")
            .header("connection", b"close, X-One,\t x-two , caf\xe9, \"x\", x-\xff".as_slice())
            .header("connection", "x-three, host, authorization")
            .header("host", "orders.example")
            .header("authorization", "Bearer x");
        let request =
            ["x-one", "x-two", "x-three", "x-four", "te", "trailer", "transfer-encoding", "upgrade"]
                .into_iter()
                .fold(request, |request, name| request.header(name, "1"));
        let headers = passed(request, true);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(
            left,
            ["authorization", "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-four"]
        );
    }

    /// T-9700-07: where a request came from is said by who is trusted, and by us.
    #[test]
    fn a_stranger_does_not_say_where_it_comes_from() {
        let names = [
            "X-Forwarded-For",
            "x_forwarded_for",
            "X-Forwarded_Host",
            "x-forwarded-proto",
            "Forwarded",
            "X-Real-IP",
            "x-forwarded-anything",
        ];
        let request = || {
            let request = Request::get("/").header("host", "orders.example").header("x-forwarding", "stays");
            names.into_iter().fold(request, |request, name| request.header(name, "forged"))
        };
        let strange = passed(request(), false);
        assert_eq!(strange.len(), 5, "{strange:?}");
        assert!(strange.values().all(|value| value != "forged"));
        assert_eq!(value(&strange, "x-forwarded-for"), Some("192.0.2.7"));
        assert_eq!(value(&strange, "x-forwarded-host"), Some("orders.example"));
        assert_eq!(value(&strange, "x-forwarded-proto"), Some("https"));
        let trusted = passed(request(), true);
        let lines: Vec<_> = trusted.get_all("x-forwarded-for").iter().collect();
        assert_eq!(lines, ["forged", "192.0.2.7"]);
        assert_eq!(value(&trusted, "x-forwarded-proto"), Some("forged"));
    }

    /// RFC 9112 §3.2.2: a target that names its host is right, whatever `Host` says.
    #[test]
    fn the_targets_host_goes_first() {
        for (target, host) in [("/", "a.example"), ("http://b.example:8081/", "b.example:8081")] {
            let headers = passed(Request::get(target).header("host", "a.example"), true);
            assert_eq!(value(&headers, "host"), Some(host));
            assert_eq!(value(&headers, "x-forwarded-host"), Some(host));
        }
    }

    /// T-9700-07: the upstream is asked for what was judged, whatever a header says, and whoever says it.
    #[test]
    fn no_header_names_another_request() {
        let others = ["script-name", "x_original_url", "x-http-method_override"];
        let names = ANOTHER_REQUEST;
        let names = names.iter().map(HeaderName::as_str).chain(others);
        let request = Request::get("/").header("accept", "*/*");
        let mut left = passed(names.fold(request, |request, name| request.header(name, "/admin")), true);
        left.remove(FORWARDED_FOR);
        left.remove(FORWARDED_PROTO);
        assert_eq!(left.keys().collect::<Vec<_>>(), ["accept"]);
    }

    #[test]
    fn token_and_proof_are_taken_out() {
        let mut headers = passed(Request::get("/").header("authorization", "x").header("dpop", "y"), true);
        headers.append("dpop", HeaderValue::from_static("z"));
        without_token(&mut headers);
        assert_eq!((value(&headers, "authorization"), value(&headers, "dpop")), (None, None));
    }
}
