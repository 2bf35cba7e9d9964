//! The examples of RFC 7520 and RFC 8037.

use countersign_proto::jose::{
    Algorithm, EncodedHeader, Jwk, SigningKey, VerifyingKey, base64url, compact,
    header::HeaderError,
    jwk::JwkError,
    jws::{self, JwsError},
    verify::verify_signature,
};
use serde_json::Value;

use crate::support::vectors;

/// RFC 7520 §4.1: RS256 is accepted, with the payload of the example; its JSON forms are not.
#[test]
fn rs256() {
    accepted("jws_4_1.rsa_v15_signature.json");
}

/// RFC 8037 §A.4 and §A.5: Ed25519 is accepted, and we sign the very same token.
#[test]
fn ed25519() {
    let Some(example) = vectors("jose-cookbook/curve25519_jws.json") else { return };
    accepted("curve25519_jws.json");
    // PKCS#8 version 1 of an Ed25519 key is this prefix and the seed (RFC 8410 §7).
    let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
    der.extend(base64url::decode(example["input"]["key"]["d"].as_str().unwrap()).unwrap());
    let key = SigningKey::from_pkcs8(Algorithm::EdDSA, "k", &der).unwrap();
    let payload = example["input"]["payload"].as_str().unwrap();
    let token =
        compact::sign(&EncodedHeader::new(Algorithm::EdDSA, None, None), payload.as_bytes(), &key).unwrap();
    assert_eq!(token, example["output"]["compact"].as_str().unwrap());
}

/// RFC 7520 §4.2 to §4.4: PS384, ES512 and HS256 are not ours.
#[test]
fn other_algorithms() {
    for (file, reason) in [
        ("jws_4_2.rsa-pss_signature.json", HeaderError::UnknownAlgorithm),
        ("jws_4_3.ecdsa_signature.json", HeaderError::UnknownAlgorithm),
        ("jws_4_4.hmac-sha2_integrity_protection.json", HeaderError::Symmetric),
    ] {
        let Some(example) = vectors(&format!("jose-cookbook/{file}")) else { return };
        let token = example["output"]["compact"].as_str().unwrap();
        assert_eq!(jws::parse(token).err(), Some(JwsError::Header(reason)), "{file}");
    }
}

/// RFC 7520 §3.1 and §3.3: P-521 is not ours; the RSA key without `alg` is taken for RS256.
#[test]
fn public_keys() {
    let Some(ec) = vectors("jose-cookbook/jwk_3_1.ec_public_key.json") else { return };
    assert_eq!(Jwk::parse(ec.to_string().as_bytes()).err(), Some(JwkError::Curve));
    let Some(rsa) = vectors("jose-cookbook/jwk_3_3.rsa_public_key.json") else { return };
    assert_eq!(Jwk::parse(rsa.to_string().as_bytes()).unwrap().algorithm(), Algorithm::RS256);
}

fn accepted(file: &str) {
    let Some(example) = vectors(&format!("jose-cookbook/{file}")) else { return };
    let private = &example["input"]["key"];
    assert_eq!(Jwk::parse(private.to_string().as_bytes()).err(), Some(JwkError::Private), "{file}");
    let key = VerifyingKey::from(&Jwk::parse(public(private).to_string().as_bytes()).unwrap());
    let jws = jws::parse(example["output"]["compact"].as_str().unwrap()).unwrap();
    let payload = verify_signature(jws, &key).unwrap().into_claims();
    assert_eq!(payload, example["input"]["payload"].as_str().unwrap().as_bytes(), "{file}");
    for form in ["json", "json_flat"] {
        let token = example["output"][form].to_string();
        assert_eq!(jws::parse(&token).err(), Some(JwsError::JsonSerialization), "{file}");
    }
}

fn public(key: &Value) -> Value {
    let mut key = key.clone();
    key.as_object_mut()
        .unwrap()
        .retain(|name, _| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()));
    key
}
