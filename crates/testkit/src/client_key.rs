//! A client's own key, and the DPoP proofs that it makes, good and bad (RFC 9449).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_proto::time::Clock;
use serde_json::Value;

use crate::clock::TestClock;
use crate::{Draft, keys};

/// A client's key for DPoP.
pub struct TestClientKey {
    key: Arc<SigningKey>,
    clock: Arc<dyn Clock>,
    proofs: AtomicU64,
}

impl TestClientKey {
    /// A new key for this algorithm; its proofs are of [`EPOCH`](crate::clock::EPOCH) until [`Self::clock`] says
    /// otherwise.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self {
            key: keys::make(algorithm, "client"),
            clock: Arc::new(TestClock::default()),
            proofs: AtomicU64::new(1),
        }
    }

    /// Dates its proofs by this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The private key.
    #[must_use]
    pub fn key(&self) -> &Arc<SigningKey> {
        &self.key
    }

    /// The public key with the members that a proof carries, and no others.
    ///
    /// # Panics
    /// When the key cannot be written.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk = serde_json::to_value(self.key.public_jwk()).expect("a public key");
        if let Value::Object(members) = &mut jwk {
            members.retain(|name, _| !matches!(name.as_str(), "kid" | "alg" | "use"));
        }
        jwk
    }

    /// The thumbprint that bound tokens name (RFC 9449 §6.1).
    #[must_use]
    pub fn jkt(&self) -> String {
        self.key.public_jwk().thumbprint()
    }

    /// A proof for one request (RFC 9449 §4.2): `jwk`, `htm`, `htu` as given, `iat` now, a `jti` of its own. Query and
    /// fragment do not belong into `url`. To spend a token it needs [`Draft::ath`] too.
    #[must_use]
    pub fn proof(&self, method: &str, url: &str) -> Draft {
        let jti = format!("proof-{}-{}", &self.jkt()[..8], self.proofs.fetch_add(1, Ordering::Relaxed));
        Draft::new(&self.key, "dpop+jwt")
            .without_header("kid")
            .header("jwk", self.jwk())
            .claim("jti", jti)
            .claim("htm", method)
            .claim("htu", url)
            .claim("iat", self.clock.now().0)
    }
}

#[cfg(test)]
mod tests {
    use countersign_proto::jose::{Jwk, VerifyingKey, jws, verify::verify_signature};

    use super::*;

    #[test]
    fn a_proof_is_signed_by_the_key_that_it_carries() {
        for algorithm in Algorithm::ALL {
            let key = TestClientKey::new(algorithm);
            let proof = key.proof("GET", "https://api.example/orders").ath("token").token();
            let jwk =
                Jwk::parse(key.jwk().to_string().as_bytes()).unwrap().with_algorithm(algorithm).unwrap();
            assert_eq!(jwk.thumbprint(), key.jkt());
            let proof = verify_signature(jws::parse(&proof).unwrap(), &VerifyingKey::from(&jwk)).unwrap();
            let claims: Value = serde_json::from_slice(proof.claims()).unwrap();
            assert_eq!(
                (&claims["htm"], &claims["htu"]),
                (&"GET".into(), &"https://api.example/orders".into())
            );
            assert_eq!(claims["iat"], crate::clock::EPOCH.0);
            assert_eq!(claims["ath"], "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A");
            assert_eq!(proof.header().typ(), Some("dpop+jwt"));
        }
    }

    #[test]
    fn each_proof_has_its_own_name() {
        let key = TestClientKey::new(Algorithm::ES256);
        assert_ne!(key.proof("GET", "u").payload_bytes(), key.proof("GET", "u").payload_bytes());
    }
}
