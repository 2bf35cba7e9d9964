//! Nonces for DPoP proofs (RFC 9449 §9): unpredictable, and known again without being kept. A nonce is the number of a
//! span of time and a MAC of it under a key of this process, so that what was made for another process, or before a
//! restart, is not taken.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use aws_lc_rs::rand::SystemRandom;
use countersign_proto::jose::base64url;

/// Makes nonces and knows them again.
pub(crate) struct Nonces(Key);

impl Nonces {
    pub(crate) fn new() -> Result<Self, Unspecified> {
        Key::generate(HMAC_SHA256, &SystemRandom::new()).map(Self)
    }

    /// The nonce of this moment; it is taken for 5 to 10 minutes.
    pub(crate) fn issue(&self, now: i64) -> String {
        let span = (now / SPAN).to_be_bytes();
        let tag = sign(&self.0, &span);
        base64url::encode(&[&span[..], tag.as_ref()].concat())
    }

    /// Whether it is a nonce of ours, of this span of time or the one before.
    pub(crate) fn is_current(&self, nonce: &str, now: i64) -> bool {
        let Ok(bytes) = base64url::decode(nonce) else { return false };
        let Some((span, tag)) = bytes.split_first_chunk::<8>() else { return false };
        let age = (now / SPAN).saturating_sub(i64::from_be_bytes(*span));
        (0..=1).contains(&age) && verify(&self.0, span, tag).is_ok()
    }
}

/// In seconds.
const SPAN: i64 = 300;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600;

    /// T-9449-05: taken for a while, from this process alone, and not to be guessed.
    #[test]
    fn a_nonce_lives_for_a_while_and_is_ours() {
        let nonces = Nonces::new().unwrap();
        let nonce = nonces.issue(NOW);
        for later in [0, 1, SPAN] {
            assert!(nonces.is_current(&nonce, NOW + later), "{later}");
        }
        for other in [2 * SPAN, -SPAN] {
            assert!(!nonces.is_current(&nonce, NOW + other), "{other}");
        }
        assert!(!Nonces::new().unwrap().is_current(&nonce, NOW), "of another process");
        for wrong in ["", "AA", &nonce[1..], &nonce.to_lowercase()] {
            assert!(!nonces.is_current(wrong, NOW), "{wrong}");
        }
        let mut bytes = base64url::decode(&nonce).unwrap();
        bytes[7] += 1;
        assert!(!nonces.is_current(&base64url::encode(&bytes), NOW + SPAN), "a span of the caller's choice");
    }
}
