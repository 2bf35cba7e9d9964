//! Where the key for a token comes from: never from the token. A source answers for an issuer, so that one issuer's key
//! can never vouch for another's token (RFC 8725 §3.8).

use std::{fmt, sync::Arc};

use aws_lc_rs::signature::ParsedPublicKey;

use super::{Algorithm, Jwk, JwkSet, quoted::Quoted};

/// A public key, parsed once, for exactly one algorithm.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Option<String>,
    parsed: Arc<ParsedPublicKey>,
}

/// The keys that we trust, by issuer. Look-ups do not wait: a source that fetches keeps what it fetched.
pub trait KeySource: Send + Sync {
    /// The key of this issuer for a token with this `kid` and `alg`; `kid` is hostile, at most 256 bytes.
    ///
    /// # Errors
    /// [`KeyError`], when there is no such key, or more than one.
    fn find(
        &self,
        issuer: &str,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<VerifyingKey>, KeyError>;
}

/// Why no key was found for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The source has no keys of this issuer.
    UnknownIssuer,
    /// The issuer has no key of this `kid`.
    UnknownKid(String),
    /// The issuer's key of this `kid` is for this other algorithm.
    WrongAlgorithm(Algorithm),
    /// The token names no key, and the issuer has not exactly one of the algorithm.
    NotOne,
    /// The keys cannot be had at the moment: nothing is known about the token.
    Unavailable,
}

/// The keys of one issuer, known beforehand.
#[derive(Clone, Debug)]
pub struct StaticKeys {
    issuer: String,
    keys: Vec<Arc<VerifyingKey>>,
}

impl VerifyingKey {
    /// The one algorithm that it verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The name that tokens use.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether this is a signature of this message; the length must be exact.
    #[must_use]
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.algorithm.signature_len().is_none_or(|len| len == signature.len())
            && self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl From<&Jwk> for VerifyingKey {
    fn from(jwk: &Jwk) -> Self {
        Self { algorithm: jwk.algorithm(), kid: jwk.kid().map(str::to_owned), parsed: jwk.parsed() }
    }
}

impl StaticKeys {
    /// The usable keys of the set, for tokens of this issuer alone.
    #[must_use]
    pub fn new(issuer: impl Into<String>, set: &JwkSet) -> Self {
        Self { issuer: issuer.into(), keys: set.keys().iter().map(|key| Arc::new(key.into())).collect() }
    }
}

impl KeySource for StaticKeys {
    fn find(
        &self,
        issuer: &str,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<VerifyingKey>, KeyError> {
        if issuer != self.issuer {
            return Err(KeyError::UnknownIssuer);
        }
        let Some(kid) = kid else {
            let mut fitting = self.keys.iter().filter(|key| key.algorithm == algorithm);
            return match (fitting.next(), fitting.next()) {
                (Some(only), None) => Ok(Arc::clone(only)),
                _ => Err(KeyError::NotOne),
            };
        };
        let named = self.keys.iter().find(|key| key.kid() == Some(kid));
        let key = named.ok_or_else(|| KeyError::UnknownKid(kid.to_owned()))?;
        if key.algorithm == algorithm {
            Ok(Arc::clone(key))
        } else {
            Err(KeyError::WrongAlgorithm(key.algorithm))
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("no keys are known of this issuer"),
            Self::UnknownKid(kid) => write!(f, "the issuer has no key with the kid {}", Quoted(kid)),
            Self::WrongAlgorithm(key) => {
                write!(f, "the header's alg is not that of the key, which is for {key}")
            }
            Self::NotOne => {
                f.write_str("the header has no kid, and the issuer has not exactly one key of the alg")
            }
            Self::Unavailable => f.write_str("the issuer's keys are not available"),
        }
    }
}

impl std::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"}"#;
    const B: &str = r#"{"kty":"EC","crv":"P-256","x":"04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY","y":"UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw","kid":"b"}"#;
    const C: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"c"}"#;

    fn keys(list: &[&str]) -> StaticKeys {
        let set = JwkSet::parse(format!(r#"{{"keys":[{}]}}"#, list.join(",")).as_bytes()).unwrap();
        StaticKeys::new("https://issuer.example", &set)
    }

    fn find(keys: &StaticKeys, kid: Option<&str>, algorithm: Algorithm) -> Result<String, KeyError> {
        keys.find("https://issuer.example", kid, algorithm).map(|key| key.kid().unwrap().to_owned())
    }

    #[test]
    fn by_kid_and_algorithm() {
        let keys = keys(&[A, B]);
        assert_eq!(find(&keys, Some("a"), Algorithm::EdDSA).unwrap(), "a");
        assert_eq!(find(&keys, Some("b"), Algorithm::ES256).unwrap(), "b");
        assert_eq!(find(&keys, Some("a"), Algorithm::ES256), Err(KeyError::WrongAlgorithm(Algorithm::EdDSA)));
        assert_eq!(find(&keys, Some("../a"), Algorithm::EdDSA), Err(KeyError::UnknownKid("../a".into())));
    }

    #[test]
    fn without_kid_only_when_there_is_one() {
        assert_eq!(find(&keys(&[A, B]), None, Algorithm::EdDSA).unwrap(), "a");
        assert_eq!(find(&keys(&[A, B, C]), None, Algorithm::EdDSA), Err(KeyError::NotOne));
        assert_eq!(find(&keys(&[B]), None, Algorithm::EdDSA), Err(KeyError::NotOne));
    }

    /// T-8725-05: the key belongs to the issuer.
    #[test]
    fn another_issuer_has_no_keys_here() {
        let refused = keys(&[A]).find("https://issuer.example/", Some("a"), Algorithm::EdDSA).err();
        assert_eq!(refused, Some(KeyError::UnknownIssuer));
    }
}
