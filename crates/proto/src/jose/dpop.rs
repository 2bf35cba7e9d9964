//! DPoP proofs (RFC 9449): a small JWT, made for one request, by which a client shows that it holds the key that its
//! token is bound to. [`verify_proof`] is the only maker of [`Proof`].

mod claims;
mod error;
mod expected;
mod htu;
mod proof_key;
#[cfg(test)]
mod tests;

use super::{
    Jwk, KeyThumbprint, Unverified, VerifyingKey, base64url, jwk::JwkError, jws, rules, thumbprint::sha256,
};
use claims::ProofClaims;
pub use error::ProofError;
pub use expected::{
    BoundToken, DEFAULT_ALGORITHMS, DEFAULT_FUTURE, DEFAULT_PAST, Expected, MAX_WINDOW, WindowTooLong,
};
pub use htu::{Htu, HtuError, MAX_HTU};
pub use proof_key::{NewProof, ProofKey};
use serde_json::Value;

/// The `typ` of a proof (RFC 9449 §4.2), without `application/`.
pub const TYPE: &str = "dpop+jwt";

/// A proof that [`verify_proof`] believed.
///
/// It cannot be made elsewhere, so that holding one is the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    thumbprint: KeyThumbprint,
    claims: ProofClaims,
    usable_until: i64,
}

impl Proof {
    /// The key that signed it: what `cnf.jkt` of a token must be, or will be.
    #[must_use]
    pub const fn thumbprint(&self) -> &KeyThumbprint {
        &self.thumbprint
    }

    /// `jti`, 1 to 256 bytes of any characters; a key's second proof of the same name is a replay (RFC 9449 §11.1).
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.claims.jti
    }

    /// `iat`, in seconds since 1970.
    #[must_use]
    pub const fn iat(&self) -> i64 {
        self.claims.iat.seconds()
    }

    /// `nonce`, at most 256 bytes of any characters (RFC 9449 §8, §9).
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.claims.nonce.as_deref()
    }

    /// The last second in which the same window would take it again: so long its `jti` must be remembered.
    #[must_use]
    pub const fn usable_until(&self) -> i64 {
        self.usable_until
    }
}

/// Verifies a proof against the request that it came with (RFC 9449 §4.3, checks 2 to 12).
///
/// # Errors
/// [`ProofError`], the first check that failed: form, type, algorithm, claims, method, target, times, hash of the
/// token, key, the token's binding to that key, signature.
///
/// Does not check: that the request has one `DPoP` header, whether the `jti` was seen before, whether a nonce was
/// demanded and is this one, and anything about the access token but that the proof is for it.
pub fn verify_proof(proof: &str, expected: &Expected<'_>) -> Result<Proof, ProofError> {
    let (jws, jwk) = jws::parse_with_jwk(proof).map_err(ProofError::Jws)?;
    let header = jws.header();
    if !header.typ().is_some_and(|typ| rules::same_media_type(TYPE, typ)) {
        return Err(ProofError::Type);
    }
    if !expected.algorithms.contains(&header.alg()) {
        return Err(ProofError::Algorithm(header.alg()));
    }
    let claims = ProofClaims::parse(jws.payload())?;
    claims.check(expected)?;
    let key = key(&jws, jwk)?;
    let thumbprint = KeyThumbprint::of(&key);
    if expected.token.is_some_and(|token| *token.jkt != thumbprint) {
        return Err(ProofError::OtherKey);
    }
    if !VerifyingKey::from(&key).verifies(jws.signing_input().as_bytes(), jws.signature()) {
        return Err(ProofError::Signature);
    }
    let usable_until = claims.iat.seconds().saturating_add(expected.past);
    Ok(Proof { thumbprint, claims, usable_until })
}

/// `ath`: the hash of an access token in a proof (RFC 9449 §4.2).
#[must_use]
pub fn access_token_hash(token: &str) -> String {
    base64url::encode(&sha256(token.as_bytes()))
}

/// The header's key, for the header's algorithm and no other.
fn key(jws: &Unverified<'_>, jwk: Option<Value>) -> Result<Jwk, ProofError> {
    let algorithm = jws.header().alg();
    let Some(Value::Object(members)) = jwk else { return Err(ProofError::NoKey) };
    let key = Jwk::from_members(&members).map_err(ProofError::Key)?;
    if key.algorithm() == algorithm {
        Ok(key)
    } else if members.contains_key("alg") {
        Err(ProofError::Key(JwkError::Algorithm))
    } else {
        // An RSA key that does not say its algorithm was taken for RS256.
        key.with_algorithm(algorithm).map_err(ProofError::Key)
    }
}
