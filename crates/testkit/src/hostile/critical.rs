//! Headers that change how the rest is read: extensions, unencoded payloads, compression.

use countersign_proto::jose::header::HeaderError;
use countersign_proto::jose::jws::JwsError;
use countersign_proto::jose::verify::VerifyError;
use serde_json::json;

use super::scene::{Scene, base64url, header};

pub(super) fn add(scene: &mut Scene<'_>) {
    for (name, value) in [
        ("crit-unknown-extension", json!(["http://example.com/UNDEFINED"])),
        ("crit-of-exp", json!(["exp"])),
        ("crit-of-alg", json!(["alg"])),
        ("crit-empty", json!([])),
        ("crit-null", json!(null)),
        ("crit-string", json!("exp")),
    ] {
        let draft = scene.good().header("crit", value).header("http://example.com/UNDEFINED", true);
        scene.add(name, CRIT, draft.token(), header(HeaderError::Critical));
    }

    // RFC 7797 §3: with b64 false the payload is signed as it is, not as it is encoded.
    let draft = scene.good().header("crit", json!(["b64"])).header("b64", false);
    let first = base64url(&draft.header_bytes());
    let body = draft.payload_bytes();
    let signature = base64url(&draft.sign(&format!("{first}.{}", String::from_utf8_lossy(&body))));
    let token = format!("{first}.{}.{signature}", base64url(&body));
    scene.add("b64-false-signed-unencoded", B64, token, header(HeaderError::Critical));
    let token = format!("{first}.{}.{signature}", String::from_utf8_lossy(&body));
    scene.add("b64-false-payload-in-the-clear", B64, token, VerifyError::Jws(JwsError::Alphabet));
    let token = format!("{first}..{signature}");
    scene.add("b64-false-detached", B64, token, header(HeaderError::Critical));
    let token = scene.good().header("b64", false).token();
    scene.add("b64-false-without-crit", B64, token, header(HeaderError::Unencoded));
    let token = scene.good().header("b64", true).token();
    scene.add("b64-true", B64, token, header(HeaderError::Unencoded));

    let token = scene.good().header("zip", "DEF").token();
    scene.add("zip-in-the-header", "T-8725-08 (compression)", token, header(HeaderError::Compressed));
    let token = scene.good().header("enc", "A256GCM").token();
    scene.add("enc-in-the-header", "T-8725-03", token, header(HeaderError::Encrypted));
}

const CRIT: &str = "threats 1 (crit)";
const B64: &str = "threats 1 (b64)";
