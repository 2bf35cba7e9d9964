//! Kinds of tokens keep apart: whatever else the issuer signs is no access token.

use countersign_proto::jose::{Algorithm, Claims, Rules, VerifyError, verify};

use crate::support::{API, ISSUER, NOW, check, claims, forge, key, keys, rules};

/// The `typ`s of the JWTs that an issuer or a client may sign with a key that we trust.
const OTHERS: [&str; 9] = [
    "JWT",
    "logout+jwt",
    "dpop+jwt",
    "client-authentication+jwt",
    "token-introspection+jwt",
    "secevent+jwt",
    "statuslist+jwt",
    "oauth-authz-req+jwt",
    "application/jwt",
];

fn typed(typ: Option<&str>) -> String {
    let typ = typ.map(|typ| format!(r#","typ":"{typ}""#)).unwrap_or_default();
    forge(&format!(r#"{{"alg":"ES256","kid":"ES256"{typ}}}"#), &claims().to_string(), &key(Algorithm::ES256))
}

/// T-9068-04: `at+jwt` in every spelling of the media type.
#[test]
fn an_access_token_is_accepted_in_every_spelling() {
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT", "Application/AT+jwt"] {
        assert!(check(&typed(Some(typ))).is_ok(), "{typ}");
    }
}

/// T-9068-05: ID tokens, logout tokens, DPoP proofs, client assertions, introspection JWTs and SETs are refused, even
/// with every claim right and signed with the right key; a token without `typ` too.
#[test]
fn other_kinds_are_refused_under_the_right_key() {
    for typ in OTHERS {
        assert_eq!(check(&typed(Some(typ))).err(), Some(VerifyError::Type), "{typ}");
    }
    assert_eq!(check(&typed(None)).err(), Some(VerifyError::Type));
}

/// T-8725-07: each kind's rules accept that kind and no other.
#[test]
fn the_matrix_of_kinds() {
    let kinds: Vec<&str> = OTHERS.iter().take(8).copied().chain(["at+jwt"]).collect();
    for expected in &kinds {
        let rules = Rules::new(*expected, ISSUER, API, &Algorithm::ALL);
        for typ in &kinds {
            let verified = verify::<Claims>(&typed(Some(typ)), &keys(), &rules, NOW);
            assert_eq!(verified.is_ok(), typ == expected, "{typ} where {expected} is expected");
        }
    }
}

/// T-9068-05: what other profiles need is opened only by name.
#[test]
fn jwt_and_nothing_are_opened_by_name() {
    let verified = |rules: Rules, typ| verify::<Claims>(&typed(typ), &keys(), &rules, NOW).is_ok();
    assert!(verified(rules().or_type("JWT"), Some("JWT")));
    assert!(!verified(rules().or_type("JWT"), None));
    assert!(verified(rules().danger_or_missing_type(), None));
    assert!(!verified(rules().danger_or_missing_type(), Some("JWT")));
}
