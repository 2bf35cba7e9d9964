//! Tokens that look unusual and are good.

use countersign_proto::jose::Algorithm;
use serde_json::json;

use super::integer::{P256_ORDER, difference};
use super::scene::Scene;
use super::{Accepts, Lenient};
use crate::Draft;

pub(super) fn tokens(scene: &Scene<'_>) -> Vec<Lenient> {
    let mut tokens = Vec::new();
    let mut add = |name, id, accepts, token| tokens.push(Lenient { name, id, token, accepts });
    for (name, id, draft) in
        [algorithms(scene), headers(scene), payloads(scene), times(scene)].into_iter().flatten()
    {
        add(name, id, Accepts::AtJwt, draft.token());
    }
    add("es256-with-high-s", "threats 1 (ECDSA range)", Accepts::AtJwt, high_s(scene));
    for (name, draft) in issuers(scene) {
        add(name, OTHERS, Accepts::Jwt, draft.token());
    }
    let okta = scene.issuer.okta().claim("aud", scene.audience);
    add("okta", OTHERS, Accepts::MissingType, okta.token());
    tokens
}

type Named = (&'static str, &'static str, Draft);

fn algorithms(scene: &Scene<'_>) -> Vec<Named> {
    let of = |algorithm| scene.good().key(&scene.key(algorithm));
    vec![
        ("es256", ALGORITHM, of(Algorithm::ES256)),
        ("es384", ALGORITHM, of(Algorithm::ES384)),
        ("eddsa", ALGORITHM, of(Algorithm::EdDSA)),
        ("eddsa-named-ed25519", ALGORITHM, of(Algorithm::EdDSA).header("alg", "Ed25519")),
        ("rs256", ALGORITHM, of(Algorithm::RS256)),
        ("ps256", ALGORITHM, of(Algorithm::PS256)),
    ]
}

fn headers(scene: &Scene<'_>) -> Vec<Named> {
    let good = || scene.good();
    let spaced = String::from_utf8_lossy(&good().header_bytes()).replace(':', " : ").replace(',', " ,\n\t");
    let escaped = String::from_utf8_lossy(&good().header_bytes()).replace("alg", r"\u0061lg");
    vec![
        ("typ-in-capitals", TYP, good().header("typ", "AT+JWT")),
        ("typ-with-application", TYP, good().header("typ", "application/at+jwt")),
        ("typ-with-application-in-mixed-case", TYP, good().header("typ", "Application/At+JWT")),
        ("kid-missing-where-one-key-fits", "T-8725-06 (kid)", good().without_header("kid")),
        (
            "unknown-header-members",
            "T-8725-06",
            good().header("x5t", "abc").header("foo", json!({ "a": [1] })),
        ),
        ("jku-ignored", "T-8725-06", good().header("jku", "https://evil.example/jwks")),
        ("header-with-white-space", JSON, good().raw_header(spaced)),
        ("header-with-escapes", JSON, good().raw_header(escaped)),
    ]
}

fn payloads(scene: &Scene<'_>) -> Vec<Named> {
    let good = || scene.good();
    let ours = scene.audience;
    let spaced = String::from_utf8_lossy(&good().payload_bytes())
        .replace(r#"":"#, r#"" : "#)
        .replace(",\"", " ,\r\n\t\"");
    let escaped = String::from_utf8_lossy(&good().payload_bytes())
        .replace("\"iss\"", r#""\u0069ss""#)
        .replace('/', r"\/");
    let deep = format!("{}{}", "[".repeat(15), "]".repeat(15));
    vec![
        ("aud-list-of-one", AUD, good().claim("aud", json!([ours]))),
        ("aud-list-with-others", AUD, good().claim("aud", json!(["https://other.example", ours, "account"]))),
        ("aud-list-with-ours-twice", AUD, good().claim("aud", json!([ours, ours]))),
        ("scope-missing", "T-9068-03", good().without("scope")),
        ("scope-empty", "T-9068-03", good().claim("scope", "")),
        ("sub-other-than-client-id", "T-9068-02", good().claim("sub", "user-1")),
        ("extra-claims", JSON, good().claim("tenant", json!({ "id": 7 })).claim("roles", json!(["a"]))),
        ("claims-outside-ascii", JSON, good().claim("name", "Zürich 東京 🦀")),
        ("claims-ten-kilobytes", JSON, good().claim("filler", "x".repeat(10_000))),
        ("claims-fifteen-levels-deep", JSON, good().claim_json("deep", &deep)),
        ("payload-with-white-space", JSON, good().raw_payload(spaced)),
        ("payload-with-escapes", JSON, good().raw_payload(escaped)),
    ]
}

fn times(scene: &Scene<'_>) -> Vec<Named> {
    let (good, now) = (|| scene.good(), scene.now);
    vec![
        ("iat-with-fraction", DATES, good().claim_json("iat", &format!("{now}.25"))),
        ("exp-with-fraction", DATES, good().claim_json("exp", &format!("{}.5", now + 300))),
        ("exp-with-exponent", DATES, good().claim_json("exp", &format!("{}e1", (now + 300) / 10))),
        ("exp-in-the-year-9999", DATES, good().claim("exp", 253_402_300_799_i64)),
        ("expired-within-the-leeway", LEEWAY, good().claim("exp", now - 29)),
        ("nbf-now", LEEWAY, good().claim("nbf", now)),
        ("nbf-within-the-leeway", LEEWAY, good().claim("nbf", now + 30)),
        ("iat-within-the-leeway", LEEWAY, good().claim("iat", now + 30)),
        ("iat-long-ago", DATES, good().claim("iat", 0)),
    ]
}

fn issuers(scene: &Scene<'_>) -> Vec<(&'static str, Draft)> {
    let (issuer, ours) = (scene.issuer, scene.audience);
    vec![
        ("keycloak", issuer.keycloak().claim("aud", ours)),
        (
            "keycloak-before-23",
            issuer.keycloak().claim("aud", ours).without("client_id").claim("clientId", "svc"),
        ),
        ("keycloak-with-other-audiences", issuer.keycloak().claim("aud", json!([ours, "account"]))),
        ("auth0", issuer.auth0().claim("aud", ours)),
        (
            "auth0-with-userinfo",
            issuer.auth0().claim("aud", json!([ours, "https://tenant.example/userinfo"])),
        ),
        ("entra", issuer.entra().claim("aud", ours)),
        (
            "entra-version-1",
            issuer.entra().claim("aud", ours).claim("ver", "1.0").without("azp").claim("appid", "6731de76"),
        ),
        ("typ-jwt-in-lower-case", issuer.auth0().claim("aud", ours).header("typ", "jwt")),
    ]
}

/// ECDSA signatures come in pairs; JOSE does not say that only the lower one counts (RFC 7518 §3.4).
fn high_s(scene: &Scene<'_>) -> String {
    let good = scene.good();
    let signature = good.sign(&good.signing_input());
    let (r, s) = signature.split_at(32);
    let twin = difference(&P256_ORDER, s);
    good.signature([r, s.max(&twin)].concat()).token()
}

const ALGORITHM: &str = "T-8725-01";
const TYP: &str = "T-9068-04 (typ)";
const AUD: &str = "T-9068-04 (aud)";
const LEEWAY: &str = "T-9068-04 (leeway)";
const DATES: &str = "threats 1 (exp, nbf, iat)";
const JSON: &str = "T-8725-05 (JSON)";
const OTHERS: &str = "tokens of other issuers";
