//! Proofs of possession for a source's requests (RFC 9449): one key, one proof for each request, one nonce for each
//! origin.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use countersign_proto::jose::dpop::{NewProof, ProofKey};
use countersign_proto::jose::{Algorithm, KeyThumbprint, SigningKey, base64url};
use countersign_proto::time::UnixTime;
use http::{HeaderMap, HeaderName, HeaderValue};
use url::{Origin, Url};

use crate::token::{Misconfigured, Token};

/// The header of a proof (RFC 9449 §4.1).
pub(crate) const HEADER: HeaderName = HeaderName::from_static("dpop");
/// The header of a nonce (RFC 9449 §8).
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Makes the proofs of one key.
pub(crate) struct Prover {
    key: ProofKey,
    thumbprint: KeyThumbprint,
    nonces: Mutex<HashMap<Origin, String>>,
}

impl Prover {
    /// Makes a key that never leaves this process.
    pub(crate) fn new(algorithm: Algorithm) -> Result<Self, Misconfigured> {
        let key =
            SigningKey::generate(algorithm, "dpop").map_err(|error| Misconfigured::new("dpop", error))?;
        let key = ProofKey::new(key);
        Ok(Self { thumbprint: key.thumbprint(), key, nonces: Mutex::default() })
    }

    /// What its tokens are bound to.
    pub(crate) const fn thumbprint(&self) -> &KeyThumbprint {
        &self.thumbprint
    }

    /// A proof for one request.
    pub(crate) fn proof(
        &self,
        method: &str,
        url: &Url,
        now: UnixTime,
        token: Option<&Token>,
    ) -> Result<HeaderValue, Misconfigured> {
        let cannot = |why: &str| Misconfigured::new("dpop", format!("no proof can be made: {why}"));
        let mut bits = [0u8; 16];
        aws_lc_rs::rand::fill(&mut bits).map_err(|_| cannot("the source of random bits failed"))?;
        let nonce = self.nonces().get(&url.origin()).cloned();
        let proof = NewProof {
            method,
            htu: url.as_str(),
            iat: now.0,
            jti: &base64url::encode(&bits),
            access_token: token.map(Token::expose),
            nonce: nonce.as_deref(),
        };
        let proof = self.key.sign(&proof).map_err(|_| cannot("the key does not sign"))?;
        HeaderValue::try_from(proof).map_err(|_| cannot("it fits into no header"))
    }

    /// Keeps the nonce that an answer from this place carries; whether there is a new one.
    pub(crate) fn learn(&self, url: &Url, headers: &HeaderMap) -> bool {
        let mut found = headers.get_all(NONCE).iter();
        let (Some(nonce), None) = (found.next(), found.next()) else { return false };
        let Some(nonce) = nonce.to_str().ok().filter(|nonce| is_nonce(nonce)) else { return false };
        let mut nonces = self.nonces();
        let origin = url.origin();
        if nonces.get(&origin).is_some_and(|known| known == nonce) {
            return false;
        }
        if nonces.len() >= MAX_ORIGINS && !nonces.contains_key(&origin) {
            nonces.clear();
        }
        nonces.insert(origin, nonce.to_owned());
        true
    }

    fn nonces(&self) -> std::sync::MutexGuard<'_, HashMap<Origin, String>> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// RFC 9449 §8.1: `NQCHAR`, and no more of it than a server has need of.
fn is_nonce(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NONCE
        && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

const MAX_NONCE: usize = 1024;
const MAX_ORIGINS: usize = 64;
