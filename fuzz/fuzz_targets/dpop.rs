//! DPoP proofs, in two ways. As claims under a key that we have: what passes says exactly what was demanded. As a whole
//! proof: never a panic, and never a proof under a key that no input has seen. And target URIs: one normal form each.
#![no_main]

use std::sync::LazyLock;

use countersign_proto::jose::dpop::{
    BoundToken, DEFAULT_FUTURE, DEFAULT_PAST, Expected, Htu, MAX_HTU, NewProof, ProofKey, access_token_hash,
    verify_proof,
};
use countersign_proto::jose::{Algorithm, Jwk, KeyThumbprint, SigningKey, base64url};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const NOW: i64 = 1_800_000_000;
const URI: &str = "https://api.example/orders";
const TOKEN: &str = "token";

/// The key that signs what the fuzzer claims; Ed25519, whose signatures are quick and always the same.
static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::EdDSA, "fuzz").expect("a key can be made"));
/// The key that the token is bound to when whole proofs are tried: nothing found may pass for one of its.
static UNSEEN: LazyLock<ProofKey> = LazyLock::new(|| {
    ProofKey::new(SigningKey::generate(Algorithm::ES256, "unseen").expect("a key can be made"))
});
static TARGETS: LazyLock<[Htu; 1]> = LazyLock::new(|| [Htu::parse(URI).expect("a target")]);

fuzz_target!(|input: &[u8]| {
    let Some((way, rest)) = input.split_first() else { return };
    match way % 3 {
        0 => claims(rest),
        1 => whole(rest),
        _ => target(rest),
    }
});

fn claims(payload: &[u8]) {
    let proof = signed(payload);
    let jkt = KeyThumbprint::of(KEY.public_jwk());
    let token = BoundToken { access_token: TOKEN, jkt: &jkt };
    let proof = match verify_proof(&proof, &Expected::at_resource("GET", &*TARGETS, token, NOW)) {
        Ok(proof) => proof,
        Err(error) => return assert!(error.to_string().len() < 1000, "an error repeats no proof"),
    };
    let claims: Value = serde_json::from_slice(payload).expect("accepted claims are JSON to others too");
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    assert_eq!(text("htm"), Some("GET"));
    assert_eq!(text("jti"), Some(proof.jti()));
    assert_eq!(text("nonce"), proof.nonce());
    assert_eq!(text("ath").map(str::to_owned), Some(access_token_hash(TOKEN)));
    assert_eq!(text("htu").map(Htu::parse), Some(Ok(TARGETS[0].clone())));
    assert!((1..=256).contains(&proof.jti().len()));
    assert!((NOW - i64::from(DEFAULT_PAST)..=NOW + i64::from(DEFAULT_FUTURE)).contains(&proof.iat()));
    assert!(claims.get("exp").is_none_or(|exp| exp.as_f64().is_some_and(|exp| exp > NOW as f64)));
    assert_eq!(proof.usable_until(), proof.iat() + i64::from(DEFAULT_PAST));
    assert_eq!(*proof.thumbprint(), jkt);
}

/// A proof with these bytes as its claims.
fn signed(payload: &[u8]) -> String {
    static HEADER: LazyLock<String> = LazyLock::new(|| {
        let mut jwk = serde_json::to_value(KEY.public_jwk()).expect("a key can be written");
        jwk.as_object_mut().expect("a key is an object").remove("kid");
        base64url::encode(format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{jwk}}}"#).as_bytes())
    });
    let input = format!("{}.{}", *HEADER, base64url::encode(payload));
    let mut signature = Vec::new();
    KEY.sign(input.as_bytes(), &mut signature).expect("a key signs");
    format!("{input}.{}", base64url::encode(&signature))
}

fn whole(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let jkt = UNSEEN.thumbprint();
    let token = BoundToken { access_token: TOKEN, jkt: &jkt };
    let expected = Expected::at_resource("GET", &*TARGETS, token, NOW).algorithms(&Algorithm::ALL);
    assert!(verify_proof(text, &expected).is_err(), "a forgery");

    // Where no token is bound yet, any key will do, but not a private one, and none that we would not publish.
    let expected = Expected::at_token_endpoint("GET", &*TARGETS, NOW).algorithms(&Algorithm::ALL);
    let Ok(proof) = verify_proof(text, &expected) else { return };
    let header = base64url::decode(text.split('.').next().unwrap_or_default()).expect("it was decoded");
    let header: Value = serde_json::from_slice(&header).expect("the header is JSON to others too");
    let jwk = serde_json::to_vec(&header["jwk"]).expect("it can be written");
    let jwk = Jwk::parse(&jwk).expect("its key is one that we read");
    assert_eq!(proof.thumbprint().to_string(), jwk.thumbprint());
}

fn target(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(htu) = Htu::parse(text) else { return };
    assert!(text.len() <= MAX_HTU, "the target is capped");
    let normal = htu.as_str();
    // An IPv6 address can be longer in its normal form.
    if normal.len() <= MAX_HTU {
        assert_eq!(Htu::parse(normal).as_ref(), Ok(&htu), "the normal form is its own");
    }
    assert!(!normal.contains(['?', '#']), "a query or a fragment is left");
    let (_, rest) = normal.split_once("://").expect("it is absolute");
    let (authority, path) = rest.split_at(rest.find('/').expect("it has a path"));
    assert!(!authority.is_empty() && !authority.contains('@'));
    assert!(path.split('/').all(|segment| segment != "." && segment != ".."), "a dot segment is left");
    assert!(!normal.contains("%7E") && !normal.contains("%2e") && !normal.contains("%2E"));
    if text.len() > 2048 {
        return;
    }
    // What we send, we accept: a client that names the target in its own spelling reaches this one.
    let new = NewProof { method: "GET", htu: text, iat: NOW, jti: "1", access_token: None, nonce: None };
    let proof = UNSEEN.sign(&new).expect("a key signs");
    let targets = [htu];
    assert!(verify_proof(&proof, &Expected::at_token_endpoint("GET", &targets, NOW)).is_ok());
}
