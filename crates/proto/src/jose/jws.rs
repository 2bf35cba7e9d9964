//! The strict reading of a compact JWS (RFC 7515 §7.1): the only way in. What comes out is well-formed and nothing
//! more; only `verify` turns it into something to believe.

use std::fmt;

use serde_json::Value;

use super::{
    base64url,
    header::{Header, HeaderError},
};

/// A well-formed compact JWS whose signature nobody has checked yet.
#[derive(Clone)]
pub struct Unverified<'t> {
    header: Header,
    signing_input: &'t str,
    /// The payload, and behind it the signature: one room for both.
    decoded: Vec<u8>,
    payload_len: usize,
}

/// Why a text is no compact JWS that we read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwsError {
    /// Longer than [`MAX_LEN`].
    TooLong,
    /// The JSON serialization of RFC 7515 §7.2.
    JsonSerialization,
    /// A character outside `A-Z a-z 0-9 - _ .` (rfc8725bis §3.14).
    Alphabet,
    /// Five parts: a JWE (RFC 7516 §7.1).
    Encrypted,
    /// Not three parts.
    Parts,
    /// A part is not canonical base64url, or longer than such a part can be.
    Encoding(Part),
    /// The third part is empty.
    NoSignature,
    /// The header is refused.
    Header(HeaderError),
}

/// A part of a compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first.
    Header,
    /// The second.
    Payload,
    /// The third.
    Signature,
}

/// The longest token that is read, in bytes.
pub const MAX_LEN: usize = 16 * 1024;

/// Reads a compact JWS of at most [`MAX_LEN`] bytes.
///
/// # Errors
/// [`JwsError`]: too long, not three canonical base64url parts, or a header that [`Header::parse`] refuses.
///
/// Does not check: the signature, the type, and anything in the payload.
pub fn parse(token: &str) -> Result<Unverified<'_>, JwsError> {
    parse_with_jwk(token).map(|(jws, _)| jws)
}

/// As [`parse`], with the header's `jwk`: for DPoP proofs alone, whose key comes with them.
pub(super) fn parse_with_jwk(token: &str) -> Result<(Unverified<'_>, Option<Value>), JwsError> {
    if token.len() > MAX_LEN {
        return Err(JwsError::TooLong);
    }
    read(token).map_err(|error| foreign_text(token).unwrap_or(error))
}

impl Unverified<'_> {
    /// What the header says; believe nothing of it.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The decoded payload; believe nothing of it.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.decoded.get(..self.payload_len).unwrap_or_default()
    }

    pub(super) const fn signing_input(&self) -> &str {
        self.signing_input
    }

    pub(super) fn signature(&self) -> &[u8] {
        self.decoded.get(self.payload_len..).unwrap_or_default()
    }

    /// The header and the decoded payload.
    pub(super) fn into_parts(mut self) -> (Header, Vec<u8>) {
        self.decoded.truncate(self.payload_len);
        (self.header, self.decoded)
    }
}

/// The header alone: with the rest it would be a token that works.
impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified").field("header", &self.header).finish_non_exhaustive()
    }
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the token is longer than {MAX_LEN} bytes"),
            Self::JsonSerialization => {
                f.write_str("a JWS in its JSON serialization, where the compact one is needed")
            }
            Self::Alphabet => f.write_str("the token has a character outside A-Z a-z 0-9 - _ and the dot"),
            Self::Encrypted => f.write_str("the token has five parts: it is encrypted (JWE), not signed"),
            Self::Parts => f.write_str("the token has not three parts separated by dots"),
            Self::Encoding(part) => {
                write!(f, "the token's {part} is not canonical base64url without padding")
            }
            Self::NoSignature => f.write_str("the token has no signature"),
            Self::Header(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for JwsError {}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// Counts the dots of the whole text before anything is cut or decoded, so that a text of dots costs nothing.
fn read(token: &str) -> Result<(Unverified<'_>, Option<Value>), JwsError> {
    match dots(token) {
        2 => {}
        4 => return Err(JwsError::Encrypted),
        _ => return Err(JwsError::Parts),
    }
    let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::Parts)?;
    let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Parts)?;
    if signature.is_empty() {
        return Err(JwsError::NoSignature);
    }
    if signature.len() > base64url::encoded_len(MAX_SIGNATURE) {
        return Err(JwsError::Encoding(Part::Signature));
    }
    let mut decoded = Vec::with_capacity(token.len());
    decode(header, &mut decoded, Part::Header)?;
    let (header, jwk) = Header::parse_with_jwk(&decoded).map_err(JwsError::Header)?;
    decoded.clear(); // all that is kept of it was taken out
    decode(payload, &mut decoded, Part::Payload)?;
    let payload_len = decoded.len();
    decode(signature, &mut decoded, Part::Signature)?;
    Ok((Unverified { header, signing_input, decoded, payload_len }, jwk))
}

