//! What is no compact JWS in its one spelling: encrypted, in JSON, too long, encoded in another way.

use countersign_proto::jose::jws::{JwsError, MAX_LEN, Part};
use countersign_proto::jose::verify::VerifyError;
use serde_json::json;

use super::scene::{Scene, base64url};
use crate::Draft;

pub(super) fn add(scene: &mut Scene<'_>) {
    encrypted(scene);
    parts(scene);
    characters(scene);
    spellings(scene);
}

fn encrypted(scene: &mut Scene<'_>) {
    let inner = base64url(scene.good().token().as_bytes());
    for (name, header, key) in [
        (
            "jwe-rsa-oaep",
            json!({ "alg": "RSA-OAEP", "enc": "A256GCM", "typ": "at+jwt", "cty": "JWT" }),
            "AAAA",
        ),
        ("jwe-dir", json!({ "alg": "dir", "enc": "A256GCM", "typ": "at+jwt", "cty": "JWT" }), ""),
        ("jwe-empty-encrypted-key", json!({ "alg": "A128KW", "enc": "A128GCM" }), ""),
        (
            "jwe-pbes2-huge-p2c",
            json!({ "alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "c2FsdHNhbHQ", "p2c": 2_147_483_647 }),
            "AAAA",
        ),
        ("jwe-zip-bomb", json!({ "alg": "dir", "enc": "A256GCM", "zip": "DEF" }), ""),
        ("jwe-alg-none", json!({ "alg": "none", "enc": "none", "typ": "at+jwt" }), ""),
    ] {
        let header = base64url(header.to_string().as_bytes());
        let token = format!("{header}.{key}.AAAAAAAAAAAAAAAA.{inner}.AAAAAAAAAAAAAAAAAAAAAA");
        scene.add(name, "T-8725-03", token, VerifyError::Jws(JwsError::Encrypted));
    }
}

fn parts(scene: &mut Scene<'_>) {
    let good = scene.good().token();
    let (rest, signature) = good.rsplit_once('.').expect("three parts");
    let (header, payload) = rest.split_once('.').expect("three parts");
    for (name, token) in [
        ("one-part", payload.to_owned()),
        ("two-parts", rest.to_owned()),
        ("four-parts", format!("{good}.{signature}")),
        ("dot-at-the-end", format!("{good}.")),
        ("dot-at-the-beginning", format!(".{good}")),
        ("only-dots", "..".repeat(4000)),
        ("many-dots", format!("{rest}.{}", "a.".repeat(6000))),
    ] {
        scene.add(name, DOTS, token, VerifyError::Jws(JwsError::Parts));
    }
    let token = format!("{rest}.");
    scene.add("signature-left-out", DOTS, token, VerifyError::Jws(JwsError::NoSignature));
    let token = scene.good().claim("filler", "x".repeat(MAX_LEN)).token();
    scene.add("too-long", DOTS, token, VerifyError::Jws(JwsError::TooLong));
    let token = format!("{rest}.{}", "A".repeat(12_000));
    let error = VerifyError::Jws(JwsError::Encoding(Part::Signature));
    scene.add("signature-of-9000-bytes", DOTS, token, error);

    let flattened = json!({ "protected": header, "payload": payload, "signature": signature });
    let general =
        json!({ "payload": payload, "signatures": [{ "protected": header, "signature": signature }] });
    for (name, token) in [("json-flattened", flattened), ("json-general", general)] {
        scene.add(name, "T-8725-08 (JSON)", token.to_string(), VerifyError::Jws(JwsError::JsonSerialization));
    }
}

fn characters(scene: &mut Scene<'_>) {
    let good = scene.good().token();
    let middle = good.len() / 2;
    let (left, right) = good.split_at(middle);
    for (name, token) in [
        ("space-before", format!(" {good}")),
        ("space-after", format!("{good} ")),
        ("line-break-after", format!("{good}\n")),
        ("space-inside", format!("{left} {right}")),
        ("tab-inside", format!("{left}\t{right}")),
        ("line-break-inside", format!("{left}\r\n{right}")),
        ("nul-after", format!("{good}\0")),
        ("in-quotes", format!("\"{good}\"")),
        ("with-the-scheme-again", format!("Bearer {good}")),
        ("two-tokens-with-comma", format!("{good},{good}")),
        ("dots-percent-encoded", good.replace('.', "%2E")),
        ("full-width-dots", good.replace('.', "\u{ff0e}")),
        ("letter-outside-ascii", format!("{left}é{right}")),
        ("zero-width-space", format!("{good}\u{200b}")),
    ] {
        scene.add(name, "T-8725-08 (alphabet)", token, VerifyError::Jws(JwsError::Alphabet));
    }
}

/// Only the spelling of these is wrong: the signature is genuine over the text as it stands.
fn spellings(scene: &mut Scene<'_>) {
    let foreign = || VerifyError::Jws(JwsError::Alphabet);
    let wrong = |part| VerifyError::Jws(JwsError::Encoding(part));
    let good = scene.good();
    let (input, signature) = cut(&good.token());

    scene.add("signature-padded", SPELLING, format!("{input}.{signature}=="), foreign());
    let token = scene.altered(&with_uneven_parts(scene), |input| format!("{input}=="));
    scene.add("payload-padded", SPELLING, token, foreign());
    let token = scene.altered(&with_uneven_parts(scene), |input| input.replace('.', "==."));
    scene.add("header-padded", SPELLING, token, foreign());

    let token = format!("{input}.{}", next_spelling(&signature));
    scene.add("signature-with-stray-bits", SPELLING, token, wrong(Part::Signature));
    let token = scene.altered(&with_uneven_parts(scene), |input| next_spelling(&input));
    scene.add("payload-with-stray-bits", SPELLING, token, wrong(Part::Payload));
    let token = scene.altered(&with_uneven_parts(scene), |input| {
        let (header, payload) = cut(&input);
        format!("{}.{payload}", next_spelling(&header))
    });
    scene.add("header-with-stray-bits", SPELLING, token, wrong(Part::Header));

    // Two of three signatures have such a character by chance.
    let (input, signature) = std::iter::repeat_with(|| cut(&good.token()))
        .find(|(_, signature)| signature.contains(['-', '_']))
        .expect("one of endlessly many");
    let token = format!("{input}.{}", standard(&signature));
    scene.add("signature-in-standard-base64", SPELLING, token, foreign());
    let token = scene.altered(&good.clone().claim("filler", "~~~???~~~???>>>"), |input| standard(&input));
    scene.add("payload-in-standard-base64", SPELLING, token, foreign());
    let hex: String = good.sign(&input).iter().map(|byte| format!("{byte:02x}")).collect();
    scene.add("signature-in-hexadecimal", SPELLING, format!("{input}.{hex}"), VerifyError::Signature);
}

/// A good token whose header and payload do not fill their last character.
fn with_uneven_parts(scene: &Scene<'_>) -> Draft {
    let fill = |len: usize| "x".repeat((4 - len % 3) % 3);
    let draft = scene.good().header("filler", "").claim("filler", "");
    let (header, payload) = (fill(draft.header_bytes().len()), fill(draft.payload_bytes().len()));
    draft.header("filler", header).claim("filler", payload)
}

/// The signing input and the signature, or header and payload.
fn cut(text: &str) -> (String, String) {
    let (left, right) = text.rsplit_once('.').expect("several parts");
    (left.to_owned(), right.to_owned())
}

/// Another text that decodes to the same bytes, if one does not look at the bits that are left over.
fn next_spelling(text: &str) -> String {
    let (rest, last) = text.split_at(text.len() - 1);
    let at = ALPHABET.find(last).expect("base64url") ^ 1;
    format!("{rest}{}", &ALPHABET[at..=at])
}

fn standard(text: &str) -> String {
    text.replace('-', "+").replace('_', "/")
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DOTS: &str = "threats 1 (oversized and many dots)";
const SPELLING: &str = "threats 1 (base64)";
