//! CORS preflights: browsers ask without a token whether they may ask with one (Fetch standard §3.2.2).

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, CONTENT_LENGTH, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderMap, Method};

/// Whether a request is a CORS preflight, which has no body.
///
/// Does not check:
/// - the path, the origin and what it wants to ask: whoever answers preflights must do that;
/// - whether a browser sent it: anybody can write these headers, so nothing else may be done on `OPTIONS`;
/// - a body over HTTP/2 that does not tell its length.
#[must_use]
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
        && !headers.contains_key(TRANSFER_ENCODING)
        && headers.get_all(CONTENT_LENGTH).iter().all(|length| length == "0")
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    #[test]
    fn a_preflight_has_no_body() {
        let asks = |more: &[(HeaderName, &'static str)]| {
            let own = [(ORIGIN, "https://a.example"), (ACCESS_CONTROL_REQUEST_METHOD, "PUT")];
            let all = own.into_iter().chain(more.iter().cloned());
            let headers = all.map(|(name, value)| (name, http::HeaderValue::from_static(value))).collect();
            is_preflight(&Method::OPTIONS, &headers)
        };
        assert!(asks(&[]) && asks(&[(CONTENT_LENGTH, "0")]));
        assert!(!asks(&[(CONTENT_LENGTH, "1")]) && !asks(&[(CONTENT_LENGTH, "+0")]));
        assert!(!asks(&[(TRANSFER_ENCODING, "chunked")]));
    }
}