/// Counts in bytes, by pieces in which a byte cannot overflow, so that the compiler can look at many at a time.
fn dots(token: &str) -> usize {
    let of_piece = |piece: &[u8]| piece.iter().map(|byte| u8::from(*byte == b'.')).sum::<u8>();
    token.as_bytes().chunks(128).map(|piece| usize::from(of_piece(piece))).sum()
}

/// Says of a text that was refused when it never was a token. Only then: what decodes has no foreign character, and to
/// look at each of them first would cost a good token more than its decoding.
fn foreign_text(token: &str) -> Option<JwsError> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if token.starts_with('{') {
        Some(JwsError::JsonSerialization)
    } else if !token.bytes().all(known) {
        Some(JwsError::Alphabet)
    } else {
        None
    }
}

fn decode(text: &str, out: &mut Vec<u8>, part: Part) -> Result<(), JwsError> {
    base64url::decode_into(text, out).map_err(|_| JwsError::Encoding(part))
}

/// That of the longest RSA key that we know, 4096 bits.
const MAX_SIGNATURE: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "eyJhbGciOiJFUzI1NiJ9";

    #[test]
    fn cuts_where_the_dots_are() {
        let token = format!("{HEADER}.Zm9v.YmFy");
        let jws = parse(&token).unwrap();
        assert_eq!(jws.signing_input(), format!("{HEADER}.Zm9v"));
        assert_eq!((jws.payload(), jws.signature()), (&b"foo"[..], &b"bar"[..]));
        assert!(parse(&format!("{HEADER}..YmFy")).unwrap().payload().is_empty());
    }

    /// Threats §1 (JWE, many dots, oversize, JSON serialization), T-8725-03, T-8725-08.
    #[test]
    fn what_is_no_compact_jws_is_refused() {
        let cases = [
            (String::new(), JwsError::Parts),
            (".".repeat(MAX_LEN), JwsError::Parts),
            (".".repeat(MAX_LEN + 1), JwsError::TooLong),
            (format!("{HEADER}.Zm9v"), JwsError::Parts),
            (format!("{HEADER}.Zm9v."), JwsError::NoSignature),
            (format!("{HEADER}.Zm9v.YmFy."), JwsError::Parts),
            (format!("{HEADER}.a.b.c.d"), JwsError::Encrypted),
            (format!("{HEADER}.Zm9v.YmFy\n"), JwsError::Alphabet),
            (format!(" {HEADER}.Zm9v.YmFy"), JwsError::Alphabet),
            (format!("{HEADER}.Zm9v.YmE="), JwsError::Alphabet),
            (format!("{HEADER}.Zm9v.Ym+/"), JwsError::Alphabet),
            (format!("{HEADER}.Zm9v.YmF"), JwsError::Encoding(Part::Signature)),
            (format!("{HEADER}.Zh.YmFy"), JwsError::Encoding(Part::Payload)),
            ("e.Zm9v.YmFy".into(), JwsError::Encoding(Part::Header)),
            (format!("{HEADER}.Zm9v.{}", "A".repeat(684)), JwsError::Encoding(Part::Signature)),
            (format!(r#"{{"payload":"Zm9v","protected":"{HEADER}"}}"#), JwsError::JsonSerialization),
        ];
        for (token, error) in cases {
            assert_eq!(parse(&token).err(), Some(error), "{}", token.chars().take(80).collect::<String>());
        }
    }
}
