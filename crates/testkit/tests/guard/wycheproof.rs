//! Project Wycheproof's signatures through the public verifier. Its payloads are no access tokens, so each vector comes
//! three times: as it is; its header above good claims with a genuine signature; its signature below good claims.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use countersign_guard::{TrustedIssuer, Verifier};
use countersign_proto::jose::{Algorithm, JwkSet, SigningKey, base64url};
use countersign_testkit::clock::EPOCH;
use countersign_testkit::{Draft, TestClock, TestIssuer};
use serde_json::{Value, json};

const ISSUER: &str = "https://wycheproof.example";

/// Headers that are judged otherwise than their vector, by its number, and why.
const EXCEPTIONS: [(u64, &str); 3] = [
    (32, "a key in the header is not looked at: here the issuer's own signed"),
    (346, "PS384 in the header, under a key for PS256"),
    (350, "PS384 in the header, under a key for PS256"),
];

/// A group of vectors of one key.
struct Group {
    verifier: Verifier,
    /// Its private key, where it is for an algorithm of ours.
    key: Option<Arc<SigningKey>>,
    tests: Vec<Value>,
}

/// T-8725-01, T-8725-03, T-8725-04, threats 1 (signatures): no vector is let in as it is.
#[tokio::test]
async fn no_vector_is_a_token() {
    let mut seen = 0;
    for group in groups() {
        for test in &group.tests {
            let token = test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned);
            let judged = group.verifier.danger_verify_unpresented(&token).await;
            assert!(judged.is_err(), "{test}");
            seen += 1;
        }
    }
    assert!(seen == 0 || seen == 401, "{seen}");
}

