//! A signing key as it is stored: the private half sealed, the public half as it is published.

use std::fmt;

use countersign_proto::jose::Algorithm;
use countersign_proto::time::UnixTime;

use crate::realm::words;

/// A signing key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id in the JWKS; unique.
    pub kid: String,
    /// The realm that it signs for.
    pub realm_id: String,
    /// Its one algorithm.
    pub algorithm: Algorithm,
    /// Where it stands in its life.
    pub state: KeyState,
    /// The private key (PKCS#8), sealed with AES-256-GCM.
    pub sealed: Vec<u8>,
    /// Which key-encryption key sealed it.
    pub sealed_by: String,
    /// The public key as a JWK, as it stands in the JWKS.
    pub public_jwk: String,
    /// When it was made.
    pub created_at: UnixTime,
    /// When its state last changed.
    pub changed_at: UnixTime,
    /// When a retired key leaves the JWKS.
    pub published_until: Option<UnixTime>,
}

/// Which key, and where it stands; not the sealed key.
impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRecord")
            .field("kid", &self.kid)
            .field("realm_id", &self.realm_id)
            .field("algorithm", &self.algorithm)
            .field("state", &self.state)
            .field("published_until", &self.published_until)
            .finish_non_exhaustive()
    }
}

/// Announce, sign, retire (design rule 12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published, and not yet signing.
    Announced,
    /// Published, and signing.
    Active,
    /// Published until the last token that it signed has expired, and not signing.
    Retired,
}

words!(KeyState { Announced = "announced", Active = "active", Retired = "retired" });
