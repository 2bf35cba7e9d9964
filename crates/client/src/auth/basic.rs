//! `client_secret_basic` (RFC 6749 §2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::byte_serialize;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::token::Secret;

/// Both halves form-encoded, then base64; marked sensitive, so that no log prints it.
pub(super) fn header(id: &str, secret: &Secret) -> HeaderValue {
    let encode = |half: &str| Zeroizing::new(byte_serialize(half.as_bytes()).collect::<String>());
    let pair = Zeroizing::new(format!("{}:{}", *encode(id), *encode(secret.expose())));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    // base64 is always a valid header value
    let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}
