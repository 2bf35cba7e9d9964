//! Public keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2): read strictly, each for exactly one algorithm, published
//! in a fixed member order, named by their thumbprint (RFC 7638).

mod error;
mod material;
mod rsa;
mod set;

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::{digest, signature::ParsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::{
    Algorithm, base64url, header,
    json::{self, Limits},
};
pub use error::JwkError;
pub(crate) use material::Material;
pub use set::{JwkSet, Skipped};

/// A public key that verifies signatures of one algorithm.
#[derive(Clone, Debug)]
pub struct Jwk {
    material: Material,
    parsed: Arc<ParsedPublicKey>,
    algorithm: Algorithm,
    kid: Option<String>,
    x5c: Vec<String>,
    x5t: Option<String>,
    x5t_s256: Option<String>,
}

impl Jwk {
    /// Reads one public JWK of at most 16 KiB.
    ///
    /// An RSA key without `alg` is taken for [`Algorithm::RS256`], see [`Self::with_algorithm`]; the other kinds say
    /// their algorithm by their curve.
    ///
    /// # Errors
    /// [`JwkError`]: not strict JSON; private members; a kind, curve or algorithm that we do not know; `use`,
    /// `key_ops` or `alg` that do not fit; RSA outside 2048 to 4096 bits, with an unusual exponent or the ROCA
    /// fingerprint; a point that is not on the curve or of small order.
    ///
    /// Does not check: who published the key, and `x5c`, `x5t` and `x5t#S256`, which are carried and never used.
    pub fn parse(document: &[u8]) -> Result<Self, JwkError> {
        Self::from_members(&json::object(document, LIMITS).map_err(JwkError::Json)?)
    }

    /// As [`Self::parse`], from members that were read by [`json`] as a part of another document.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn from_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        if PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return Err(JwkError::Private);
        }
        let material = Material::from_members(members)?;
        check_purpose(members)?;
        let algorithm = match text(members, "alg")? {
            Some(name) => Algorithm::parse(name).ok_or(JwkError::Algorithm)?,
            None => material.algorithms().first().copied().ok_or(JwkError::Algorithm)?,
        };
        let kid = text(members, "kid")?.map(str::to_owned);
        let mut jwk = Self::new(material, algorithm, kid)?;
        jwk.x5c = certificates(members)?;
        jwk.x5t = text(members, "x5t")?.map(str::to_owned);
        jwk.x5t_s256 = text(members, "x5t#S256")?.map(str::to_owned);
        Ok(jwk)
    }

    pub(crate) fn new(
        material: Material,
        algorithm: Algorithm,
        kid: Option<String>,
    ) -> Result<Self, JwkError> {
        let parsed = Arc::new(material.parse(algorithm)?);
        let kid = kid.map(check_kid).transpose()?;
        Ok(Self { material, parsed, algorithm, kid, x5c: Vec::new(), x5t: None, x5t_s256: None })
    }

    /// The same key for another algorithm of its kind, as when a registration says that an RSA key signs PS256.
    ///
    /// # Errors
    /// [`JwkError::Algorithm`] when the key's kind or curve does not take it.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Self, JwkError> {
        self.parsed = Arc::new(self.material.parse(algorithm)?);
        self.algorithm = algorithm;
        Ok(self)
    }

    /// The same key with this name.
    ///
    /// # Errors
    /// [`JwkError::Member`] when the name is empty or longer than 256 bytes.
    pub fn with_kid(mut self, kid: impl Into<String>) -> Result<Self, JwkError> {
        self.kid = Some(check_kid(kid.into())?);
        Ok(self)
    }

    /// The same key with its certificate in DER, published as `x5c`, `x5t` and `x5t#S256` (RFC 7517 §4.7 to §4.9).
    ///
    /// Does not check: that the certificate is for this key.
    #[must_use]
    pub fn with_certificate(mut self, der: &[u8]) -> Self {
        let hash = |algorithm| base64url::encode(digest::digest(algorithm, der).as_ref());
        self.x5c = vec![STANDARD.encode(der)];
        self.x5t = Some(hash(&digest::SHA1_FOR_LEGACY_USE_ONLY));
        self.x5t_s256 = Some(hash(&digest::SHA256));
        self
    }

    /// The one algorithm that this key verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`, the name that tokens use.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `kty`.
    #[must_use]
    pub const fn kty(&self) -> &'static str {
        self.algorithm.kty()
    }

    /// `x5c`: the certificates in base64 with padding, as published.
    #[must_use]
    pub fn x5c(&self) -> &[String] {
        &self.x5c
    }

    /// The key as SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    /// [`JwkError::Modulus`] when the library cannot write it.
    pub fn spki_der(&self) -> Result<Vec<u8>, JwkError> {
        let der: PublicKeyX509Der<'_> = self.parsed.as_der().map_err(|_| JwkError::Modulus)?;
        Ok(der.as_ref().to_vec())
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638 §3).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(digest::digest(&digest::SHA256, self.required_members().as_bytes()).as_ref())
    }

    /// The required members alone, in lexicographic order and without white space (RFC 7638 §3).
    pub(super) fn required_members(&self) -> String {
        let members: Vec<String> = self
            .material
            .members()
            .into_iter()
            .map(|(name, value)| format!(r#""{name}":"{value}""#))
            .collect();
        format!("{{{}}}", members.join(","))
    }

    pub(super) fn parsed(&self) -> Arc<ParsedPublicKey> {
        Arc::clone(&self.parsed)
    }
}

/// Publishes `kid`, `kty`, `alg`, `use`, the key's own members, then the certificate's, always in this order.
impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(kid) = &self.kid {
            map.serialize_entry("kid", kid)?;
        }
        map.serialize_entry("kty", self.kty())?;
        map.serialize_entry("alg", &self.algorithm)?;
        map.serialize_entry("use", "sig")?;
        for (name, value) in self.material.members() {
            if name != "kty" {
                map.serialize_entry(name, &value)?;
            }
        }
        if !self.x5c.is_empty() {
            map.serialize_entry("x5c", &self.x5c)?;
        }
        for (name, value) in [("x5t", &self.x5t), ("x5t#S256", &self.x5t_s256)] {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

fn check_kid(kid: String) -> Result<String, JwkError> {
    if kid.is_empty() || kid.len() > header::KID { Err(JwkError::Member("kid")) } else { Ok(kid) }
}

/// `use` and `key_ops` must leave room for verifying (RFC 7517 §4.2, §4.3).
fn check_purpose(members: &Map<String, Value>) -> Result<(), JwkError> {
    if text(members, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(JwkError::Purpose);
    }
    let Some(operations) = members.get("key_ops") else { return Ok(()) };
    let operations = operations.as_array().ok_or(JwkError::Member("key_ops"))?;
    let distinct =
        operations.iter().enumerate().all(|(at, op)| !operations.iter().skip(at + 1).any(|o| o == op));
    if !distinct || !operations.iter().all(Value::is_string) {
        return Err(JwkError::Member("key_ops"));
    }
    if operations.iter().any(|operation| operation == "verify") { Ok(()) } else { Err(JwkError::Purpose) }
}

fn certificates(members: &Map<String, Value>) -> Result<Vec<String>, JwkError> {
    let Some(chain) = members.get("x5c") else { return Ok(Vec::new()) };
    let chain = chain.as_array().filter(|chain| !chain.is_empty()).ok_or(JwkError::Member("x5c"))?;
    chain.iter().map(|item| item.as_str().map(str::to_owned).ok_or(JwkError::Member("x5c"))).collect()
}

fn text<'m>(members: &'m Map<String, Value>, name: &'static str) -> Result<Option<&'m str>, JwkError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwkError::Member(name)),
    }
}

