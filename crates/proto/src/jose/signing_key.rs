//! Private keys: made or read once, kept parsed, used for one algorithm only. Nothing here prints or serializes a secret;
//! the only way out is [`SigningKey::to_pkcs8`], for sealing.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair,
        RsaSignatureEncoding,
    },
};
use zeroize::Zeroizing;

use super::{
    Algorithm, Jwk,
    jwk::{JwkError, Material},
};

/// Something that signs for one key: a [`SigningKey`], an outside signer, or a null signer in a benchmark.
pub trait Signer: Send + Sync {
    /// The one algorithm.
    fn algorithm(&self) -> Algorithm;

    /// The name that tokens carry.
    fn kid(&self) -> Option<&str>;

    /// Appends the JOSE signature of `signing_input` to `out`.
    ///
    /// # Errors
    /// [`SignError`] when there is no signature; `out` may then hold anything.
    fn sign_into(&self, signing_input: &[u8], out: &mut Vec<u8>) -> Result<(), SignError>;
}

/// A private key with the public one beside it.
pub struct SigningKey {
    pair: Pair,
    public: Jwk,
}

/// The sizes of RSA keys that we make, in bits of the modulus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RsaSize {
    /// 2048 bits.
    #[default]
    Bits2048,
    /// 3072 bits.
    Bits3072,
    /// 4096 bits.
    Bits4096,
}

/// There is no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// The header was made for another algorithm than the signer's.
    Algorithm,
    /// The signer failed.
    Failed,
}

/// There is no key: it could not be made, or what was given is not a private key for the algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SigningKeyError {
    /// The generator failed, or a key could not be written.
    Failed,
    /// The document is no PKCS#8 private key of the algorithm's kind.
    NotAKey,
    /// The key is one that nobody should trust.
    Refused(JwkError),
}

