//! Bound tokens, to be presented as `Bearer` by who does not hold what they are bound to.

use serde_json::json;

use super::scene::{Scene, base64url};

pub(super) fn add(scene: &mut Scene<'_>) {
    let thumbprint = scene.attacker.public_jwk().thumbprint();
    let certificate = base64url(&[7; 32]);
    let jwk = serde_json::to_value(scene.attacker.public_jwk()).expect("a public key");
    for (name, id, cnf) in [
        ("bound-by-dpop-as-bearer", "T-9449-04", json!({ "jkt": thumbprint })),
        ("bound-by-certificate-as-bearer", "T-8705-04", json!({ "x5t#S256": certificate })),
        ("bound-by-both-as-bearer", "T-9449-04", json!({ "jkt": thumbprint, "x5t#S256": certificate })),
        ("bound-by-dpop-and-unknown", CNF, json!({ "jkt": thumbprint, "kid": "x" })),
        ("bound-by-kid", CNF, json!({ "kid": "x" })),
        ("bound-by-jwk", CNF, json!({ "jwk": jwk })),
        ("bound-by-unknown", CNF, json!({ "future": "x" })),
        ("bound-by-nothing", CNF, json!({})),
        ("bound-jkt-number", CNF, json!({ "jkt": 1 })),
        ("bound-jkt-null", CNF, json!({ "jkt": null })),
        ("bound-jkt-empty", CNF, json!({ "jkt": "" })),
    ] {
        let draft = scene.good().claim("cnf", cnf);
        scene.guard(name, id, &draft, "bound, and its binding is not proven");
    }
}

const CNF: &str = "T-9449-04, T-8705-04 (cnf)";