/// T-8725-01, T-8725-03, T-8725-04: good claims below the header of a valid vector are let in when the vector's key signed
/// them, and below the header of an invalid one they are not.
#[tokio::test]
async fn headers_decide_as_they_should() {
    let (mut let_in, mut kept_out, mut wrong) = (0, 0, Vec::new());
    for group in groups() {
        let Some(key) = &group.key else { continue };
        let valid = group.tests.iter().filter(|test| test["result"] == "valid");
        let valid: Vec<_> = valid.filter_map(|test| part(test, 0)).collect();
        for test in &group.tests {
            let Some(header) = part(test, 0) else { continue };
            let is_valid = test["result"] == "valid";
            if !is_valid && valid.contains(&header) {
                continue; // something else is wrong with it
            }
            let signing_input =
                format!("{header}.{}", base64url::encode(claims(key).payload_bytes().as_slice()));
            let signature = base64url::encode(&claims(key).sign(&signing_input));
            let judged =
                group.verifier.danger_verify_unpresented(&format!("{signing_input}.{signature}")).await;
            let exception = EXCEPTIONS.iter().any(|(id, _)| test["tcId"] == *id);
            if (judged.is_ok() != is_valid) != exception {
                wrong.push(format!("{} {} {judged:?}", test["tcId"], test["comment"]));
            }
            if is_valid { let_in += 1 } else { kept_out += 1 }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(matches!((let_in, kept_out), (0, 0) | (18, 14)), "{let_in} valid, {kept_out} invalid headers");
}

/// T-8725-04, threats 1 (psychic signatures, encodings): no vector's signature vouches for other claims than its own.
#[tokio::test]
async fn signatures_vouch_for_nothing_else() {
    let mut seen = 0;
    for group in groups() {
        let Some(key) = &group.key else { continue };
        let good = claims(key);
        let judged = group.verifier.danger_verify_unpresented(&good.token()).await;
        assert!(judged.is_ok(), "{judged:?}");
        for test in &group.tests {
            let Some(signature) = part(test, 2) else { continue };
            let token = format!("{}.{signature}", good.signing_input());
            assert!(group.verifier.danger_verify_unpresented(&token).await.is_err(), "{test}");
            seen += 1;
        }
    }
    assert!(seen == 0 || seen >= 250, "{seen}");
}

/// Good claims, to be signed by this key.
fn claims(key: &Arc<SigningKey>) -> Draft {
    Draft::new(key, "JWT")
        .claim("iss", ISSUER)
        .claim("sub", "svc")
        .claim("aud", TestIssuer::AUDIENCE)
        .claim("exp", EPOCH.plus(60).0)
}

/// A part of a vector in the compact serialization.
fn part(test: &Value, at: usize) -> Option<String> {
    let mut parts = test["jws"].as_str()?.split('.');
    parts.nth(at).map(str::to_owned)
}

/// The groups of the file; none when it is not here, unless it is required.
fn groups() -> Vec<Group> {
    let root = std::env::var_os("COUNTERSIGN_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let path = root.join("wycheproof/json_web_signature_test.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        let missing = format!("VECTORS MISSING, NOTHING WAS TESTED: {}", path.display());
        assert!(std::env::var_os("COUNTERSIGN_VECTORS_REQUIRED").is_none(), "{missing}");
        // past the test harness, which shows only what failing tests print
        let mut stderr = std::io::stderr();
        writeln!(stderr, "{missing}; set COUNTERSIGN_VECTORS to the folder that holds them").unwrap();
        return Vec::new();
    };
    let document: Value = serde_json::from_str(&text).unwrap();
    document["testGroups"].as_array().unwrap().iter().map(group).collect()
}

fn group(group: &Value) -> Group {
    let public = group.get("public").unwrap_or(&group["private"]);
    let set = JwkSet::parse(json!({ "keys": [public] }).to_string().as_bytes());
    // shared secrets, which are not even read
    let set = set.unwrap_or_else(|_| std::iter::empty().collect());
    let is_usable = !set.keys().is_empty();
    let trusted = TrustedIssuer::discover(ISSUER, TestIssuer::AUDIENCE).jwks(set).accept_typ_jwt();
    let verifier = Verifier::builder(trusted).clock(Arc::new(TestClock::default())).build().unwrap();
    let key = signing_key(&group["private"]).filter(|_| is_usable);
    Group { verifier, key, tests: group["tests"].as_array().unwrap().clone() }
}

fn signing_key(jwk: &Value) -> Option<Arc<SigningKey>> {
    let algorithm = Algorithm::parse(jwk["alg"].as_str()?)?;
    let of = |name: &str| base64url::decode(jwk[name].as_str().unwrap()).unwrap();
    let der = match algorithm {
        Algorithm::ES256 => {
            let public = [&[4], &*of("x"), &*of("y")].concat();
            let pair = EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &of("d"),
                &public,
            );
            pair.unwrap().to_pkcs8v1().unwrap().as_ref().to_vec()
        }
        Algorithm::RS256 | Algorithm::PS256 => {
            let numbers = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(|name| integer(&of(name)));
            let private = element(0x30, &[integer(&[0]), numbers.concat()].concat());
            let kind = element(0x30, &[element(0x06, RSA_ENCRYPTION), element(0x05, &[])].concat());
            element(0x30, &[integer(&[0]), kind, element(0x04, &private)].concat())
        }
        _ => return None,
    };
    let kid = jwk["kid"].as_str().unwrap_or_default();
    Some(Arc::new(SigningKey::from_pkcs8(algorithm, kid, &der).ok()?))
}

/// An INTEGER of DER (X.690 §8.3): no more zeros in front than its sign needs.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let bytes = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len().saturating_sub(1))..];
    let sign: &[u8] = if bytes[0] >= 0x80 { &[0] } else { &[] };
    element(0x02, &[sign, bytes].concat())
}

fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let length = &length[length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1)..];
    let mut der = vec![tag];
    if contents.len() >= 0x80 {
        der.push(0x80 | u8::try_from(length.len()).unwrap());
    }
    [&der[..], length, contents].concat()
}

/// 1.2.840.113549.1.1.1
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
