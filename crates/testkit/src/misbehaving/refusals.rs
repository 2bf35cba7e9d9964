//! Refusals: those of OAuth in several hands, and some that are none.

use super::{Misbehaviour, Must};

pub(super) fn add(all: &mut Vec<Misbehaviour>) {
    for (name, status, body, code) in [
        ("400-invalid-scope", BAD, r#"{"error":"invalid_scope"}"#, "invalid_scope"),
        (
            "400-invalid-target",
            BAD,
            r#"{"error":"invalid_target","error_description":"x"}"#,
            "invalid_target",
        ),
        ("400-of-an-extension", BAD, r#"{"error":"urn:example:error"}"#, "urn:example:error"),
        ("400-use-dpop-nonce-without-one", BAD, r#"{"error":"use_dpop_nonce"}"#, "use_dpop_nonce"),
        (
            "400-as-entra",
            BAD,
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x","error_codes":[7000215],"timestamp":"2026-01-01 00:00:00Z","trace_id":"x","correlation_id":"y"}"#,
            "invalid_client",
        ),
        (
            "400-description-with-controls",
            BAD,
            r#"{"error":"invalid_request","error_description":"a\u001b[2J\r\nb\u0000\u202e"}"#,
            "invalid_request",
        ),
        (
            "400-description-no-string",
            BAD,
            r#"{"error":"invalid_request","error_description":{"de":"nein"}}"#,
            "invalid_request",
        ),
        ("400-uri-no-uri", BAD, r#"{"error":"invalid_request","error_uri":7}"#, "invalid_request"),
        ("401-with-basic", BASIC, r#"{"error":"invalid_client"}"#, "invalid_client"),
        ("401-without-www-authenticate", UNAUTHORIZED, r#"{"error":"invalid_client"}"#, "invalid_client"),
        (
            "401-as-keycloak",
            UNAUTHORIZED,
            r#"{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}"#,
            "unauthorized_client",
        ),
        (
            "401-as-auth0",
            UNAUTHORIZED,
            r#"{"error":"access_denied","error_description":"Unauthorized"}"#,
            "access_denied",
        ),
        (
            "403-as-auth0",
            "403 Forbidden",
            r#"{"error":"access_denied","error_description":"Client is not authorized to access \"urn:x\"."}"#,
            "access_denied",
        ),
        (
            "404-as-keycloak",
            "404 Not Found",
            r#"{"error":"Realm does not exist","error_description":"For more on this error consult the server log."}"#,
            "Realm does not exist",
        ),
    ] {
        all.push(answer(name, Must::Refused(code), status, body));
    }
    let long = format!(r#"{{"error":"invalid_request","error_description":"{}"}}"#, "x".repeat(1 << 20));
    for (name, body) in [
        ("400-empty", ""),
        ("400-no-error", "{}"),
        ("400-error-null", r#"{"error":null}"#),
        ("400-error-number", r#"{"error":400}"#),
        ("400-error-empty", r#"{"error":""}"#),
        ("400-error-array", r#"{"error":["invalid_request"]}"#),
        ("400-error-object", r#"{"error":{"code":"invalid_request","status":400}}"#),
        ("400-error-with-controls", r#"{"error":"invalid\u001b[2J\r\n_request"}"#),
        ("400-error-twice", r#"{"error":"invalid_client","error":"invalid_scope"}"#),
        ("400-array", "[]"),
        ("400-around-a-token", super::GOOD_BODY),
        ("400-description-of-1-mib", &*long),
    ] {
        all.push(answer(name, Must::Fail, BAD, body));
    }
    let head = format!("HTTP/1.1 {BAD}\r\ncontent-type: text/html\r\n");
    all.push(Misbehaviour::answer("400-in-html", ID, Must::Fail, &head, "<h1>400 Bad Request</h1>"));
}

fn answer(name: &'static str, must: Must, status: &str, body: &str) -> Misbehaviour {
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n");
    Misbehaviour::answer(name, ID, must, &head, body)
}

const ID: &str = "T-6749-20, T-6749-21";
const BAD: &str = "400 Bad Request";
const UNAUTHORIZED: &str = "401 Unauthorized";
const BASIC: &str = "401 Unauthorized\r\nwww-authenticate: Basic realm=\"token\"";
