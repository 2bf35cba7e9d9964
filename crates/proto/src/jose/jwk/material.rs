//! What a public key consists of, by kind, and the checks that each kind needs before it may verify anything.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
        RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, VerificationAlgorithm,
    },
};
use serde_json::{Map, Value};

use super::{JwkError, rsa, text};
use crate::jose::{Algorithm, base64url};

/// The numbers of a public key, big-endian without leading zeros (RSA) or of the curve's fixed length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256 { x: Vec<u8>, y: Vec<u8> },
    P384 { x: Vec<u8>, y: Vec<u8> },
    Ed25519 { x: Vec<u8> },
}

impl Material {
    pub(super) fn from_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        let kty = text(members, "kty")?.ok_or(JwkError::Member("kty"))?;
        if kty == "RSA" {
            return Ok(Self::Rsa { n: number(members, "n")?, e: number(members, "e")? });
        }
        let curve = || text(members, "crv")?.ok_or(JwkError::Member("crv"));
        match kty {
            "EC" => match curve()? {
                "P-256" => Ok(Self::P256 { x: number(members, "x")?, y: number(members, "y")? }),
                "P-384" => Ok(Self::P384 { x: number(members, "x")?, y: number(members, "y")? }),
                _ => Err(JwkError::Curve),
            },
            "OKP" => match curve()? {
                "Ed25519" => Ok(Self::Ed25519 { x: number(members, "x")? }),
                _ => Err(JwkError::Curve),
            },
            _ => Err(JwkError::Kind),
        }
    }

    /// From a point in the uncompressed form of SEC 1 §2.3.3.
    pub(crate) fn from_point(algorithm: Algorithm, point: &[u8]) -> Result<Self, JwkError> {
        let (&form, coordinates) = point.split_first().ok_or(JwkError::Point)?;
        let (x, y) = coordinates.split_at_checked(coordinates.len() / 2).ok_or(JwkError::Point)?;
        match (form, algorithm) {
            (UNCOMPRESSED, Algorithm::ES256) => Ok(Self::P256 { x: x.into(), y: y.into() }),
            (UNCOMPRESSED, Algorithm::ES384) => Ok(Self::P384 { x: x.into(), y: y.into() }),
            _ => Err(JwkError::Point),
        }
    }

    /// From the `RSAPublicKey` of RFC 8017 §A.1.1 in DER.
    pub(crate) fn from_rsa_der(der: &[u8]) -> Result<Self, JwkError> {
        let (n, e) = rsa::read_public_key(der).ok_or(JwkError::Modulus)?;
        Ok(Self::Rsa { n: n.into(), e: e.into() })
    }

    /// The algorithms that such a key may be for; the first is meant when nothing else is said.
    pub(super) const fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::Rsa { .. } => &[Algorithm::RS256, Algorithm::PS256],
            Self::P256 { .. } => &[Algorithm::ES256],
            Self::P384 { .. } => &[Algorithm::ES384],
            Self::Ed25519 { .. } => &[Algorithm::EdDSA],
        }
    }

    /// Checks the key and makes it ready for verifying.
    pub(super) fn parse(&self, algorithm: Algorithm) -> Result<ParsedPublicKey, JwkError> {
        if !self.algorithms().contains(&algorithm) {
            return Err(JwkError::Algorithm);
        }
        match self {
            Self::Rsa { n, e } => {
                rsa::check(n, e)?;
                let spki: PublicKeyX509Der<'_> =
                    PublicKeyComponents { n, e }.as_der().map_err(|_| JwkError::Modulus)?;
                let params = if algorithm == Algorithm::PS256 {
                    &RSA_PSS_2048_8192_SHA256
                } else {
                    &RSA_PKCS1_2048_8192_SHA256
                };
                ParsedPublicKey::new(params, spki.as_ref()).map_err(|_| JwkError::Modulus)
            }
            Self::P256 { x, y } => on_curve(&ECDSA_P256_SHA256_FIXED, 32, x, y),
            Self::P384 { x, y } => on_curve(&ECDSA_P384_SHA384_FIXED, 48, x, y),
            Self::Ed25519 { x } => {
                if x.len() != 32 || has_small_order(x) {
                    return Err(JwkError::Point);
                }
                ParsedPublicKey::new(&ED25519, x).map_err(|_| JwkError::Point)
            }
        }
    }

    /// The required members in lexicographic order, as the thumbprint needs them (RFC 7638 §3.2).
    pub(super) fn members(&self) -> Vec<(&'static str, String)> {
        let encode = |bytes: &[u8]| base64url::encode(bytes);
        let named = |name: &str| name.to_owned();
        match self {
            Self::Rsa { n, e } => vec![("e", encode(e)), ("kty", named("RSA")), ("n", encode(n))],
            Self::P256 { x, y } => {
                vec![("crv", named("P-256")), ("kty", named("EC")), ("x", encode(x)), ("y", encode(y))]
            }
            Self::P384 { x, y } => {
                vec![("crv", named("P-384")), ("kty", named("EC")), ("x", encode(x)), ("y", encode(y))]
            }
            Self::Ed25519 { x } => vec![("crv", named("Ed25519")), ("kty", named("OKP")), ("x", encode(x))],
        }
    }
}

