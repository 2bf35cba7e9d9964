//! Client secrets: how a generated one looks, and what a given one must have.
//!
//! A generated secret is `csk_`, 256 random bits in 52 characters, and a checksum in 7: people and scanners know it
//! when they see it, a slip of the hand is told from a wrong secret, and no character of it needs encoding anywhere.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A client secret in clear: wiped when dropped, without `Debug`, `Display` and `Serialize`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// The generated form of 256 random bits.
    #[must_use]
    pub fn from_random(bits: &[u8; 32]) -> Self {
        let mut text = String::with_capacity(PREFIX.len() + BODY + CHECK);
        text.push_str(PREFIX);
        base32(bits, &mut text);
        let sum = crc32(text.as_bytes());
        base32(&sum.to_be_bytes(), &mut text);
        Self(text)
    }

    /// Takes a secret that somebody chose.
    ///
    /// # Errors
    /// [`SecretError`] when it has fewer than 16 characters, fewer than 8 different ones, more than 512 bytes, or a
    /// control character.
    pub fn given(text: &str) -> Result<Self, SecretError> {
        let mut different: Vec<char> = text.chars().collect();
        let count = different.len();
        different.sort_unstable();
        different.dedup();
        let distinct = different.len();
        different.zeroize();
        if count < 16 {
            return Err(SecretError::Short);
        }
        if distinct < 8 {
            return Err(SecretError::Monotonous);
        }
        if text.len() > 512 {
            return Err(SecretError::Long);
        }
        if text.chars().any(char::is_control) {
            return Err(SecretError::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether a given secret is shorter than the 32 characters below which people should be warned.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.0.chars().count() < 32
    }

    /// The secret itself; every call is a place to look at in review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whether `text` has the shape of a generated secret whose checksum is wrong: a copying mistake.
#[must_use]
pub fn is_miscopied(text: &str) -> bool {
    let Some(body) = text.strip_prefix(PREFIX) else { return false };
    if body.len() != BODY + CHECK || !body.is_ascii() {
        return text.len() != PREFIX.len() + BODY + CHECK;
    }
    let (head, check) = text.split_at(PREFIX.len() + BODY);
    let mut expected = String::new();
    base32(&crc32(head.as_bytes()).to_be_bytes(), &mut expected);
    expected != check
}

/// Why a given secret is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// Fewer than 16 characters.
    Short,
    /// Fewer than 8 different characters.
    Monotonous,
    /// More than 512 bytes.
    Long,
    /// A control character.
    Control,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => {
                "a secret has at least 16 characters (32 or more are better); leave it out to get one made"
            }
            Self::Monotonous => "a secret has at least 8 different characters; leave it out to get one made",
            Self::Long => "a secret has at most 512 bytes",
            Self::Control => "a secret has no control characters",
        })
    }
}

impl std::error::Error for SecretError {}

/// Writes `bytes` in lower-case base32 (RFC 4648 §6 alphabet), without padding.
fn base32(bytes: &[u8], out: &mut String) {
    let (mut buffer, mut held) = (0u32, 0u32);
    for &byte in bytes {
        buffer = buffer << 8 | u32::from(byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push_digit(buffer >> held, out);
        }
        buffer &= (1 << held) - 1;
    }
    if held > 0 {
        push_digit(buffer << (5 - held), out);
    }
}

fn push_digit(value: u32, out: &mut String) {
    let digit = ALPHABET.get((value & 31) as usize).copied().unwrap_or(b'a');
    out.push(char::from(digit));
}

/// CRC-32 (IEEE 802.3), a few dozen bytes at a time: a table would be longer than the work.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

const PREFIX: &str = "csk_";
const BODY: usize = 52;
const CHECK: usize = 7;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

#[cfg(test)]
mod tests {
    use super::*;

    /// T-6749-23: 256 bits survive the encoding; C13: no character reads differently when form-decoded.
    #[test]
    fn a_generated_secret_is_recognised_and_needs_no_encoding() {
        let secret = ClientSecret::from_random(&[0xa7; 32]);
        let text = secret.expose();
        assert_eq!(text.len(), 63);
        assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        assert!(!is_miscopied(text));
        let mut wrong = text.to_owned();
        wrong.replace_range(10..11, if &text[10..11] == "a" { "b" } else { "a" });
        assert!(is_miscopied(&wrong));
        assert!(is_miscopied(&text[..60]));
        assert!(!is_miscopied("somebody's own secret"));
        assert_ne!(text, ClientSecret::from_random(&[0xa6; 32]).expose());
    }

    /// The checksum is the standard one, so that scanners can be written from the documentation.
    #[test]
    fn the_checksum_is_crc32() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    /// The rule for given secrets: 16 characters, 8 of them different.
    #[test]
    fn given_secrets_keep_the_rule() {
        assert_eq!(ClientSecret::given("short").err(), Some(SecretError::Short));
        assert_eq!(ClientSecret::given(&"ab".repeat(20)).err(), Some(SecretError::Monotonous));
        assert_eq!(ClientSecret::given("abcdefgh\nabcdefgh").err(), Some(SecretError::Control));
        assert_eq!(ClientSecret::given(&"abcdefgh".repeat(65)).err(), Some(SecretError::Long));
        let tutorial = ClientSecret::given("fidesopsadminsecret").ok().unwrap();
        assert!(tutorial.is_short());
        assert!(!ClientSecret::given("fsQJIcU3Ze3ymaYSA6cxlHVIw0LDIDeY").ok().unwrap().is_short());
    }
}