enum Pair {
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key; RSA with 2048 bits.
    ///
    /// # Errors
    /// [`SigningKeyError::Failed`] when the generator fails.
    pub fn generate(algorithm: Algorithm, kid: impl Into<String>) -> Result<Self, SigningKeyError> {
        let failed = |_| SigningKeyError::Failed;
        let pair = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => {
                return Self::generate_rsa(algorithm, RsaSize::default(), kid);
            }
            Algorithm::ES256 | Algorithm::ES384 => {
                Pair::Ecdsa(EcdsaKeyPair::generate(curve(algorithm)).map_err(failed)?)
            }
            Algorithm::EdDSA => Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
        };
        Self::from_pair(algorithm, pair, kid.into())
    }

    /// Makes a new RSA key of this size, for RS256 or PS256; tens to hundreds of milliseconds.
    ///
    /// # Errors
    /// [`SigningKeyError::Failed`] when the generator fails; [`SigningKeyError::Refused`] for another algorithm.
    pub fn generate_rsa(
        algorithm: Algorithm,
        size: RsaSize,
        kid: impl Into<String>,
    ) -> Result<Self, SigningKeyError> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        let pair = RsaKeyPair::generate(size).map_err(|_| SigningKeyError::Failed)?;
        Self::from_pair(algorithm, Pair::Rsa(pair, padding(algorithm)), kid.into())
    }

    /// Reads an unencrypted PKCS#8 private key in DER (RFC 5958), version 1 or 2.
    ///
    /// # Errors
    /// [`SigningKeyError::NotAKey`] for another kind or curve or for no key at all; [`SigningKeyError::Refused`] for a
    /// key whose public half [`Jwk::parse`] would refuse.
    pub fn from_pkcs8(
        algorithm: Algorithm,
        kid: impl Into<String>,
        der: &[u8],
    ) -> Result<Self, SigningKeyError> {
        let not_a_key = |_| SigningKeyError::NotAKey;
        let pair = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => {
                Pair::Rsa(RsaKeyPair::from_pkcs8(der).map_err(not_a_key)?, padding(algorithm))
            }
            Algorithm::ES256 | Algorithm::ES384 => {
                Pair::Ecdsa(EcdsaKeyPair::from_pkcs8(curve(algorithm), der).map_err(not_a_key)?)
            }
            Algorithm::EdDSA => {
                // OpenSSL writes version 1, which has no public half to compare with.
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(not_a_key)?)
            }
        };
        Self::from_pair(algorithm, pair, kid.into())
    }

    fn from_pair(algorithm: Algorithm, pair: Pair, kid: String) -> Result<Self, SigningKeyError> {
        let material = match &pair {
            Pair::Rsa(pair, _) => Material::from_rsa_der(pair.public_key().as_ref()),
            Pair::Ecdsa(pair) => Material::from_point(algorithm, pair.public_key().as_ref()),
            Pair::Ed25519(pair) => Ok(Material::Ed25519 { x: pair.public_key().as_ref().to_vec() }),
        };
        let public = material.and_then(|material| Jwk::new(material, algorithm, Some(kid)));
        Ok(Self { pair, public: public.map_err(SigningKeyError::Refused)? })
    }

    /// The same key with this name, as when it is to be named by its thumbprint.
    ///
    /// # Errors
    /// [`SigningKeyError::Refused`] when the name is empty or longer than 256 bytes.
    pub fn with_kid(self, kid: impl Into<String>) -> Result<Self, SigningKeyError> {
        let public = self.public.with_kid(kid).map_err(SigningKeyError::Refused)?;
        Ok(Self { pair: self.pair, public })
    }

    /// The private key as PKCS#8 version 1 in DER, for sealing; wiped when dropped.
    ///
    /// # Errors
    /// [`SigningKeyError::Failed`] when the key cannot be written.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
        let failed = |_| SigningKeyError::Failed;
        let copy = |der: &[u8]| Zeroizing::new(der.to_vec());
        Ok(match &self.pair {
            Pair::Rsa(pair, _) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                copy(der.as_ref())
            }
            Pair::Ecdsa(pair) => copy(pair.to_pkcs8v1().map_err(failed)?.as_ref()),
            Pair::Ed25519(pair) => copy(pair.to_pkcs8v1().map_err(failed)?.as_ref()),
        })
    }

    /// The public half, named by this key's `kid`.
    #[must_use]
    pub const fn public_jwk(&self) -> &Jwk {
        &self.public
    }

    /// The public half as SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    /// [`SigningKeyError::Failed`] when the key cannot be written.
    pub fn spki_der(&self) -> Result<Vec<u8>, SigningKeyError> {
        let der: Result<PublicKeyX509Der<'_>, _> = match &self.pair {
            Pair::Rsa(pair, _) => pair.public_key().as_der(),
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
        };
        der.map(|der| der.as_ref().to_vec()).map_err(|_| SigningKeyError::Failed)
    }

    /// The one algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// The name that tokens carry.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid().unwrap_or_default()
    }

    /// Appends the JOSE signature of `message` to `out`.
    ///
    /// # Errors
    /// [`SignError::Failed`] when the library fails; `out` is then as before.
    pub fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), SignError> {
        let failed = |_| SignError::Failed;
        match &self.pair {
            Pair::Rsa(pair, padding) => {
                let start = out.len();
                out.resize(start + pair.public_modulus_len(), 0);
                let room = out.get_mut(start..).unwrap_or_default();
                let signed = pair.sign(*padding, &SystemRandom::new(), message, room);
                if signed.is_err() {
                    out.truncate(start);
                }
                signed.map_err(failed)
            }
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
                out.extend_from_slice(signature.as_ref());
                Ok(())
            }
            Pair::Ed25519(pair) => {
                out.extend_from_slice(pair.try_sign(message).map_err(failed)?.as_ref());
                Ok(())
            }
        }
    }
}

impl Signer for SigningKey {
    fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    fn kid(&self) -> Option<&str> {
        self.public.kid()
    }

