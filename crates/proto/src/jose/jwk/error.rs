//! Why a JWK or a JWK Set was refused.

use std::fmt;

use crate::jose::json::JsonError;

/// Why a key or a set of keys was refused; it carries no part of the document but a member's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwkError {
    /// Not strict JSON.
    Json(JsonError),
    /// A member is missing or not of its type.
    Member(&'static str),
    /// It contains private or secret members: someone published what must stay at home.
    Private,
    /// `kty` is none of RSA, EC and OKP.
    Kind,
    /// `crv` is none of P-256, P-384 and Ed25519.
    Curve,
    /// `alg` is none of ours, or does not fit the key.
    Algorithm,
    /// `use` or `key_ops` say that it is not for verifying.
    Purpose,
    /// An RSA modulus outside 2048 to 4096 bits, even, or with leading zeros.
    Modulus,
    /// An RSA exponent that is even, below 3 or above 32 bits, or with leading zeros.
    Exponent,
    /// An RSA modulus with the ROCA fingerprint (CVE-2017-15361): its factors can be found.
    Roca,
    /// Coordinates of the wrong length, not on the curve, or of small order.
    Point,
    /// Two keys of one set have one `kid`.
    DuplicateKid,
    /// More keys in a set than are read.
    TooMany,
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json(error) => return write!(f, "the JWK: {error}"),
            Self::Member(name) => return write!(f, "the member {name} is missing or not of its type"),
            Self::Private => {
                "it contains private members (d, p, q, dp, dq, qi, oth, k or priv): publish public keys only"
            }
            Self::Kind => "kty is none of RSA, EC and OKP",
            Self::Curve => "crv is none of P-256, P-384 and Ed25519",
            Self::Algorithm => "alg does not fit the key, or is none of RS256, PS256, ES256, ES384 and EdDSA",
            Self::Purpose => "use or key_ops say that this key is not for verifying signatures",
            Self::Modulus => "the RSA modulus has not 2048 to 4096 bits, is even, or starts with a zero byte",
            Self::Exponent => "the RSA exponent is even, below 3, above 32 bits, or starts with a zero byte",
            Self::Roca => "the RSA modulus has the ROCA fingerprint (CVE-2017-15361): the key can be broken",
            Self::Point => "the coordinates are no point of the curve that may be used",
            Self::DuplicateKid => "two keys of the set have the same kid",
            Self::TooMany => "the set has more than 64 keys",
        })
    }
}

impl std::error::Error for JwkError {}
