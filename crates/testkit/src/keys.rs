//! Keys for tests. RSA keys take long to make: those that are given back are used again by this process.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_proto::jose::{Algorithm, SigningKey};

/// A key that nobody else has at the moment.
pub(crate) fn make(algorithm: Algorithm, kid: &str) -> Arc<SigningKey> {
    let free = match algorithm.kty() {
        "RSA" => FREE.lock().unwrap_or_else(PoisonError::into_inner).pop(),
        _ => None,
    };
    Arc::new(match free {
        Some(der) => SigningKey::from_pkcs8(algorithm, kid, &der).expect("our own key"),
        None => SigningKey::generate(algorithm, kid).expect("a new key"),
    })
}

/// Gives a key back that is not needed any more.
pub(crate) fn give_back(key: &SigningKey) {
    if key.algorithm().kty() == "RSA" {
        let der = key.to_pkcs8().expect("a key of tests").to_vec();
        FREE.lock().unwrap_or_else(PoisonError::into_inner).push(der);
    }
}

/// The same private key for another algorithm of its kind, under the same name.
pub(crate) fn retrained(key: &SigningKey, algorithm: Algorithm) -> Arc<SigningKey> {
    let der = key.to_pkcs8().expect("a key of tests");
    Arc::new(SigningKey::from_pkcs8(algorithm, key.kid(), &der).expect("an algorithm of its kind"))
}

static FREE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
