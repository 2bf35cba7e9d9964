//! 200 and JSON, with a member that no client may use.

use super::{Misbehaviour, Must};

pub(super) fn add(all: &mut Vec<Misbehaviour>) {
    for (name, token) in [
        ("access-token-missing", None),
        ("access-token-null", Some("null")),
        ("access-token-number", Some("12345")),
        ("access-token-true", Some("true")),
        ("access-token-array", Some(r#"["good-token"]"#)),
        ("access-token-object", Some(r#"{"value":"good-token"}"#)),
        ("access-token-empty", Some("\"\"")),
        ("access-token-with-cr-lf", Some(r#""good-token\r\nx-admin: 1""#)),
        ("access-token-with-lf", Some(r#""good\ntoken""#)),
        ("access-token-with-nul", Some(r#""good\u0000token""#)),
        ("access-token-with-escape", Some(r#""\u001b[2Jgood-token""#)),
        ("access-token-not-ascii", Some("\"gööd-token\"")),
        ("access-token-with-a-lone-surrogate", Some(r#""good\ud800""#)),
    ] {
        let body = match token {
            Some(token) => format!(r#"{{"access_token":{token},"token_type":"Bearer","expires_in":300}}"#),
            None => r#"{"token_type":"Bearer","expires_in":300}"#.to_owned(),
        };
        all.push(Misbehaviour::json(name, "RFC 6749 appendix A.12", Must::Misconfigured, &body));
    }
    for (name, kind) in [
        ("token-type-missing", None),
        ("token-type-null", Some("null")),
        ("token-type-number", Some("1")),
        ("token-type-empty", Some("\"\"")),
        ("token-type-mac", Some("\"mac\"")),
        ("token-type-unknown", Some("\"N_A\"")),
        ("token-type-two", Some("\"Bearer DPoP\"")),
    ] {
        let kind = kind.map(|kind| format!(r#","token_type":{kind}"#)).unwrap_or_default();
        let body = format!(r#"{{"access_token":"good-token"{kind},"expires_in":300}}"#);
        all.push(Misbehaviour::json(name, "T-6749-18", Must::Fail, &body));
    }
    for (name, body) in [
        (
            "access-token-twice",
            r#"{"access_token":"other-token","access_token":"good-token","token_type":"Bearer"}"#,
        ),
        ("token-type-twice", r#"{"access_token":"good-token","token_type":"mac","token_type":"Bearer"}"#),
        (
            "expires-in-twice",
            r#"{"access_token":"good-token","token_type":"Bearer","expires_in":1,"expires_in":300}"#,
        ),
    ] {
        all.push(Misbehaviour::json(name, "T-6749-06: duplicate members", Must::Fail, body));
    }
}
