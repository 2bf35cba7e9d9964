//! The host that a request is for: what decides which realm the root-level URLs mean.

use http::header::HOST;
use http::request::Parts;

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
}
