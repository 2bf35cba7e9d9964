//! The token chooses its key: by a `kid` that means more than a name, by a key or a URL in its header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_proto::jose::header::HeaderError;
use countersign_proto::jose::json::JsonError;
use countersign_proto::jose::verify::VerifyError;
use serde_json::json;

use super::scene::{Scene, header, header_json, unknown_kid};
use crate::issuer::Document;

pub(super) fn add(scene: &mut Scene<'_>) {
    names(scene);
    keys(scene);
}

fn names(scene: &mut Scene<'_>) {
    let kid = scene.key(countersign_proto::jose::Algorithm::ES256).kid().to_owned();
    let url = scene.other.url(Document::Jwks);
    for (name, kid) in [
        ("kid-path-traversal", "../../../../../../etc/passwd".to_owned()),
        ("kid-sql", "x' UNION SELECT 'secret' --".to_owned()),
        ("kid-command", "key|touch /tmp/owned".to_owned()),
        ("kid-url", url),
        ("kid-line-breaks", format!("{kid}\r\nX-Injected: 1")),
        ("kid-nul", format!("{kid}\0")),
        ("kid-other-case", kid.to_uppercase()),
        ("kid-with-space", format!("{kid} ")),
        ("kid-prefix", kid[..kid.len() - 1].to_owned()),
        ("kid-pattern", "*".to_owned()),
        ("kid-prototype", "__proto__".to_owned()),
        ("kid-unknown", "nobody".to_owned()),
    ] {
        let token = scene.good().header("kid", kid.as_str()).token();
        scene.add(name, KID, token, unknown_kid(&kid));
    }
    let long = scene.good().header("kid", "k".repeat(257)).token();
    scene.add("kid-too-long", KID, long, header(HeaderError::Member("kid")));
    let huge = scene.good().header("kid", "k".repeat(8000)).token();
    scene.add("kid-huge", KID, huge, header_json(JsonError::TooLong(4096)));
    for (name, value) in [
        ("kid-empty", json!("")),
        ("kid-null", json!(null)),
        ("kid-number", json!(1)),
        ("kid-list", json!([kid])),
        ("kid-object", json!({ "kid": kid })),
    ] {
        let token = scene.good().header("kid", value).token();
        scene.add(name, KID, token, header(HeaderError::Member("kid")));
    }
}

/// All of these are signed by a key of the attacker's, which the token brings along or says where to get.
fn keys(scene: &mut Scene<'_>) {
    let attacker = std::sync::Arc::clone(&scene.attacker);
    let jwk = serde_json::to_value(attacker.public_jwk()).expect("a public key");
    let forged = scene.good().signed_by(&attacker);
    let chain = json!([STANDARD.encode(attacker.spki_der().expect("a public key"))]);

    let plain = forged.token();
    scene.add("signed-by-an-attacker", HEADER_KEY, plain, VerifyError::Signature);
    let token = forged.clone().header("jwk", jwk.clone()).token();
    scene.add("jwk-in-the-header", HEADER_KEY, token, VerifyError::Signature);
    let token = forged.clone().header("jwk", jwk.clone()).without_header("kid").token();
    scene.add("jwk-in-the-header-without-kid", HEADER_KEY, token, VerifyError::Signature);
    let token = forged.clone().header("jwk", jwk).header("kid", "attacker").token();
    scene.add("jwk-in-the-header-with-its-kid", HEADER_KEY, token, unknown_kid("attacker"));
    let token = forged.clone().header("x5c", chain).token();
    scene.add("x5c-in-the-header", HEADER_KEY, token, VerifyError::Signature);

    // These lie: whoever follows the URL finds the other issuer's keys, and is seen there.
    let url = scene.other.url(Document::Jwks);
    let theirs = scene.good().signed_by(&scene.other.key(countersign_proto::jose::Algorithm::ES256));
    let token = theirs.clone().header("jku", url.as_str()).token();
    scene.add("jku-in-the-header", HEADER_KEY, token, VerifyError::Signature);
    let token = theirs.clone().header("x5u", url.as_str()).token();
    scene.add("x5u-in-the-header", HEADER_KEY, token, VerifyError::Signature);
    let token = theirs.header("jku", "file:///etc/passwd").token();
    scene.add("jku-of-a-file", HEADER_KEY, token, VerifyError::Signature);
}

const KID: &str = "T-8725-06 (kid)";
const HEADER_KEY: &str = "T-8725-06 (key from the token)";
