//! Unusual answers that hold a good token all the same.

use super::act::Act;
use super::{GOOD_BODY, Misbehaviour, Must, OK_JSON};

pub(super) fn add(all: &mut Vec<Misbehaviour>) {
    lives(all);
    let must = Must::Take { lives: Some(300) };
    for (name, head) in [
        ("good-with-charset", "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=UTF-8\r\n"),
        ("good-with-type-in-capitals", "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON;charset=utf-8\r\n"),
        ("good-without-a-reason", "HTTP/1.1 200\r\ncontent-type: application/json\r\n"),
        ("good-without-no-store", OK_JSON),
        ("good-with-many-headers", &*format!("{OK_JSON}{}", "x-more: and more\r\n".repeat(60))),
    ] {
        all.push(Misbehaviour::answer(name, "T-6749-17", must, head, GOOD_BODY));
    }
    for (name, body) in [
        ("good-with-lower-case-bearer", GOOD_BODY.replace("Bearer", "bearer")),
        ("good-with-upper-case-bearer", GOOD_BODY.replace("Bearer", "BEARER")),
        (
            "good-with-unknown-members",
            GOOD_BODY.replacen(
                '{',
                r#"{"x":null,"y":[{"z":1.5e3}],"not-before-policy":0,"refresh_token":"r","#,
                1,
            ),
        ),
        ("good-with-white-space", format!("\r\n\t {GOOD_BODY}\n\n")),
        ("good-with-escapes", GOOD_BODY.replace("good-token", r"good\u002dtoken")),
        ("good-with-scope-null", GOOD_BODY.replacen('{', r#"{"scope":null,"#, 1)),
        ("good-with-scope-empty", GOOD_BODY.replacen('{', r#"{"scope":"","#, 1)),
    ] {
        all.push(Misbehaviour::json(name, "T-6749-18", must, &body));
    }
    let old = format!("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{GOOD_BODY}");
    let chunks = format!(
        "{OK_JSON}transfer-encoding: chunked\r\nconnection: close\r\n\r\n1\r\n{{\r\n43;x=y\r\n{}\r\n0\r\nx: y\r\n\r\n",
        &GOOD_BODY[1..]
    );
    let to_the_end = format!("{OK_JSON}connection: close\r\n\r\n{GOOD_BODY}");
    let hints = format!(
        "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n{OK_JSON}connection: close\r\n\r\n{GOOD_BODY}"
    );
    for (name, answer) in [
        ("good-in-http-1-0", old),
        ("good-in-chunks-with-a-trailer", chunks),
        ("good-until-the-connection-ends", to_the_end),
        ("good-after-103", hints),
    ] {
        all.push(Misbehaviour::after_request(name, "RFC 9112", must, [Act::send(&answer)]));
    }
}

/// T-6749-19: a token is a token, whatever is said of its life.
fn lives(all: &mut Vec<Misbehaviour>) {
    for (name, json, lives) in [
        ("expires-in-absent", None, None),
        ("expires-in-null", Some("null"), None),
        ("expires-in-0", Some("0"), Some(0)),
        ("expires-in-1", Some("1"), Some(1)),
        ("expires-in-a-string", Some("\"300\""), Some(300)),
        ("expires-in-words", Some("\"an hour\""), None),
        ("expires-in-an-empty-string", Some("\"\""), None),
        ("expires-in-negative", Some("-1"), None),
        ("expires-in-a-fraction", Some("1.5"), None),
        ("expires-in-an-exponent", Some("3e2"), None),
        ("expires-in-an-array", Some("[300]"), None),
        ("expires-in-true", Some("true"), None),
        ("expires-in-a-century", Some("3153600000"), Some(3_153_600_000)),
        ("expires-in-2-to-the-63", Some("9223372036854775808"), Some(1 << 63)),
        ("expires-in-2-to-the-64", Some("18446744073709551616"), None),
        ("expires-in-more-than-a-number", Some("99999999999999999999999999999999"), None),
        ("expires-in-the-largest-double", Some("1.7976931348623157e308"), None),
    ] {
        let said = json.map(|json| format!(r#","expires_in":{json}"#)).unwrap_or_default();
        let body = format!(r#"{{"access_token":"good-token","token_type":"Bearer"{said}}}"#);
        all.push(Misbehaviour::json(name, "T-6749-19", Must::Take { lives }, &body));
    }
}
