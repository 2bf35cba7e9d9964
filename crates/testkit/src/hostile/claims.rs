//! Claims of RFC 9068 that are missing or of another type.

use countersign_proto::jose::claims::ClaimProblem;
use serde_json::json;

use super::scene::{Scene, claim};

pub(super) fn add(scene: &mut Scene<'_>) {
    for (name, member) in [("sub-missing", "sub"), ("client-id-missing", "client_id"), ("jti-missing", "jti")]
    {
        let token = scene.good().without(member).token();
        scene.add(name, REQUIRED, token, claim(member, ClaimProblem::Missing));
    }
    for (name, member, value) in [
        ("sub-empty", "sub", json!("")),
        ("sub-number", "sub", json!(1)),
        ("sub-null", "sub", json!(null)),
        ("sub-list", "sub", json!(["svc"])),
        ("sub-object", "sub", json!({ "id": "svc" })),
        ("client-id-empty", "client_id", json!("")),
        ("client-id-number", "client_id", json!(1)),
        ("client-id-null", "client_id", json!(null)),
        ("client-id-list", "client_id", json!(["svc"])),
        ("jti-empty", "jti", json!("")),
        ("jti-number", "jti", json!(1)),
        ("jti-null", "jti", json!(null)),
        ("jti-list", "jti", json!(["a"])),
        ("scope-list", "scope", json!(["orders:read"])),
        ("scope-null", "scope", json!(null)),
        ("scope-number", "scope", json!(1)),
        ("scope-object", "scope", json!({ "orders:read": true })),
    ] {
        let token = scene.good().claim(member, value).token();
        scene.add(name, TYPES, token, claim(member, ClaimProblem::NotAString));
    }
    for (name, value) in
        [("cnf-string", json!("jkt")), ("cnf-null", json!(null)), ("cnf-list", json!([{ "jkt": "x" }]))]
    {
        let token = scene.good().claim("cnf", value).token();
        scene.add(name, TYPES, token, claim("cnf", ClaimProblem::NotAnObject));
    }
}

const REQUIRED: &str = "T-9068-02";
const TYPES: &str = "T-9068-02 (types of claims)";
