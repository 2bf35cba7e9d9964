//! Signatures that are not: damaged, moved, empty, out of range, in another encoding.

use countersign_proto::jose::Algorithm;
use countersign_proto::jose::jws::{JwsError, Part};
use countersign_proto::jose::verify::VerifyError;

use super::integer::{ED25519_ORDER, P256_ORDER, sum};
use super::scene::{Scene, base64url};

pub(super) fn add(scene: &mut Scene<'_>) {
    moved(scene);
    damaged(scene);
    ecdsa(scene);
    ed25519(scene);
    rsa(scene);
}

fn moved(scene: &mut Scene<'_>) {
    let good = scene.good();
    let signature = good.sign(&good.signing_input());
    for (name, draft) in [
        ("scope-widened-after-signing", scene.good().claim("scope", "orders:read orders:admin")),
        ("sub-changed-after-signing", scene.good().claim("sub", "admin")),
        ("exp-changed-after-signing", scene.good().claim("exp", scene.now + 301)),
        ("header-changed-after-signing", scene.good().header("x", 1)),
        ("space-added-after-signing", scene.good().raw_payload([b" ", &good.payload_bytes()[..]].concat())),
    ] {
        scene.add(name, FORGED, draft.signature(&signature[..]).token(), VerifyError::Signature);
    }
    let header = scene.good().sign(&base64url(&good.header_bytes()));
    scene.add("header-alone-signed", FORGED, good.clone().signature(header).token(), VerifyError::Signature);
    let decoded = String::from_utf8_lossy(&good.payload_bytes()).into_owned();
    let token = good.clone().signature(good.sign(&decoded)).token();
    scene.add("payload-alone-signed", FORGED, token, VerifyError::Signature);
}

fn damaged(scene: &mut Scene<'_>) {
    for (name, algorithm, at, bit) in [
        ("es256-first-bit-flipped", Algorithm::ES256, 0, 0x80),
        ("es256-middle-bit-flipped", Algorithm::ES256, 32, 1),
        ("es256-last-bit-flipped", Algorithm::ES256, 63, 1),
        ("es384-last-bit-flipped", Algorithm::ES384, 95, 1),
        ("eddsa-first-bit-flipped", Algorithm::EdDSA, 0, 1),
        ("eddsa-last-bit-flipped", Algorithm::EdDSA, 63, 0x80),
        ("rs256-first-bit-flipped", Algorithm::RS256, 0, 0x80),
        ("rs256-last-bit-flipped", Algorithm::RS256, 255, 1),
        ("ps256-last-bit-flipped", Algorithm::PS256, 255, 1),
    ] {
        signed(scene, name, FORGED, algorithm, |mut signature| {
            signature[at] ^= bit;
            signature
        });
    }
    let good = scene.good().token();
    let token = good[..good.len() - 10].to_owned();
    scene.add("cut-off-by-ten-characters", FORGED, token, VerifyError::Signature);
    let token = good[..good.len() - 1].to_owned();
    let error = VerifyError::Jws(JwsError::Encoding(Part::Signature));
    scene.add("cut-off-by-one-character", FORGED, token, error);
}

fn ecdsa(scene: &mut Scene<'_>) {
    let order = &P256_ORDER;
    let one = {
        let mut one = [0; 32];
        one[31] = 1;
        one
    };
    signed(scene, "es256-r-and-s-zero", PSYCHIC, Algorithm::ES256, |_| vec![0; 64]);
    signed(scene, "es384-r-and-s-zero", PSYCHIC, Algorithm::ES384, |_| vec![0; 96]);
    signed(scene, "es256-r-zero", PSYCHIC, Algorithm::ES256, |s| [&[0; 32], &s[32..]].concat());
    signed(scene, "es256-s-zero", PSYCHIC, Algorithm::ES256, |s| [&s[..32], &[0; 32]].concat());
    signed(scene, "es256-r-and-s-one", PSYCHIC, Algorithm::ES256, |_| [one, one].concat());
    signed(scene, "es256-r-and-s-the-order", PSYCHIC, Algorithm::ES256, |_| [*order, *order].concat());
    signed(scene, "es256-s-the-order", PSYCHIC, Algorithm::ES256, |s| [&s[..32], order].concat());
    signed(scene, "es256-all-ones", PSYCHIC, Algorithm::ES256, |_| vec![0xff; 64]);
    signed(scene, "es256-r-and-s-exchanged", PSYCHIC, Algorithm::ES256, |s| [&s[32..], &s[..32]].concat());
    signed(scene, "es256-in-der", LENGTH, Algorithm::ES256, |s| der(&s[..32], &s[32..]));
    signed(scene, "es384-in-der", LENGTH, Algorithm::ES384, |s| der(&s[..48], &s[48..]));
    signed(scene, "es256-one-byte", LENGTH, Algorithm::ES256, |s| s[..1].to_vec());
    signed(scene, "es256-too-short", LENGTH, Algorithm::ES256, |s| s[..63].to_vec());
    signed(scene, "es256-too-long", LENGTH, Algorithm::ES256, |s| [&s[..], &[0]].concat());
    signed(scene, "es256-numbers-of-33-bytes", LENGTH, Algorithm::ES256, |s| {
        [&[0], &s[..32], &[0], &s[32..]].concat()
    });
    signed(scene, "es256-twice", LENGTH, Algorithm::ES256, |s| [&s[..], &s[..]].concat());
}

