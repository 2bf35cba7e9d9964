//! Proofs of possession for a source's requests (RFC 9449): one key, one proof for each request, one nonce for each
//! origin.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    nonces: Mutex<HashMap<Origin, Arc<str>>>,
}

impl Prover {
    /// Makes a key that never leaves this process.
    pub(crate) fn new(algorithm: Algorithm) -> Result<Self, Misconfigured> {
        let key =
            SigningKey::generate(algorithm, "dpop").map_err(|error| Misconfigured::new("dpop", error))?;
        Ok(Self::with(key))
    }

    /// Makes proofs with this key.
    pub(crate) fn with(key: SigningKey) -> Self {
        let key = ProofKey::new(key);
        Self { thumbprint: key.thumbprint(), key, nonces: Mutex::default() }
    }

    /// What its tokens are bound to.
    pub(crate) const fn thumbprint(&self) -> &KeyThumbprint {
        &self.thumbprint
    }

    /// A proof for one request; query and fragment of `uri` are left out.
    pub(crate) fn proof(
        &self,
        method: &str,
        uri: &str,
        now: UnixTime,
        token: Option<&Token>,
        nonce: Option<&str>,
    ) -> Result<HeaderValue, Misconfigured> {
        let cannot = |why: &str| Misconfigured::new("dpop", format!("no proof can be made: {why}"));
        let mut bits = [0u8; 16];
        aws_lc_rs::rand::fill(&mut bits).map_err(|_| cannot("the source of random bits failed"))?;
        let proof = NewProof {
            method,
            htu: uri,
            iat: now.0,
            jti: &base64url::encode(&bits),
            access_token: token.map(Token::expose),
            nonce,
        };
        let proof = self.key.sign(&proof).map_err(|_| cannot("the key does not sign"))?;
        HeaderValue::try_from(proof).map_err(|_| cannot("it fits into no header"))
    }

    /// The nonce that this origin handed out last.
    pub(crate) fn nonce(&self, origin: &Origin) -> Option<Arc<str>> {
        self.nonces().get(origin).cloned()
    }

    /// Whether this origin has handed out a nonce besides `sent`, with which it would refuse again; another request may have
    /// learned it meanwhile.
    pub(crate) fn knows_another(&self, origin: &Origin, sent: Option<&str>) -> bool {
        self.nonce(origin).is_some_and(|known| Some(&*known) != sent)
    }

    /// Keeps the nonce that an answer from this place carries.
    pub(crate) fn learn(&self, url: &Url, headers: &HeaderMap) {
        self.learn_of(&url.origin(), headers);
    }

    /// As [`Self::learn`]; no nonce, two, or what is none is read over (RFC 9449 §8.1, §8.2).
    pub(crate) fn learn_of(&self, origin: &Origin, headers: &HeaderMap) {
        let mut found = headers.get_all(NONCE).iter();
        let (Some(nonce), None) = (found.next(), found.next()) else { return };
        let Some(nonce) = nonce.to_str().ok().filter(|nonce| is_nonce(nonce)) else { return };
        let mut nonces = self.nonces();
        if let Some(known) = nonces.get_mut(origin) {
            if **known != *nonce {
                *known = nonce.into();
            }
            return;
        }
        if nonces.len() >= MAX_ORIGINS {
            nonces.clear();
        }
        nonces.insert(origin.clone(), nonce.into());
    }

    fn nonces(&self) -> std::sync::MutexGuard<'_, HashMap<Origin, Arc<str>>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9449 §8: who sent no nonce, or an old one, tries once more, though another request was faster to learn the new
    /// one.
    #[test]
    fn a_nonce_that_another_request_learned_is_one() {
        let url = Url::parse("https://id.example/token").unwrap();
        let prover = Prover::new(Algorithm::ES256).unwrap();
        let headers = HeaderMap::from_iter([(NONCE, HeaderValue::from_static("n1"))]);
        assert!(!prover.knows_another(&url.origin(), None));
        prover.learn(&url, &headers);
        prover.learn(&url, &headers);
        assert!(prover.knows_another(&url.origin(), None));
        assert!(prover.knows_another(&url.origin(), Some("n0")));
        assert!(!prover.knows_another(&url.origin(), Some("n1")));
    }
}
