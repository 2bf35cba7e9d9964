//! The header's `alg` says what the key does not: none, unknown, another one.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA512, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair};
use countersign_proto::jose::header::HeaderError;
use countersign_proto::jose::jws::JwsError;
use countersign_proto::jose::verify::VerifyError;
use countersign_proto::jose::{Algorithm, SigningKey};

use super::scene::{Scene, header, key_is_for};
use crate::keys::retrained;

pub(super) fn add(scene: &mut Scene<'_>) {
    none(scene);
    malformed(scene);
    another(scene);
    other_hash(scene);
}

fn none(scene: &mut Scene<'_>) {
    let unsigned = scene.good().header("alg", "none").signature("");
    scene.add("alg-none", NONE, unsigned.token(), VerifyError::Jws(JwsError::NoSignature));
    let two_parts = unsigned.signing_input();
    scene.add("alg-none-in-two-parts", NONE, two_parts, VerifyError::Jws(JwsError::Parts));
    for (name, alg) in [
        ("alg-none-signed", "none"),
        ("alg-none-capital", "None"),
        ("alg-none-capitals", "NONE"),
        ("alg-none-mixed-case", "nOnE"),
    ] {
        let token = scene.good().header("alg", alg).token();
        scene.add(name, NONE, token, header(HeaderError::Unsigned));
    }
    let nameless = scene.good().header("alg", "none").without_header("kid").signature("").token();
    scene.add("alg-none-without-kid", NONE, nameless, VerifyError::Jws(JwsError::NoSignature));
}

fn malformed(scene: &mut Scene<'_>) {
    let missing = scene.good().without_header("alg").token();
    scene.add("alg-missing", ALGORITHM, missing, header(HeaderError::Member("alg")));
    for (name, json) in [
        ("alg-empty", "\"\""),
        ("alg-null", "null"),
        ("alg-number", "256"),
        ("alg-list", "[\"ES256\"]"),
        ("alg-object", "{\"name\":\"ES256\"}"),
    ] {
        let token = scene.good().header_json("alg", json).token();
        scene.add(name, ALGORITHM, token, header(HeaderError::Member("alg")));
    }
    for (name, alg) in [
        ("alg-lower-case", "es256"),
        ("alg-with-space", "ES256 "),
        ("alg-of-another-curve", "ES256K"),
        ("alg-unknown", "XY256"),
    ] {
        let token = scene.good().header("alg", alg).token();
        scene.add(name, ALGORITHM, token, header(HeaderError::UnknownAlgorithm));
    }
}

/// Each key is for one algorithm (RFC 8725 §3.1), even where the signature under another would be genuine.
fn another(scene: &mut Scene<'_>) {
    for (name, of, to) in [
        ("rs256-by-the-key-for-ps256", Algorithm::PS256, Algorithm::RS256),
        ("ps256-by-the-key-for-rs256", Algorithm::RS256, Algorithm::PS256),
    ] {
        let token = scene.good().key(&retrained(&scene.key(of), to)).token();
        scene.add(name, ONE_ALGORITHM, token, key_is_for(of));
    }
    for (name, of, says) in [
        ("alg-rs256-named-for-es256-key", Algorithm::ES256, "RS256"),
        ("alg-es384-named-for-es256-key", Algorithm::ES256, "ES384"),
        ("alg-eddsa-named-for-es256-key", Algorithm::ES256, "EdDSA"),
        ("alg-es256-named-for-rs256-key", Algorithm::RS256, "ES256"),
        ("alg-es256-named-for-eddsa-key", Algorithm::EdDSA, "ES256"),
    ] {
        let token = scene.good().key(&scene.key(of)).header("alg", says).token();
        scene.add(name, ONE_ALGORITHM, token, key_is_for(of));
    }
    let pss = retrained(&scene.key(Algorithm::RS256), Algorithm::PS256);
    let token = scene.good().key(&scene.key(Algorithm::RS256)).signed_by(&pss).token();
    scene.add("rs256-with-a-pss-signature", ONE_ALGORITHM, token, VerifyError::Signature);
    let pkcs1 = retrained(&scene.key(Algorithm::PS256), Algorithm::RS256);
    let token = scene.good().key(&scene.key(Algorithm::PS256)).signed_by(&pkcs1).token();
    scene.add("ps256-with-a-pkcs1-signature", ONE_ALGORITHM, token, VerifyError::Signature);
}

/// Genuine signatures of the right key with a hash that is not on the list.
fn other_hash(scene: &mut Scene<'_>) {
    let rsa = scene.key(Algorithm::RS256);
    let draft = scene.good().key(&rsa).header("alg", "RS512");
    let signature = sign(&rsa, &RSA_PKCS1_SHA512, &draft.signing_input());
    let token = draft.signature(signature).token();
    scene.add("alg-rs512-not-on-the-list", ALGORITHM, token, header(HeaderError::UnknownAlgorithm));

    let draft = scene.good().key(&rsa);
    let signature = sign(&rsa, &RSA_PKCS1_SHA512, &draft.signing_input());
    scene.add("rs256-over-sha512", ALGORITHM, draft.signature(signature).token(), VerifyError::Signature);

    let pss = scene.key(Algorithm::PS256);
    let draft = scene.good().key(&pss);
    let signature = sign(&pss, &RSA_PSS_SHA512, &draft.signing_input());
    scene.add("ps256-over-sha512", ALGORITHM, draft.signature(signature).token(), VerifyError::Signature);
}

fn sign(key: &SigningKey, padding: &'static dyn RsaEncoding, message: &str) -> Vec<u8> {
    let pair = RsaKeyPair::from_pkcs8(&key.to_pkcs8().expect("a key of tests")).expect("an RSA key");
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(padding, &SystemRandom::new(), message.as_bytes(), &mut signature).expect("a signature");
    signature
}

const NONE: &str = "threats 1 (alg none)";
const ALGORITHM: &str = "T-8725-01";
const ONE_ALGORITHM: &str = "T-8725-01 (one key, one algorithm)";
