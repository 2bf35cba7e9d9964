//! A name for each request, by which the answer, the upstream's log and ours are found together: `X-Request-Id`.

use aws_lc_rs::rand;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The one that a trusted peer gave it, or a fresh one.
///
/// Does not check: that no other request has the same name; whoever is trusted may well repeat one.
pub(crate) fn of(headers: &HeaderMap, is_trusted: bool) -> Option<HeaderValue> {
    let given = headers.get(X_REQUEST_ID).filter(|given| is_trusted && is_plain(given.as_bytes()));
    given.cloned().or_else(fresh)
}

/// 128 random bits; none where there is no randomness, since a request needs no name.
fn fresh() -> Option<HeaderValue> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).ok()?;
    HeaderValue::try_from(format!("{:032x}", u128::from_be_bytes(bytes))).ok()
}

/// What every log can hold.
fn is_plain(name: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:=+/@".contains(byte);
    (1..=MAX).contains(&name.len()) && name.iter().all(is_plain)
}

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &[u8], is_trusted: bool) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(name).unwrap());
        of(&headers, is_trusted).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn a_trusted_peer_names_its_requests() {
        assert_eq!(named(b"01-Ab_c.d:e=+/@", true), "01-Ab_c.d:e=+/@");
        assert_ne!(named(b"01", false), "01");
        for odd in ["", "a b", "a\"b", "caf\u{e9}", "a\tb", &"a".repeat(129)] {
            let made = named(odd.as_bytes(), true);
            assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
            assert_ne!(made, named(odd.as_bytes(), true), "each its own");
        }
    }
}
