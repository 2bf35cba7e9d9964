//! Project Wycheproof's JOSE vectors: every invalid one is refused, every valid one of our algorithms accepted.

use countersign_proto::jose::{JwkSet, KeySource, StaticKeys, jws, verify::verify_signature};
use serde_json::{Value, json};

use crate::support::vectors;

/// Valid vectors that we refuse all the same, by file and test number, and why.
const EXCEPTIONS: [(&str, &[u64], &str); 12] = [
    (SIGNATURE, &[1, 348, 352, 357, 358, 359, 376, 377], "HS256: no shared secrets"),
    (SIGNATURE, &[264, 265, 266, 267], "RS384: not one of our algorithms"),
    (SIGNATURE, &[268, 269, 270, 271], "RS512: not one of our algorithms"),
    (SIGNATURE, &[320, 321, 322, 323], "PS384: not one of our algorithms"),
    (SIGNATURE, &[325, 326, 327, 328], "PS512: not one of our algorithms"),
    (SIGNATURE, &[346, 350], "PS384 in the header, under a key for PS256"),
    (SIGNATURE, &[347, 351], "ES512 on P-521: not one of our algorithms"),
    (SIGNATURE, &[372, 373], "HS256, and a question mark within the base64url"),
    (KEY, &[2, 13, 14, 15], "HS256, HS384, HS512: no shared secrets"),
    (CRYPTO, &[1, 48], "HS256: no shared secrets"),
    (CRYPTO, &[50], "JWE: A256KW is not implemented"),
    (CRYPTO, &[67], "JWE: ECDH-ES+A128KW is not implemented"),
];

const SIGNATURE: &str = "json_web_signature_test.json";
const KEY: &str = "json_web_key_test.json";
const CRYPTO: &str = "json_web_crypto_test.json";

/// T-8725-01, T-8725-03, T-8725-04, threats §1 (signatures).
#[test]
fn json_web_signature() {
    run(SIGNATURE, 401);
}

/// T-8725-04, threats §1 (keys: RSA e = 1, 1024 bits, ROCA, wrong curve, use, duplicate kid).
#[test]
fn json_web_key() {
    run(KEY, 26);
}

/// T-8725-03, threats §1 (JWE where a JWS is expected).
#[test]
fn json_web_crypto() {
    run(CRYPTO, 83);
}

fn run(file: &str, expected: usize) {
    let Some(document) = vectors(&format!("wycheproof/{file}")) else { return };
    let excepted: Vec<u64> = EXCEPTIONS
        .iter()
        .filter(|(of, ..)| *of == file)
        .flat_map(|(_, ids, _)| ids.iter().copied())
        .collect();
    let mut seen = 0;
    let mut wrong = Vec::new();
    let mut unused = excepted.clone();
    for group in document["testGroups"].as_array().unwrap() {
        let key = group.get("public").unwrap_or(&group["private"]);
        for test in group["tests"].as_array().unwrap() {
            let id = test["tcId"].as_u64().unwrap();
            let valid = test["result"] == "valid";
            let exception = excepted.contains(&id);
            assert!(valid || !exception, "{file} {id}: only valid vectors can be exceptions");
            if accepts(key, test) != (valid && !exception) {
                wrong.push(format!("{id} {} ({})", test["comment"], test["result"]));
            }
            unused.retain(|other| *other != id);
            seen += 1;
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "{file}");
    assert_eq!(unused, Vec::<u64>::new(), "{file}: exceptions that are not in the file");
    assert_eq!(seen, expected, "{file}");
}

/// The way of every token: read it, choose the key by its kid, check the signature.
fn accepts(key: &Value, test: &Value) -> bool {
    let token = test.get("jws").unwrap_or(&test["jwe"]);
    let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
    let set = if key.get("keys").is_some() { key.clone() } else { json!({ "keys": [key] }) };
    let Ok(set) = JwkSet::parse(set.to_string().as_bytes()) else { return false };
    let Ok(jws) = jws::parse(&token) else { return false };
    let header = jws.header().clone();
    let found = StaticKeys::new("issuer", &set).find("issuer", header.kid(), header.alg());
    found.is_ok_and(|key| verify_signature(jws, &key).is_ok())
}
