//! SHA-256 thumbprints, which is how a token names the key or the certificate that its presenter must hold
//! (RFC 7638, RFC 8705 §3.1, RFC 9449 §6.1).

use std::fmt;

use aws_lc_rs::{constant_time, digest};

use super::{Jwk, base64url};

/// The thumbprint of a public key: `jkt` (RFC 9449 §6.1, RFC 7638).
#[derive(Clone, Copy, Debug, Eq)]
pub struct KeyThumbprint([u8; LEN]);

/// The thumbprint of a certificate: `x5t#S256`, over its DER (RFC 8705 §3.1).
#[derive(Clone, Copy, Debug, Eq)]
pub struct CertificateThumbprint([u8; LEN]);

/// The text is not base64url of exactly 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAThumbprint;

impl KeyThumbprint {
    /// The thumbprint of this key; its `kid`, `alg` and `use` do not count (RFC 7638 §3.2).
    #[must_use]
    pub fn of(key: &Jwk) -> Self {
        Self(sha256(key.required_members().as_bytes()))
    }

    /// Reads the one canonical base64url spelling.
    ///
    /// # Errors
    /// [`NotAThumbprint`] for any other text.
    pub fn parse(text: &str) -> Result<Self, NotAThumbprint> {
        read(text).map(Self)
    }
}

impl CertificateThumbprint {
    /// The thumbprint of a certificate in DER.
    ///
    /// Does not check: that it is a certificate.
    #[must_use]
    pub fn of_der(der: &[u8]) -> Self {
        Self(sha256(der))
    }

    /// Reads the one canonical base64url spelling.
    ///
    /// # Errors
    /// [`NotAThumbprint`] for any other text.
    pub fn parse(text: &str) -> Result<Self, NotAThumbprint> {
        read(text).map(Self)
    }
}

/// In constant time.
impl PartialEq for KeyThumbprint {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

/// In constant time.
impl PartialEq for CertificateThumbprint {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

/// In base64url, as it stands in `cnf`.
impl fmt::Display for KeyThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

/// In base64url, as it stands in `cnf`.
impl fmt::Display for CertificateThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Display for NotAThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a thumbprint is base64url of exactly 32 bytes, without padding")
    }
}

impl std::error::Error for NotAThumbprint {}

/// The SHA-256 of `bytes`, which has this length whatever the library says.
pub(super) fn sha256(bytes: &[u8]) -> [u8; LEN] {
    let mut hash = [0; LEN];
    hash.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

fn read(text: &str) -> Result<[u8; LEN], NotAThumbprint> {
    // The length goes first: a long text is not worth its decoding.
    if text.len() != base64url::encoded_len(LEN) {
        return Err(NotAThumbprint);
    }
    base64url::decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(NotAThumbprint)
}

fn same(left: &[u8; LEN], right: &[u8; LEN]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

const LEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_named_by_the_hash_of_its_der() {
        let thumbprint = CertificateThumbprint::of_der(b"der");
        assert_eq!(thumbprint.to_string(), "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-Oo");
        assert_eq!(CertificateThumbprint::parse(&thumbprint.to_string()), Ok(thumbprint));
        assert_ne!(CertificateThumbprint::of_der(b"den"), thumbprint);
    }

    /// RFC 8037 §A.3: the thumbprint of that key.
    #[test]
    fn a_key_is_named_by_its_required_members() {
        let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"1","use":"sig"}"#;
        let key = Jwk::parse(key.as_bytes()).unwrap();
        assert_eq!(KeyThumbprint::of(&key).to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(KeyThumbprint::of(&key).to_string(), key.thumbprint());
    }

    #[test]
    fn one_spelling_of_exactly_32_bytes() {
        for text in [
            "",
            "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-O",
            "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-Oo=",
            "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-Op",
            "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2/zjiC3IN+Oo",
            "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-OoA",
        ] {
            assert_eq!(CertificateThumbprint::parse(text), Err(NotAThumbprint), "{text}");
            assert_eq!(KeyThumbprint::parse(text), Err(NotAThumbprint), "{text}");
        }
    }
}
