//! A MAC instead of a signature, keyed with what everybody knows: the public key in each of its spellings, or nothing.

use aws_lc_rs::hmac::{self, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_proto::jose::header::HeaderError;
use countersign_proto::jose::{Algorithm, SigningKey};

use super::scene::{Scene, header};
use crate::Draft;

pub(super) fn add(scene: &mut Scene<'_>) {
    let (rsa, ec, ed) =
        (scene.key(Algorithm::RS256), scene.key(Algorithm::ES256), scene.key(Algorithm::EdDSA));
    for (name, key, secret) in [
        ("hs256-with-rsa-pem", &rsa, pem(&rsa).into_bytes()),
        ("hs256-with-rsa-pem-without-last-newline", &rsa, pem(&rsa).trim_end().as_bytes().to_vec()),
        ("hs256-with-rsa-der", &rsa, der(&rsa)),
        ("hs256-with-rsa-jwk", &rsa, jwk(&rsa)),
        ("hs256-with-ec-pem", &ec, pem(&ec).into_bytes()),
        ("hs256-with-ec-der", &ec, der(&ec)),
        ("hs256-with-ec-jwk", &ec, jwk(&ec)),
        ("hs256-with-ed25519-pem", &ed, pem(&ed).into_bytes()),
        ("hs256-with-ed25519-bytes", &ed, der(&ed).split_off(12)),
        ("hs256-with-empty-secret", &ec, Vec::new()),
        ("hs256-with-weak-secret", &ec, b"secret".to_vec()),
        ("hs256-with-kid-as-secret", &ec, ec.kid().as_bytes().to_vec()),
    ] {
        let token = mac(scene.good().key(key).header("alg", "HS256"), HMAC_SHA256, &secret);
        scene.add(name, CONFUSION, token, header(HeaderError::Symmetric));
    }
    for (name, alg, algorithm) in
        [("hs384-with-rsa-pem", "HS384", HMAC_SHA384), ("hs512-with-rsa-pem", "HS512", HMAC_SHA512)]
    {
        let token = mac(scene.good().key(&rsa).header("alg", alg), algorithm, pem(&rsa).as_bytes());
        scene.add(name, CONFUSION, token, header(HeaderError::Symmetric));
    }
    // The shortest way to an empty secret: the name of a file that holds nothing.
    let draft = scene.good().header("alg", "HS256").header("kid", "../../../../../../dev/null");
    let token = mac(draft, HMAC_SHA256, b"");
    scene.add("hs256-with-kid-of-an-empty-file", CONFUSION, token, header(HeaderError::Symmetric));
}

fn mac(draft: Draft, algorithm: hmac::Algorithm, secret: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(algorithm, secret), draft.signing_input().as_bytes());
    draft.signature(tag.as_ref()).token()
}

fn der(key: &SigningKey) -> Vec<u8> {
    key.spki_der().expect("a public key")
}

fn pem(key: &SigningKey) -> String {
    let text = STANDARD.encode(der(key));
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64")).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn jwk(key: &SigningKey) -> Vec<u8> {
    serde_json::to_vec(key.public_jwk()).expect("a public key")
}

const CONFUSION: &str = "threats 1 (public key as HMAC secret)";
