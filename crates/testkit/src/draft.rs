//! A JWS in the making, good or bad: each member of header and payload can be set, left out, doubled, or written as raw
//! JSON, and the result signed by any key or not at all.

pub(crate) mod members;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_proto::jose::{SigningKey, base64url};
use serde_json::{Value, json};

use crate::TestClientKey;
use members::Members;

/// A JWS in the making. It begins good, and stays as good as what a test does to it.
#[derive(Clone)]
pub struct Draft {
    header: Members,
    claims: Members,
    key: Arc<SigningKey>,
    raw_header: Option<Vec<u8>>,
    raw_payload: Option<Vec<u8>>,
    raw_signature: Option<Vec<u8>>,
}

impl Draft {
    /// A JWS of this type without claims, to be signed by this key, which the header names.
    #[must_use]
    pub fn new(key: &Arc<SigningKey>, typ: &str) -> Self {
        let empty = Self {
            header: Members::default(),
            claims: Members::default(),
            key: Arc::clone(key),
            raw_header: None,
            raw_payload: None,
            raw_signature: None,
        };
        empty.header("alg", key.algorithm().as_str()).header("typ", typ).header("kid", key.kid())
    }

    /// Is signed by this key, and says so in `alg` and `kid`.
    #[must_use]
    pub fn key(self, key: &Arc<SigningKey>) -> Self {
        self.header("alg", key.algorithm().as_str()).header("kid", key.kid()).signed_by(key)
    }

    /// Is signed by this key, whatever the header says.
    #[must_use]
    pub fn signed_by(mut self, key: &Arc<SigningKey>) -> Self {
        self.key = Arc::clone(key);
        self
    }

    /// Sets a member of the header.
    #[must_use]
    pub fn header(self, name: &str, value: impl Into<Value>) -> Self {
        self.header_json(name, &value.into().to_string())
    }

    /// Sets a member of the header to this text, JSON or not.
    #[must_use]
    pub fn header_json(mut self, name: &str, json: &str) -> Self {
        self.header.set(name, json);
        self
    }

    /// Writes one more member at the end of the header, even if there is one of this name.
    #[must_use]
    pub fn again_in_header(mut self, name: &str, json: &str) -> Self {
        self.header.push(name, json);
        self
    }

    /// Leaves a member of the header out.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(self, name: &str, value: impl Into<Value>) -> Self {
        self.claim_json(name, &value.into().to_string())
    }

    /// Sets a claim to this text, JSON or not.
    #[must_use]
    pub fn claim_json(mut self, name: &str, json: &str) -> Self {
        self.claims.set(name, json);
        self
    }

    /// Writes one more claim at the end of the payload, even if there is one of this name.
    #[must_use]
    pub fn again(mut self, name: &str, json: &str) -> Self {
        self.claims.push(name, json);
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Leaves every claim out.
    #[must_use]
    pub fn without_claims(mut self) -> Self {
        self.claims = Members::default();
        self
    }

    /// Binds a token to this key (RFC 9449 §6.1).
    #[must_use]
    pub fn bound_to(self, key: &TestClientKey) -> Self {
        self.claim("cnf", json!({ "jkt": key.jkt() }))
    }

    /// Binds a token to this certificate in DER (RFC 8705 §3.1).
    #[must_use]
    pub fn bound_to_certificate(self, der: &[u8]) -> Self {
        self.claim("cnf", json!({ "x5t#S256": sha256(der) }))
    }

    /// Makes a proof speak of this access token (RFC 9449 §4.2, `ath`).
    #[must_use]
    pub fn ath(self, token: &str) -> Self {
        self.claim("ath", sha256(token.as_bytes()))
    }

    /// Takes these bytes for the header instead of its members; they are still encoded and signed.
    #[must_use]
    pub fn raw_header(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.raw_header = Some(bytes.into());
        self
    }

    /// Takes these bytes for the payload instead of its claims; they are still encoded and signed.
    #[must_use]
    pub fn raw_payload(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.raw_payload = Some(bytes.into());
        self
    }

    /// Takes these bytes for the signature.
    #[must_use]
    pub fn signature(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.raw_signature = Some(bytes.into());
        self
    }

    /// The header, before its encoding.
    #[must_use]
    pub fn header_bytes(&self) -> Vec<u8> {
        self.raw_header.clone().unwrap_or_else(|| self.header.to_json().into_bytes())
    }

    /// The payload, before its encoding.
    #[must_use]
    pub fn payload_bytes(&self) -> Vec<u8> {
        self.raw_payload.clone().unwrap_or_else(|| self.claims.to_json().into_bytes())
    }

    /// What is signed: header and payload, encoded.
    #[must_use]
    pub fn signing_input(&self) -> String {
        format!("{}.{}", base64url::encode(&self.header_bytes()), base64url::encode(&self.payload_bytes()))
    }

    /// A signature of this text by the key, or the bytes that [`Self::signature`] set.
    ///
    /// # Panics
    /// When the library cannot sign.
    #[must_use]
    pub fn sign(&self, signing_input: &str) -> Vec<u8> {
        self.raw_signature.clone().unwrap_or_else(|| {
            let mut signature = Vec::new();
            self.key.sign(signing_input.as_bytes(), &mut signature).expect("a signature");
            signature
        })
    }

    /// The whole of it, in the compact serialization.
    #[must_use]
    pub fn token(&self) -> String {
        let signing_input = self.signing_input();
        let signature = base64url::encode(&self.sign(&signing_input));
        format!("{signing_input}.{signature}")
    }
}

/// SHA-256 in base64url, as `ath`, `jkt` and `x5t#S256` are written.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    base64url::encode(digest(&SHA256, bytes).as_ref())
}

#[cfg(test)]
mod tests {
    use countersign_proto::jose::Algorithm;

    use super::*;

    fn draft() -> Draft {
        let key = Arc::new(SigningKey::generate(Algorithm::EdDSA, "k").unwrap());
        Draft::new(&key, "at+jwt").claim("sub", "svc").claim("exp", 7)
    }

    #[test]
    fn members_are_written_as_they_were_set() {
        let draft = draft().claim_json("exp", "1e400").again("sub", "\"x\"").claim("iss", "i").without("iss");
        assert_eq!(draft.payload_bytes(), br#"{"sub":"svc","exp":1e400,"sub":"x"}"#);
        let draft = draft.without_header("typ").again_in_header("alg", "null");
        assert_eq!(draft.header_bytes(), br#"{"alg":"EdDSA","kid":"k","alg":null}"#);
        assert_eq!(draft.without_claims().payload_bytes(), b"{}");
    }

    #[test]
    fn raw_parts_stand_as_they_are() {
        let token = draft().raw_header("h").raw_payload(*b"\xff").signature("s").token();
        assert_eq!(token, "aA._w.cw");
    }
}
