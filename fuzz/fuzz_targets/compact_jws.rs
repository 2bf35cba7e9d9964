//! The compact JWS: what is accepted has one spelling, no header that we refuse, and never a signature of ours.
#![no_main]

use std::sync::LazyLock;

use countersign_proto::jose::{Algorithm, Claims, SigningKey, VerifyingKey, base64url, jws, verify};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// A key that no input has seen: nothing found here may verify under it.
static KEY: LazyLock<VerifyingKey> = LazyLock::new(|| {
    let key = SigningKey::generate(Algorithm::ES256, "fuzz").expect("a key can be made");
    VerifyingKey::from(key.public_jwk())
});

fuzz_target!(|input: &[u8]| {
    let Ok(token) = std::str::from_utf8(input) else { return };
    let jws = match jws::parse(token) {
        Ok(jws) => jws,
        Err(error) => return assert!(error.to_string().len() < 1000, "an error repeats no token"),
    };
    assert!(token.len() <= jws::MAX_LEN, "the token is capped");

    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("accepted with {} parts", parts.len()) };
    for part in [header, payload, signature] {
        let bytes = base64url::decode(part).expect("every part of an accepted token is base64url");
        assert_eq!(base64url::encode(&bytes), part, "one spelling per part");
    }
    assert_eq!(base64url::encode(jws.payload()), payload);
    assert!(!signature.is_empty(), "an unsigned token is no token");

    let header = base64url::decode(header).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).expect("the header is JSON to others too");
    for refused in ["crit", "b64", "enc", "zip"] {
        assert!(header.get(refused).is_none(), "accepted with {refused}");
    }
    let named = header.get("alg").and_then(Value::as_str).expect("alg is a string");
    assert_eq!(Algorithm::parse(named), Some(jws.header().alg()));
    assert_eq!(header.get("kid").and_then(Value::as_str), jws.header().kid());
    assert_eq!(header.get("typ").and_then(Value::as_str), jws.header().typ());

    match Claims::parse(jws.payload()) {
        Err(error) => assert!(error.to_string().len() < 1000, "an error repeats no payload"),
        Ok(_) => same_to_others(jws.payload()),
    }
    assert!(verify::verify_signature(jws, &KEY).is_err(), "a forgery");
});

/// Accepted claims are an object to other readers too, and their dates are numbers.
fn same_to_others(payload: &[u8]) {
    let claims: Value = serde_json::from_slice(payload).expect("accepted claims are JSON to others too");
    assert!(claims.is_object());
    for number in ["exp", "nbf", "iat"] {
        assert!(claims.get(number).is_none_or(Value::is_number), "{number} is a number");
    }
}
