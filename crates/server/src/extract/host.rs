//! The host that a request is for: what decides which realm the root-level URLs mean.

use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, Version};

/// The exact `host[:port]` of a request, in lower case: the request target's authority (HTTP/2, absolute form), else
/// the one `Host` header (RFC 9112 §3.2). Empty when there is none or it is ambiguous.
///
/// Never read: `X-Forwarded-Host`, `Forwarded`.
pub(crate) fn host(head: &Parts) -> String {
    if let Some(authority) = head.uri.authority() {
        return clean(authority.as_str());
    }
    let mut values = head.headers.get_all(HOST).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(host), None) => clean(host),
        _ => String::new(),
    }
}

/// Whether the request says in one way which host it is for: HTTP/1.1 has one `Host` header, no version has two, and a
/// host is a name or an address with at most a port (RFC 9112 §3.2). A proxy before us may route by another reading.
pub(crate) fn is_unambiguous(version: Version, headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(HOST).iter();
    match (values.next(), values.next()) {
        (Some(host), None) => is_well_formed(host.as_bytes()),
        (None, _) => version != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2), which may be empty.
fn is_well_formed(host: &[u8]) -> bool {
    let (name, port) = match host.iter().rposition(|&b| b == b':') {
        Some(at) if !host.ends_with(b"]") => host.split_at_checked(at).unwrap_or((host, &[])),
        _ => (host, &[][..]),
    };
    let port = port.strip_prefix(b":").unwrap_or(port);
    let literal = name.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let is_named = match literal {
        Some(address) => !address.is_empty() && address.iter().all(|&b| is_of_a_name(b) || b == b':'),
        None => name.iter().all(|&b| is_of_a_name(b) || b == b'%'),
    };
    is_named && port.iter().all(u8::is_ascii_digit)
}

/// `unreserved / sub-delims` (RFC 3986 §2).
fn is_of_a_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&b)
}

fn clean(host: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    match host.len() <= MAX && host.bytes().all(plain) {
        true => host.to_ascii_lowercase(),
        false => String::new(),
    }
}

const MAX: usize = 262; // a name of 253 characters, a colon, five digits, and room for brackets

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn of(uri: &str, headers: &[(&str, &str)]) -> String {
        let request = headers.iter().fold(Request::get(uri), |request, (n, v)| request.header(*n, *v));
        host(&request.body(()).unwrap().into_parts().0)
    }

    /// threats 3, HTTP parameter pollution: one host, from one place.
    #[test]
    fn takes_one_host_and_no_forwarded_one() {
        assert_eq!(of("/x", &[("host", "Tenant.Example:8443")]), "tenant.example:8443");
        assert_eq!(of("https://a.example/x", &[("host", "b.example")]), "a.example");
        assert_eq!(of("/x", &[("host", "a"), ("host", "b")]), "");
        assert_eq!(of("/x", &[("x-forwarded-host", "a.example")]), "");
        assert_eq!(of("/x", &[("host", "a.example/evil")]), "");
        assert_eq!(of("/x", &[("host", "user@a.example")]), "");
    }

    /// RFC 9112 §3.2: one host, well-formed, or the request is a bad one.
    #[test]
    fn a_host_is_said_once_and_well() {
        let said = |version, hosts: &[&str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(HOST, http::HeaderValue::from_str(host).unwrap());
            }
            is_unambiguous(version, &headers)
        };
        for good in ["a.example", "a.example:8443", "127.0.0.1:80", "[::1]", "[::1]:8080", "a_b", "", "a:"] {
            assert!(said(Version::HTTP_11, &[good]), "{good}");
        }
        for bad in ["a b", "a b/@", "a/b", "user@a", "a:b", "a:80:80", "[::1", "::1", "[]", "[::1]x", "a,b?"]
        {
            assert!(!said(Version::HTTP_11, &[bad]), "{bad}");
        }
        assert!(!said(Version::HTTP_11, &[]) && !said(Version::HTTP_11, &["a", "a"]));
        assert!(said(Version::HTTP_10, &[]) && said(Version::HTTP_2, &[]));
        assert!(!said(Version::HTTP_10, &["a", "b"]) && !said(Version::HTTP_2, &["a", "b"]));
    }
}
