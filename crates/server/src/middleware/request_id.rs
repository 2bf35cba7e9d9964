//! One id for each request: in `X-Request-Id` on the answer, in the log line, in the audit trail.

use std::convert::Infallible;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::FromRequestParts;
use countersign_issuer::random::{NoRandomness, Random};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The id of one request: 1 to 64 characters of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The id as the value of a header.
    pub(crate) fn to_header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// The id that a proxy gave, when it gave exactly one and it is well-formed.
    fn given(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(X_REQUEST_ID).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let ok = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let text = value.as_bytes();
        (matches!(text.len(), 1..=64) && text.iter().all(ok)).then(|| Self(value.clone()))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(head.extensions.get().cloned().unwrap_or(Self(HeaderValue::from_static("none"))))
    }
}

/// Where new ids come from: a count from a random start, mixed so that neighbours do not look alike.
#[derive(Debug)]
pub(crate) struct RequestIds(AtomicU64);

impl RequestIds {
    pub(crate) fn new(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut seed = [0; 8];
        random.fill(&mut seed)?;
        Ok(Self(AtomicU64::new(u64::from_le_bytes(seed))))
    }

    /// The id that a trusted proxy gave, else a new one.
    pub(crate) fn of(&self, headers: &HeaderMap, trusted: bool) -> RequestId {
        trusted.then(|| RequestId::given(headers)).flatten().unwrap_or_else(|| self.next())
    }

    fn next(&self) -> RequestId {
        let mut bits = mix(self.0.fetch_add(1, Ordering::Relaxed));
        let mut text = [0u8; 16];
        for digit in &mut text {
            *digit = HEX.get((bits & 15) as usize).copied().unwrap_or(b'0');
            bits >>= 4;
        }
        RequestId(HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("none")))
    }
}

/// The finalizer of SplitMix64: one to one, so that no two counts share an id.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    struct Zero;

    impl Random for Zero {
        fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
            out.fill(0);
            Ok(())
        }
    }

    #[test]
    fn ids_are_unique_and_well_formed() {
        let ids = RequestIds::new(&Zero).unwrap();
        let made: HashSet<String> = (0..1000).map(|_| ids.next().to_string()).collect();
        assert_eq!(made.len(), 1000);
        assert!(made.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    }

    /// threats 4: what is written into the log is ours, or a trusted proxy's in a narrow alphabet.
    #[test]
    fn a_given_id_needs_a_trusted_proxy_and_the_alphabet() {
        let ids = RequestIds::new(&Zero).unwrap();
        let of = |value: &'static str, trusted| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_static(value));
            ids.of(&headers, trusted).to_string()
        };
        assert_eq!(of("abc-1.2_3", true), "abc-1.2_3");
        assert_ne!(of("abc-1.2_3", false), "abc-1.2_3");
        for bad in ["", "a b", "a\"b", "a;b", "a/b"] {
            assert_eq!(of(bad, true).len(), 16, "{bad}");
        }
        let long: &'static str = Box::leak("a".repeat(65).into_boxed_str());
        assert_eq!(of(long, true).len(), 16);
    }
}