fn ed25519(scene: &mut Scene<'_>) {
    let identity = {
        let mut point = [0; 32];
        point[0] = 1;
        point
    };
    signed(scene, "eddsa-s-plus-the-order", MALLEABLE, Algorithm::EdDSA, |s| {
        let number: Vec<u8> = s[32..].iter().rev().copied().collect();
        let mut number = sum(&number, &ED25519_ORDER).expect("both are below 2^253");
        number.reverse();
        [&s[..32], &number].concat()
    });
    signed(scene, "eddsa-zero", MALLEABLE, Algorithm::EdDSA, |_| vec![0; 64]);
    signed(scene, "eddsa-identity-and-zero", MALLEABLE, Algorithm::EdDSA, |_| [identity, [0; 32]].concat());
    signed(scene, "eddsa-small-order-point", MALLEABLE, Algorithm::EdDSA, |s| {
        [&SMALL_ORDER, &s[32..]].concat()
    });
    signed(scene, "eddsa-point-not-reduced", MALLEABLE, Algorithm::EdDSA, |s| {
        [&[0xff; 32], &s[32..]].concat()
    });
    signed(scene, "eddsa-too-short", LENGTH, Algorithm::EdDSA, |s| s[..63].to_vec());
    signed(scene, "eddsa-too-long", LENGTH, Algorithm::EdDSA, |s| [&s[..], &[0]].concat());
}

fn rsa(scene: &mut Scene<'_>) {
    let one = |len: usize| {
        let mut one = vec![0; len];
        one[len - 1] = 1;
        one
    };
    signed(scene, "rs256-zero", RSA, Algorithm::RS256, |s| vec![0; s.len()]);
    signed(scene, "rs256-one", RSA, Algorithm::RS256, |s| one(s.len()));
    signed(scene, "rs256-all-ones", RSA, Algorithm::RS256, |s| vec![0xff; s.len()]);
    signed(scene, "rs256-one-byte", LENGTH, Algorithm::RS256, |_| vec![1]);
    signed(scene, "rs256-with-zero-before", LENGTH, Algorithm::RS256, |s| [&[0], &s[..]].concat());
    signed(scene, "rs256-with-zero-after", LENGTH, Algorithm::RS256, |s| [&s[..], &[0]].concat());
    signed(scene, "rs256-too-short", LENGTH, Algorithm::RS256, |s| s[..s.len() - 1].to_vec());
    signed(scene, "ps256-zero", RSA, Algorithm::PS256, |s| vec![0; s.len()]);
}

/// A good token for this algorithm, its signature changed.
fn signed(
    scene: &mut Scene<'_>,
    name: &'static str,
    id: &'static str,
    algorithm: Algorithm,
    change: impl FnOnce(Vec<u8>) -> Vec<u8>,
) {
    let good = scene.good().key(&scene.key(algorithm));
    let signature = change(good.sign(&good.signing_input()));
    scene.add(name, id, good.signature(signature).token(), VerifyError::Signature);
}

/// SEQUENCE of two INTEGERs, as X.509 has ECDSA signatures and JOSE does not.
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let start = number.iter().position(|byte| *byte != 0).expect("not zero");
        let sign: &[u8] = if number[start] >= 0x80 { &[0] } else { &[] };
        let digits = [sign, &number[start..]].concat();
        [&[2, u8::try_from(digits.len()).expect("a short number")], &digits[..]].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(body.len()).expect("a short signature")], &body[..]].concat()
}

/// A point of order 8 (RFC 7748 §6.1 warns of them).
const SMALL_ORDER: [u8; 32] = [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
    0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];
const FORGED: &str = "T-8725-03 (signature)";
const PSYCHIC: &str = "threats 1 (ECDSA range)";
const LENGTH: &str = "threats 1 (signature encoding)";
const MALLEABLE: &str = "threats 1 (Ed25519 malleability)";
const RSA: &str = "threats 1 (RSA forgery)";
