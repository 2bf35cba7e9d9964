//! The signature algorithms that exist here (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2): a closed list, so that no
//! header can ask for another one.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A signature algorithm, asymmetric without exception (RFC 8725 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    RS256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256, 32 bytes of salt (RFC 7518 §3.5).
    PS256,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    ES256,
    /// ECDSA on P-384 with SHA-384 (RFC 7518 §3.4).
    ES384,
    /// EdDSA on Ed25519 (RFC 8037 §3.1); RFC 9864 also calls it `Ed25519`.
    EdDSA,
}

impl Algorithm {
    /// Every algorithm, in the order of the enum.
    pub const ALL: [Self; 5] = [Self::RS256, Self::PS256, Self::ES256, Self::ES384, Self::EdDSA];

    /// The registered name, as we publish it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    /// Reads a registered name, case-sensitively (RFC 7515 §4.1.1); `Ed25519` (RFC 9864 §2.2) is [`Self::EdDSA`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::RS256),
            "PS256" => Some(Self::PS256),
            "ES256" => Some(Self::ES256),
            "ES384" => Some(Self::ES384),
            "EdDSA" | "Ed25519" => Some(Self::EdDSA),
            _ => None,
        }
    }

    /// The `kty` of the keys that this algorithm takes (RFC 7518 §6.1, RFC 8037 §2).
    #[must_use]
    pub const fn kty(self) -> &'static str {
        match self {
            Self::RS256 | Self::PS256 => "RSA",
            Self::ES256 | Self::ES384 => "EC",
            Self::EdDSA => "OKP",
        }
    }

    /// The length of each signature in bytes; `None` for RSA, where it is that of the key's modulus.
    #[must_use]
    pub const fn signature_len(self) -> Option<usize> {
        match self {
            Self::RS256 | Self::PS256 => None,
            Self::ES256 | Self::EdDSA => Some(64),
            Self::ES384 => Some(96),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name)
            .ok_or_else(|| D::Error::custom("alg is none of RS256, PS256, ES256, ES384 and EdDSA"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-8725-01: names are compared case-sensitively, and nothing outside the list has a name.
    #[test]
    fn only_exact_names_are_read() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
        }
        assert_eq!(Algorithm::parse("Ed25519"), Some(Algorithm::EdDSA));
        for name in [
            "", "none", "nOnE", "None", "HS256", "rs256", "Rs256", "RS256 ", "RS384", "ES512", "eddsa",
            "Ed448",
        ] {
            assert_eq!(Algorithm::parse(name), None, "{name}");
        }
    }

    #[test]
    fn serde_uses_the_registered_names() {
        assert_eq!(serde_json::to_string(&Algorithm::EdDSA).unwrap(), "\"EdDSA\"");
        assert_eq!(serde_json::from_str::<Algorithm>("\"Ed25519\"").unwrap(), Algorithm::EdDSA);
        assert!(serde_json::from_str::<Algorithm>("\"none\"").is_err());
    }
}