fn number(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let text = text(members, name)?.ok_or(JwkError::Member(name))?;
    base64url::decode(text).map_err(|_| JwkError::Member(name))
}

/// Both coordinates have the curve's full length (RFC 7518 §6.2.1.2); the library checks that the point is on it.
fn on_curve(
    curve: &'static dyn VerificationAlgorithm,
    len: usize,
    x: &[u8],
    y: &[u8],
) -> Result<ParsedPublicKey, JwkError> {
    if x.len() != len || y.len() != len {
        return Err(JwkError::Point);
    }
    ParsedPublicKey::new(curve, [&[UNCOMPRESSED], x, y].concat()).map_err(|_| JwkError::Point)
}

/// Under a key of small order one signature fits many messages, which no honest owner wants.
fn has_small_order(x: &[u8]) -> bool {
    let mut y = x.to_vec();
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    SMALL_ORDER.iter().any(|point| y == *point)
}

const UNCOMPRESSED: u8 = 0x04;

/// The y coordinates of the eight points of small order (0, 1, p-1, two of order 8), and of p and p+1, which are other
/// spellings of 0 and 1; little-endian, without the sign bit of x.
const SMALL_ORDER: [&[u8; 32]; 7] = [
    b"\x00\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
    b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// T-8725-04: a point that is not on the curve, or of another length, is no key.
    #[test]
    fn points_are_validated() {
        let x = base64url::decode("04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY").unwrap();
        let y = base64url::decode("UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw").unwrap();
        assert!(Material::P256 { x: x.clone(), y: y.clone() }.parse(Algorithm::ES256).is_ok());
        let mut off = y.clone();
        off[31] ^= 1;
        let refused = [
            Material::P256 { x: x.clone(), y: off },
            Material::P256 { x: vec![0; 32], y: vec![0; 32] },
            Material::P256 { x: [&[0], &x[..]].concat(), y: y.clone() },
            Material::P256 { x: x[1..].to_vec(), y: y.clone() },
        ];
        for material in refused {
            assert_eq!(material.parse(Algorithm::ES256).err(), Some(JwkError::Point), "{material:?}");
        }
        assert_eq!(Material::P384 { x, y }.parse(Algorithm::ES384).err(), Some(JwkError::Point));
    }

    /// Threats §1 (Ed25519 small order).
    #[test]
    fn keys_of_small_order_are_refused() {
        for point in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut x = point.to_vec();
                x[31] |= sign;
                assert_eq!(Material::Ed25519 { x }.parse(Algorithm::EdDSA).err(), Some(JwkError::Point));
            }
        }
        assert_eq!(Material::Ed25519 { x: vec![9; 31] }.parse(Algorithm::EdDSA).err(), Some(JwkError::Point));
    }
}
