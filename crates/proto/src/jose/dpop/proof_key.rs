//! The client's side: a key that makes proofs.

use serde::Serialize;

use super::{KeyThumbprint, TYPE, access_token_hash};
use crate::jose::{Algorithm, EncodedHeader, SigningKey, compact, signing_key::SignError};

/// A private key that signs proofs; their header, which holds its public half, is encoded once.
pub struct ProofKey {
    key: SigningKey,
    header: EncodedHeader,
}

/// A proof to be made, for one request.
#[derive(Clone, Copy)]
pub struct NewProof<'a> {
    /// The method, as it is sent.
    pub method: &'a str,
    /// The target URI; its query and fragment are left out (RFC 9449 §4.2).
    pub htu: &'a str,
    /// When it is made, in seconds since 1970.
    pub iat: i64,
    /// A name that this key never gave to a proof before: 96 random bits at least (RFC 9449 §4.2).
    pub jti: &'a str,
    /// The access token that is sent with it, if any.
    pub access_token: Option<&'a str>,
    /// The nonce that the server handed out last, if any.
    pub nonce: Option<&'a str>,
}

impl ProofKey {
    /// Makes proofs with this key; its `kid` is not used.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        let header = EncodedHeader::with_jwk(TYPE, key.public_jwk());
        Self { key, header }
    }

    /// What the tokens that are bound to this key have as `cnf.jkt`.
    #[must_use]
    pub fn thumbprint(&self) -> KeyThumbprint {
        KeyThumbprint::of(self.key.public_jwk())
    }

    /// The algorithm of its proofs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// Makes a proof: the value of a `DPoP` header.
    ///
    /// # Errors
    /// [`SignError::Failed`] when the key does not sign.
    pub fn sign(&self, proof: &NewProof<'_>) -> Result<String, SignError> {
        let claims = Claims {
            jti: proof.jti,
            htm: proof.method,
            htu: proof.htu.split(['?', '#']).next().unwrap_or_default(),
            iat: proof.iat,
            ath: proof.access_token.map(access_token_hash),
            nonce: proof.nonce,
        };
        let payload = serde_json::to_vec(&claims).map_err(|_| SignError::Failed)?;
        compact::sign(&self.header, &payload, &self.key)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}
