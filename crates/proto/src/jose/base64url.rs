//! base64url without padding, one spelling per value (RFC 4648 §5, RFC 7515 §2): padding, foreign characters and
//! trailing bits that are not zero are refused, or one signature would fit many tokens.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text is not canonical base64url without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBase64Url;

/// Encodes without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `out`, growing it at most once.
pub fn encode_into(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + encoded_len(bytes.len()), 0);
    if let Some(room) = out.get_mut(start..) {
        // The room is exactly as long as the encoding, so that this cannot fail.
        let written = URL_SAFE_NO_PAD.encode_slice(bytes, room).unwrap_or(0);
        out.truncate(start + written);
    }
}

/// The length of the encoding of `bytes` bytes.
#[must_use]
pub const fn encoded_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// Decodes the one canonical spelling.
///
/// # Errors
/// [`NotBase64Url`] for padding, any other alphabet, an impossible length, or trailing bits that are not zero.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

impl fmt::Display for NotBase64Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not canonical base64url without padding")
    }
}

impl std::error::Error for NotBase64Url {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_of_every_length() {
        for len in 0..70 {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 37) as u8).collect();
            let text = encode(&bytes);
            assert_eq!(text.len(), encoded_len(bytes.len()));
            assert_eq!(decode(&text).unwrap(), bytes);
            let mut out = b"x".to_vec();
            encode_into(&bytes, &mut out);
            assert_eq!(out, format!("x{text}").into_bytes());
        }
    }

    /// Threats §1 (base64): a second spelling of the same bytes is refused.
    #[test]
    fn other_spellings_are_refused() {
        assert_eq!(decode("Zg").unwrap(), b"f");
        for text in ["Zg==", "Zg=", "Zh", "Zm9", "Z", "Zm 9v", "Zm\n9v", "+/+/", "Zm9v.", "Zm9v%3d", "é"] {
            assert_eq!(decode(text), Err(NotBase64Url), "{text}");
        }
    }
}