    fn sign_into(&self, signing_input: &[u8], out: &mut Vec<u8>) -> Result<(), SignError> {
        self.sign(signing_input, out)
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Algorithm => "the header names another algorithm than the signer's",
            Self::Failed => "the signer failed",
        })
    }
}

impl std::error::Error for SignError {}

impl fmt::Display for SigningKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed => f.write_str("the cryptographic library failed"),
            Self::NotAKey => f.write_str("no PKCS#8 private key of the algorithm's kind"),
            Self::Refused(reason) => write!(f, "the key is refused: {reason}"),
        }
    }
}

impl std::error::Error for SigningKeyError {}

const fn curve(algorithm: Algorithm) -> &'static EcdsaSigningAlgorithm {
    match algorithm {
        Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        _ => &ECDSA_P256_SHA256_FIXED_SIGNING,
    }
}

const fn padding(algorithm: Algorithm) -> &'static RsaSignatureEncoding {
    match algorithm {
        Algorithm::PS256 => &RSA_PSS_SHA256,
        _ => &RSA_PKCS1_SHA256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::VerifyingKey;

    #[test]
    fn every_algorithm_signs_and_survives_sealing() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm, "k1").unwrap();
            let again = SigningKey::from_pkcs8(algorithm, "k1", &key.to_pkcs8().unwrap()).unwrap();
            assert_eq!(again.public_jwk().thumbprint(), key.public_jwk().thumbprint());
            assert_eq!(again.spki_der().unwrap(), key.spki_der().unwrap());
            let mut out = b"before".to_vec();
            again.sign(b"message", &mut out).unwrap();
            let signature = out.strip_prefix(b"before").unwrap();
            assert_eq!(signature.len(), algorithm.signature_len().unwrap_or(256));
            let public = VerifyingKey::from(key.public_jwk());
            assert!(public.verifies(b"message", signature));
            assert!(!public.verifies(b"massage", signature));
            assert!(!public.verifies(b"message", &signature[1..]));
            assert!(!public.verifies(b"message", &out));
        }
    }

    #[test]
    fn rsa_keys_of_every_size() {
        for (size, bytes) in [(RsaSize::Bits2048, 256), (RsaSize::Bits3072, 384)] {
            let key = SigningKey::generate_rsa(Algorithm::PS256, size, "k").unwrap();
            let mut signature = Vec::new();
            key.sign(b"message", &mut signature).unwrap();
            assert_eq!(signature.len(), bytes);
        }
        let refused = SigningKey::generate_rsa(Algorithm::ES256, RsaSize::default(), "k").err();
        assert_eq!(refused, Some(SigningKeyError::Refused(JwkError::Algorithm)));
    }

    #[test]
    fn a_key_is_named_within_limits() {
        let key = SigningKey::generate(Algorithm::EdDSA, "k").unwrap();
        let thumbprint = key.public_jwk().thumbprint();
        assert_eq!(key.with_kid(&thumbprint).unwrap().kid(), thumbprint);
        for kid in ["", &"k".repeat(257)] {
            let refused = SigningKey::generate(Algorithm::EdDSA, kid).err();
            assert_eq!(refused, Some(SigningKeyError::Refused(JwkError::Member("kid"))));
        }
    }

    /// T-8725-01: a key of another kind or curve is not taken.
    #[test]
    fn a_key_of_another_kind_is_not_taken() {
        let der = SigningKey::generate(Algorithm::ES256, "k").unwrap().to_pkcs8().unwrap();
        for other in [Algorithm::ES384, Algorithm::EdDSA, Algorithm::RS256] {
            assert_eq!(SigningKey::from_pkcs8(other, "k", &der).err(), Some(SigningKeyError::NotAKey));
        }
        for garbage in [&b""[..], b"0", &der[..der.len() - 1]] {
            assert_eq!(
                SigningKey::from_pkcs8(Algorithm::ES256, "k", garbage).err(),
                Some(SigningKeyError::NotAKey)
            );
        }
    }
}