const LIMITS: Limits = Limits { bytes: 16 * 1024, depth: 4 };
/// What only the owner of a key may hold: RFC 7518 §6.2.2, §6.3.2, §6.4.1, and `priv` of RFC 9964.
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

#[cfg(test)]
mod tests {
    use super::*;

    const EC: &str = r#""kty":"EC","crv":"P-256","x":"04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY","y":"UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw""#;
    const OKP: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

    fn parse(members: &str) -> Result<Jwk, JwkError> {
        Jwk::parse(format!("{{{members}}}").as_bytes())
    }

    /// RFC 8037 §A.3: the thumbprint of that key.
    #[test]
    fn thumbprints_are_those_of_the_standards() {
        assert_eq!(parse(OKP).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn published_in_a_fixed_order() {
        let jwk = parse(&format!(r#"{OKP},"kid":"1","use":"sig","alg":"Ed25519""#))
            .unwrap()
            .with_certificate(b"der");
        assert_eq!(
            serde_json::to_string(&jwk).unwrap(),
            r#"{"kid":"1","kty":"OKP","alg":"EdDSA","use":"sig","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","x5c":["ZGVy"],"x5t":"fUTDPPmoKrm9UwDSZnhFBOl3IXc","x5t#S256":"UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-Oo"}"#
        );
        let again = Jwk::parse(serde_json::to_string(&jwk).unwrap().as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&jwk).unwrap());
    }

    /// Threats §2 (JWKS never contains `d`, `p`, `k`), the reading side.
    #[test]
    fn private_members_are_refused() {
        for name in PRIVATE {
            assert_eq!(parse(&format!(r#"{EC},"{name}":"AA""#)).err(), Some(JwkError::Private), "{name}");
        }
    }

    /// T-8725-01: use, key_ops and alg must agree with what we do with the key.
    #[test]
    fn the_purpose_must_fit() {
        for fits in ["", r#","use":"sig""#, r#","key_ops":["verify"]"#, r#","alg":"ES256""#] {
            assert_eq!(parse(&format!("{EC}{fits}")).unwrap().algorithm(), Algorithm::ES256, "{fits}");
        }
        for (member, error) in [
            (r#""use":"enc""#, JwkError::Purpose),
            (r#""use":1"#, JwkError::Member("use")),
            (r#""key_ops":["sign"]"#, JwkError::Purpose),
            (r#""key_ops":[]"#, JwkError::Purpose),
            (r#""key_ops":"verify""#, JwkError::Member("key_ops")),
            (r#""key_ops":["verify","verify"]"#, JwkError::Member("key_ops")),
            (r#""alg":"ES384""#, JwkError::Algorithm),
            (r#""alg":"HS256""#, JwkError::Algorithm),
            (r#""alg":"RS256""#, JwkError::Algorithm),
            (r#""alg":null"#, JwkError::Member("alg")),
            (r#""kid":7"#, JwkError::Member("kid")),
            (r#""kid":"""#, JwkError::Member("kid")),
            (r#""x5c":[]"#, JwkError::Member("x5c")),
            (r#""x5c":[1]"#, JwkError::Member("x5c")),
        ] {
            assert_eq!(parse(&format!("{EC},{member}")).err(), Some(error), "{member}");
        }
    }

    #[test]
    fn only_its_own_algorithms() {
        assert_eq!(parse(EC).unwrap().with_algorithm(Algorithm::RS256).err(), Some(JwkError::Algorithm));
        assert_eq!(parse(OKP).unwrap().with_algorithm(Algorithm::ES256).err(), Some(JwkError::Algorithm));
    }
}
