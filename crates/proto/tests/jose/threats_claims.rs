//! Known failures of others in checking claims, each a test of ours.

use countersign_proto::jose::{
    Claims, VerifyError,
    claims::{ClaimProblem, ClaimsError},
    json::JsonError,
    keys::KeyError,
    verify,
};
use serde_json::{Value, json};

use crate::support::{API, ISSUER, NOW, check, claim_error, claims_with, keys, refused, rules, token};

/// CVE-2026-25537: a date of another type refuses the token, it never counts as absent.
#[test]
fn dates_of_other_types() {
    for claim in ["exp", "nbf", "iat"] {
        for value in [
            json!("1800000300"),
            json!(-1),
            json!(-1.5),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(1e300),
            json!([NOW]),
            json!({}),
            json!(true),
            json!("NaN"),
        ] {
            let error = refused(&token(&claims_with(claim, value.clone())));
            assert_eq!(error, claim_error(claim, ClaimProblem::NotADate), "{claim} {value}");
        }
        let raw = |value: &str| {
            let members = claims_with(claim, json!("HERE")).replace("\"HERE\"", value);
            refused(&token(&members))
        };
        assert_eq!(raw("null"), claim_error(claim, ClaimProblem::NotADate));
        for value in ["1e400", "NaN", "Infinity"] {
            assert_eq!(
                raw(value),
                VerifyError::Claims(ClaimsError::Json(JsonError::Syntax)),
                "{claim} {value}"
            );
        }
    }
}

/// T-9068-04: exp, nbf and iat with their leeway, to the second.
#[test]
fn times_to_the_second() {
    let at = |claim: &str, seconds: i64| check(&token(&claims_with(claim, json!(NOW + seconds)))).err();
    assert_eq!(at("exp", 0), None);
    assert_eq!(at("exp", -29), None);
    assert_eq!(at("exp", -30), Some(VerifyError::Expired(30)));
    assert_eq!(at("exp", -300), Some(VerifyError::Expired(300)));
    assert_eq!(at("nbf", 30), None);
    assert_eq!(at("nbf", 31), Some(VerifyError::NotYetValid(31)));
    assert_eq!(at("iat", 30), None);
    assert_eq!(at("iat", 31), Some(VerifyError::IssuedInFuture(31)));
    let exact = rules().leeway(0).unwrap();
    let token = token(&claims_with("exp", json!(NOW)));
    let verified = verify::<Claims>(&token, &keys(), &exact, NOW);
    assert_eq!(verified.err(), Some(VerifyError::Expired(0)));
    for now in [i64::MIN, i64::MAX] {
        assert!(verify::<Claims>(&token, &keys(), &exact, now).is_err());
    }
}

/// CVE-2024-53861, CVE-2025-30144: the issuer is one string and exactly ours.
#[test]
fn issuer_prefix_and_array() {
    for iss in [
        "https://issuer.example",
        "https://issuer.example/realms/a/",
        "https://issuer.example/realms/ab",
        "https://issuer.example/realms/A",
        "HTTPS://issuer.example/realms/a",
        "https://issuer.example/realms/a@evil",
        " https://issuer.example/realms/a",
    ] {
        assert_eq!(refused(&token(&claims_with("iss", json!(iss)))), VerifyError::Issuer, "{iss}");
    }
    for iss in [json!([ISSUER]), json!([ISSUER, "x"]), json!(1), json!({}), json!("")] {
        let error = refused(&token(&claims_with("iss", iss)));
        assert_eq!(error, claim_error("iss", ClaimProblem::NotAString));
    }
    assert_eq!(refused(&token(&claims_with("iss", Value::Null))), claim_error("iss", ClaimProblem::Missing));
}

/// T-8725-05: one issuer's key does not vouch for another's token, though both are trusted.
#[test]
fn a_key_belongs_to_its_issuer() {
    let both = rules().or_issuer("https://other.example");
    let token = token(&claims_with("iss", json!("https://other.example")));
    let verified = verify::<Claims>(&token, &keys(), &both, NOW);
    assert_eq!(verified.err(), Some(VerifyError::Key(KeyError::UnknownIssuer)));
}

/// T-8725-05, T-9068-04 (CVE-2020-26160): the audience is there and names us.
#[test]
fn audience() {
    assert!(check(&token(&claims_with("aud", json!(["https://other.example", API])))).is_ok());
    for aud in [
        json!("https://orders.example/"),
        json!("https://orders.exampl"),
        json!(["https://other.example"]),
        json!("https://orders.example https://other.example"),
        json!("HTTPS://orders.example"),
    ] {
        assert_eq!(refused(&token(&claims_with("aud", aud.clone()))), VerifyError::Audience, "{aud}");
    }
    for aud in [json!([]), json!(""), json!([API, 1]), json!([[API]]), json!({"a": API}), json!(true)] {
        let error = refused(&token(&claims_with("aud", aud.clone())));
        assert_eq!(error, claim_error("aud", ClaimProblem::NotAnAudience), "{aud}");
    }
    assert_eq!(refused(&token(&claims_with("aud", Value::Null))), claim_error("aud", ClaimProblem::Missing));
}

/// T-9068-02: an access token without one of its required claims is none.
#[test]
fn required_claims() {
    for claim in ["exp", "sub", "client_id", "iat", "jti"] {
        let error = refused(&token(&claims_with(claim, Value::Null)));
        assert_eq!(error, claim_error(claim, ClaimProblem::Missing));
    }
}
