//! JWK and JWK Set: what is accepted is written again as the same key, public members only, one algorithm each.
#![no_main]

use std::collections::HashSet;

use countersign_proto::jose::{Jwk, JwkSet};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|document: &[u8]| {
    // What we publish can be longer than what was read (`use` and `alg` are added): keep away from the limit.
    if document.len() > 8 * 1024 {
        return;
    }
    if let Ok(key) = Jwk::parse(document) {
        round_trip(&key);
    }
    let set = match JwkSet::parse(document) {
        Ok(set) => set,
        Err(error) => return assert!(error.to_string().len() < 1000, "an error repeats no document"),
    };
    assert!(set.keys().len() + set.skipped().len() <= 64, "the number of keys is capped");
    let mut kids = HashSet::new();
    for key in set.keys() {
        assert!(key.kid().is_none_or(|kid| kids.insert(kid)), "two keys of one kid");
        round_trip(key);
    }
});

fn round_trip(key: &Jwk) {
    let written = serde_json::to_vec(key).expect("a key can be written");
    let shown: Value = serde_json::from_slice(&written).expect("and is JSON");
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        assert!(shown.get(private).is_none(), "the private member {private} is published");
    }
    let again = Jwk::parse(&written).expect("what we publish, we accept");
    assert_eq!(again.algorithm(), key.algorithm());
    assert_eq!(again.kid(), key.kid());
    assert_eq!(again.thumbprint(), key.thumbprint());
    assert_eq!(
        shown.get("kty").and_then(Value::as_str),
        Some(key.kty()),
        "the kind is that of the algorithm"
    );
    assert_eq!(
        shown.get("alg").and_then(Value::as_str),
        Some(key.algorithm().as_str()),
        "the algorithm is named"
    );
    assert_eq!(serde_json::to_vec(&again).expect("it can be written again"), written);
}
