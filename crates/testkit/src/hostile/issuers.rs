//! The wrong issuer: another one's key or token, or an `iss` that merely looks like ours.

use countersign_proto::jose::Algorithm;
use countersign_proto::jose::claims::ClaimProblem;
use countersign_proto::jose::verify::VerifyError;
use serde_json::json;

use super::scene::{Scene, claim};

pub(super) fn add(scene: &mut Scene<'_>) {
    let (ours, theirs) = (scene.issuer.issuer().to_owned(), scene.other.issuer().to_owned());

    let token = scene.good().key(&scene.other.key(Algorithm::ES256)).token();
    scene.add("iss-ours-key-of-another", OWNER, token, VerifyError::Signature);
    let token = scene.good().claim("iss", theirs.as_str()).token();
    scene.add("iss-of-another-key-ours", OWNER, token, VerifyError::Issuer);
    let token = scene.other.mint().claim("aud", scene.audience).claim("exp", scene.now + 300).token();
    scene.add("token-of-another-issuer", OWNER, token, VerifyError::Issuer);

    let missing = scene.good().without("iss").token();
    scene.add("iss-missing", EXACT, missing, claim("iss", ClaimProblem::Missing));
    for (name, value) in [
        ("iss-empty", json!("")),
        ("iss-null", json!(null)),
        ("iss-number", json!(1)),
        ("iss-list", json!([ours])),
        ("iss-list-of-two", json!([theirs, ours])),
        ("iss-object", json!({ "url": ours })),
    ] {
        let token = scene.good().claim("iss", value).token();
        scene.add(name, EXACT, token, claim("iss", ClaimProblem::NotAString));
    }

    let (scheme, rest) = ours.split_once("://").expect("a URL");
    let with_slash = ours.strip_suffix('/').map_or_else(|| format!("{ours}/"), str::to_owned);
    for (name, iss) in [
        ("iss-slash-at-the-end", with_slash),
        ("iss-scheme-in-capitals", format!("{}://{rest}", scheme.to_uppercase())),
        ("iss-without-scheme", rest.to_owned()),
        ("iss-other-scheme", format!("ftp://{rest}")),
        ("iss-shortened", ours[..ours.len() - 1].to_owned()),
        ("iss-only-the-scheme", format!("{scheme}://")),
        ("iss-as-prefix-of-a-host", format!("{ours}.evil.example")),
        ("iss-as-userinfo", format!("{ours}@evil.example")),
        ("iss-with-userinfo", format!("{scheme}://admin@{rest}")),
        ("iss-as-path-of-another", format!("https://evil.example/{ours}")),
        ("iss-with-path", format!("{ours}/evil")),
        ("iss-with-dot-segments", format!("{ours}/x/..")),
        ("iss-with-query", format!("{ours}?")),
        ("iss-with-fragment", format!("{ours}#")),
        ("iss-with-space", format!("{ours} ")),
        ("iss-with-line-break", format!("{ours}\n")),
        ("iss-with-nul", format!("{ours}\0")),
    ] {
        let token = scene.good().claim("iss", iss).token();
        scene.add(name, EXACT, token, VerifyError::Issuer);
    }
}

const OWNER: &str = "T-8725-05 (the key belongs to iss)";
const EXACT: &str = "T-9068-04 (iss exact)";
