//! Any bytes as a JWK or a JWK Set: reading never panics, and what is read is published and read again the same.
#![no_main]

use countersign_proto::jose::{Jwk, JwkSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|document: &[u8]| {
    // What is published can be longer than what was read (use and alg are added); keep away from the limit.
    if document.len() < 8 * 1024
        && let Ok(jwk) = Jwk::parse(document)
    {
        let published = serde_json::to_vec(&jwk).expect("a key is JSON");
        let again = Jwk::parse(&published).expect("what we publish, we read");
        assert_eq!(again.thumbprint(), jwk.thumbprint());
        assert_eq!(serde_json::to_vec(&again).expect("a key is JSON"), published);
    }
    match JwkSet::parse(document) {
        Ok(set) => assert!(set.keys().len() + set.skipped().len() <= 64),
        Err(error) => assert!(error.to_string().len() < 1000),
    }
});
