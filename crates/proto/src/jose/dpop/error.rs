//! Why a proof was refused: one variant for each check.

use std::fmt;

use super::HtuError;
use crate::jose::{Algorithm, json::JsonError, jwk::JwkError, jws::JwsError};

/// Which check refused a proof; it carries nothing of the proof but the names of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// Not a compact JWS that we read.
    Jws(JwsError),
    /// Its `typ` is not `dpop+jwt`.
    Type,
    /// Its `alg` is not on the allow-list.
    Algorithm(Algorithm),
    /// Its payload is not strict JSON.
    Json(JsonError),
    /// This claim is missing, not of its type, empty or too long.
    Claim(&'static str),
    /// Its `htm` is not the request's method.
    Method,
    /// Its `htu` is no target URI.
    Htu(HtuError),
    /// Its `htu` is the URI of something else.
    Target,
    /// Made so many seconds ago, which is too long (`iat`).
    TooOld(i64),
    /// Made so many seconds in the future (`iat`).
    IssuedInFuture(i64),
    /// Expired so many seconds ago (`exp`).
    Expired(i64),
    /// Not valid before so many seconds from now (`nbf`).
    NotYetValid(i64),
    /// Its `ath` is not the hash of the access token.
    OtherToken,
    /// Its header has no `jwk`.
    NoKey,
    /// The header's `jwk` is refused: private, symmetric, malformed, or not for `alg`.
    Key(JwkError),
    /// The access token is bound to another key.
    OtherKey,
    /// The signature is not that of the key.
    Signature,
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jws(error) => write!(f, "the DPoP proof: {error}"),
            Self::Type => f.write_str("the DPoP proof's typ is not dpop+jwt"),
            Self::Algorithm(algorithm) => {
                write!(f, "the DPoP proof's alg {algorithm} is not on the allow-list")
            }
            Self::Json(error) => write!(f, "the DPoP proof's claims: {error}"),
            Self::Claim(name) => {
                write!(f, "the DPoP proof's {name} is missing, not of its type, empty or too long")
            }
            Self::Method => f.write_str("the DPoP proof's htm is not the method of the request"),
            Self::Htu(error) => write!(f, "the DPoP proof's htu is no target URI: {error}"),
            Self::Target => f.write_str("the DPoP proof's htu is not the target of the request"),
            Self::TooOld(seconds) => write!(f, "the DPoP proof was made {seconds} s ago (iat): too old"),
            Self::IssuedInFuture(seconds) => {
                write!(f, "the DPoP proof was made {seconds} s in the future (iat)")
            }
            Self::Expired(seconds) => write!(f, "the DPoP proof expired {seconds} s ago (exp)"),
            Self::NotYetValid(seconds) => write!(f, "the DPoP proof is valid only in {seconds} s (nbf)"),
            Self::OtherToken => f.write_str("the DPoP proof's ath is not the hash of the access token"),
            Self::NoKey => f.write_str("the DPoP proof's header has no jwk"),
            Self::Key(error) => write!(f, "the DPoP proof's jwk: {error}"),
            Self::OtherKey => f.write_str("the access token is bound to another key than the DPoP proof's"),
            Self::Signature => f.write_str("the DPoP proof's signature is not that of its jwk"),
        }
    }
}

impl std::error::Error for ProofError {}
