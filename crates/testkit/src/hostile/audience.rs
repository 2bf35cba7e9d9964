//! Meant for another API, or for whoever reads `aud` loosely.

use countersign_proto::jose::claims::ClaimProblem;
use countersign_proto::jose::verify::VerifyError;
use serde_json::json;

use super::scene::{Scene, claim};
use crate::TestIssuer;

pub(super) fn add(scene: &mut Scene<'_>) {
    let ours = scene.audience.to_owned();
    let token = scene.good().without("aud").token();
    scene.add("aud-missing", AUD, token, claim("aud", ClaimProblem::Missing));
    for (name, value) in [
        ("aud-empty", json!("")),
        ("aud-empty-list", json!([])),
        ("aud-null", json!(null)),
        ("aud-number", json!(1)),
        ("aud-true", json!(true)),
        ("aud-object", json!({ (ours.as_str()): true })),
        ("aud-list-with-number", json!([ours, 1])),
        ("aud-list-with-null", json!([null, ours])),
        ("aud-list-with-empty", json!([ours, ""])),
        ("aud-list-in-list", json!([[ours]])),
    ] {
        let token = scene.good().claim("aud", value).token();
        scene.add(name, AUD, token, claim("aud", ClaimProblem::NotAnAudience));
    }
    let with_slash = ours.strip_suffix('/').map_or_else(|| format!("{ours}/"), str::to_owned);
    for (name, value) in [
        ("aud-of-another-api", json!("https://other.example")),
        ("aud-list-of-others", json!(["https://other.example", "https://third.example"])),
        ("aud-as-prefix", json!(format!("{ours}.evil.example"))),
        ("aud-with-path", json!(format!("{ours}/evil"))),
        ("aud-shortened", json!(ours[..ours.len() - 1])),
        ("aud-one-letter", json!(ours[..1])),
        ("aud-slash-at-the-end", json!(with_slash)),
        ("aud-in-capitals", json!(ours.to_uppercase())),
        ("aud-with-space", json!(format!("{ours} "))),
        ("aud-list-in-a-string", json!(format!("https://other.example {ours}"))),
        ("aud-list-as-json-in-a-string", json!(format!("[\"{ours}\"]"))),
        ("aud-any", json!("*")),
        ("aud-of-the-issuer", json!(scene.issuer.issuer())),
        ("aud-of-the-client", json!(TestIssuer::CLIENT)),
    ] {
        let token = scene.good().claim("aud", value).token();
        scene.add(name, AUD, token, VerifyError::Audience);
    }
}

const AUD: &str = "T-8725-05 (aud)";
