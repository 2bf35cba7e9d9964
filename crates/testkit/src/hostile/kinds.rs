//! Tokens of another kind in the shape of issuers that write `JWT` on all of theirs: only their claims tell.

use serde_json::json;

use super::scene::Scene;

pub(super) fn add(scene: &mut Scene<'_>) {
    for (name, member, value) in [
        ("id-token-with-nonce", "nonce", json!("n-0S6_WzA2Mj")),
        ("id-token-with-at-hash", "at_hash", json!("4uNJXfQijgJE8VIz2IlKXw")),
        ("nonce-null", "nonce", json!(null)),
        ("logout-token", "events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} })),
        (
            "security-event",
            "events",
            json!({ "https://schemas.openid.net/secevent/risc/event-type/account-disabled": {} }),
        ),
    ] {
        let draft = scene.good_jwt().claim(member, value);
        scene.guard_jwt(name, KIND, &draft, "another kind of token, by its claims");
    }
    let auth0 = scene.issuer.auth0().claim("aud", scene.audience).claim("nonce", "n-0S6_WzA2Mj");
    scene.guard_jwt("id-token-without-claim-typ", KIND, &auth0, "another kind of token, by its claims");
    for (name, value) in [
        ("claim-typ-id", json!("ID")),
        ("claim-typ-refresh", json!("Refresh")),
        ("claim-typ-offline", json!("Offline")),
        ("claim-typ-logout", json!("Logout")),
        ("claim-typ-registration", json!("RegistrationAccessToken")),
        ("claim-typ-empty", json!("")),
        ("claim-typ-null", json!(null)),
        ("claim-typ-list", json!(["Bearer"])),
        ("claim-typ-number", json!(1)),
    ] {
        let draft = scene.good_jwt().claim("typ", value);
        scene.guard_jwt(name, KIND, &draft, "the claim typ says another kind");
    }
}

const KIND: &str = "T-9068-05 (by claims)";
