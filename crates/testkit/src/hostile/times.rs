//! Expired, not yet valid, or with a date that is none.

use countersign_proto::jose::claims::ClaimProblem;
use countersign_proto::jose::json::JsonError;
use countersign_proto::jose::verify::VerifyError;

use super::scene::{Scene, claim, payload};

pub(super) fn add(scene: &mut Scene<'_>) {
    expired(scene);
    early(scene);
    for (names, member) in [(EXP, "exp"), (NBF, "nbf"), (IAT, "iat")] {
        malformed(scene, &names, member);
    }
    let token = scene.good().without("exp").token();
    scene.add("exp-missing", DATES, token, claim("exp", ClaimProblem::Missing));
    let token = scene.good().without("iat").token();
    scene.add("iat-missing", "T-9068-02", token, claim("iat", ClaimProblem::Missing));
    let token = scene.good().without("exp").claim("expires_in", 300).token();
    scene.add("exp-under-another-name", DATES, token, claim("exp", ClaimProblem::Missing));
}

fn expired(scene: &mut Scene<'_>) {
    for (name, ago) in [
        ("expired-at-the-edge-of-the-leeway", 30),
        ("expired-beyond-the-leeway", 31),
        ("expired-an-hour-ago", 3600),
        ("expired-a-year-ago", 31_536_000),
    ] {
        let token = scene.good().claim("exp", scene.now - ago).token();
        scene.add(name, EXPIRY, token, VerifyError::Expired(ago));
    }
    let token = scene.good().claim("exp", 0).token();
    scene.add("exp-zero", EXPIRY, token, VerifyError::Expired(scene.now));
    // Whoever reads milliseconds here takes it for a date far ahead.
    let token = scene.good().claim_json("exp", &format!("{}.999", scene.now - 3600)).token();
    scene.add("expired-with-a-fraction", EXPIRY, token, VerifyError::Expired(3600));
}

fn early(scene: &mut Scene<'_>) {
    for (name, member, ahead) in [
        ("nbf-beyond-the-leeway", "nbf", 31),
        ("nbf-an-hour-ahead", "nbf", 3600),
        ("iat-beyond-the-leeway", "iat", 31),
        ("iat-an-hour-ahead", "iat", 3600),
    ] {
        let token = scene.good().claim(member, scene.now + ahead).claim("exp", scene.now + 7200).token();
        let error = match member {
            "nbf" => VerifyError::NotYetValid(ahead),
            _ => VerifyError::IssuedInFuture(ahead),
        };
        scene.add(name, EXPIRY, token, error);
    }
}

fn malformed(scene: &mut Scene<'_>, names: &[&'static str; 13], member: &'static str) {
    let good = scene.now + if member == "exp" { 300 } else { 0 };
    let values = [
        format!("\"{good}\""),
        "\"2099-01-01T00:00:00Z\"".to_owned(),
        "null".to_owned(),
        "true".to_owned(),
        format!("[{good}]"),
        format!("{{\"date\":{good}}}"),
        "-1".to_owned(),
        "\"NaN\"".to_owned(),
        "1e300".to_owned(),
        "18446744073709551615".to_owned(),
        // The year 9999 in seconds is the last that we read; milliseconds lie beyond it.
        format!("{good}000"),
    ];
    for (name, value) in names.iter().zip(values) {
        let token = scene.good().claim_json(member, &value).token();
        scene.add(name, DATES, token, claim(member, ClaimProblem::NotADate));
    }
    for (name, value) in names[11..].iter().zip(["1e400", "NaN"]) {
        let token = scene.good().claim_json(member, value).token();
        scene.add(name, DATES, token, payload(JsonError::Syntax));
    }
}

const EXP: [&str; 13] = [
    "exp-in-a-string",
    "exp-in-words",
    "exp-null",
    "exp-true",
    "exp-list",
    "exp-object",
    "exp-negative",
    "exp-nan-in-a-string",
    "exp-1e300",
    "exp-beyond-64-bits-signed",
    "exp-in-milliseconds",
    "exp-1e400",
    "exp-nan",
];
const NBF: [&str; 13] = [
    "nbf-in-a-string",
    "nbf-in-words",
    "nbf-null",
    "nbf-true",
    "nbf-list",
    "nbf-object",
    "nbf-negative",
    "nbf-nan-in-a-string",
    "nbf-1e300",
    "nbf-beyond-64-bits-signed",
    "nbf-in-milliseconds",
    "nbf-1e400",
    "nbf-nan",
];
const IAT: [&str; 13] = [
    "iat-in-a-string",
    "iat-in-words",
    "iat-null",
    "iat-true",
    "iat-list",
    "iat-object",
    "iat-negative",
    "iat-nan-in-a-string",
    "iat-1e300",
    "iat-beyond-64-bits-signed",
    "iat-in-milliseconds",
    "iat-1e400",
    "iat-nan",
];
const EXPIRY: &str = "T-9068-04 (exp, leeway)";
const DATES: &str = "threats 1 (exp, nbf, iat)";
