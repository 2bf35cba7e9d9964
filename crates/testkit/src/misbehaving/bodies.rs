//! 200, with a body that is no token response.

use super::act::Act;
use super::{GOOD_BODY, Misbehaviour, Must, OK_JSON};

pub(super) fn add(all: &mut Vec<Misbehaviour>) {
    for (name, kind) in [
        ("good-body-as-html", "content-type: text/html\r\n"),
        ("good-body-as-text", "content-type: text/plain\r\n"),
        ("good-body-as-a-form", "content-type: application/x-www-form-urlencoded\r\n"),
        ("good-body-without-a-type", ""),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{kind}");
        all.push(Misbehaviour::answer(name, KIND, Must::Misconfigured, &head, GOOD_BODY));
    }
    let login = "<!doctype html><title>Sign in</title>";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n";
    all.push(Misbehaviour::answer("page-to-log-in", KIND, Must::Misconfigured, head, login));
    let form = "access_token=good-token&token_type=bearer&expires_in=300";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    all.push(Misbehaviour::answer("token-in-a-form", KIND, Must::Misconfigured, head, form));

    for (name, body) in [
        ("body-empty", String::new()),
        ("body-no-json", "good-token".to_owned()),
        ("body-html-as-json", "<html>".to_owned()),
        ("body-cut", GOOD_BODY[..GOOD_BODY.len() - 1].to_owned()),
        ("body-twice", format!("{GOOD_BODY}{GOOD_BODY}")),
        ("body-with-a-tail", format!("{GOOD_BODY} x")),
        ("body-null", "null".to_owned()),
        ("body-string", "\"good-token\"".to_owned()),
        ("body-array", format!("[{GOOD_BODY}]")),
        ("body-empty-object", "{}".to_owned()),
        ("body-nested-in-another", format!("{{\"data\":{GOOD_BODY}}}")),
        ("body-deep-array", format!("{{\"x\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000))),
        ("body-deep-object", "{\"x\":".repeat(20_000)),
        (
            "body-deep-beside-a-token",
            GOOD_BODY.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(5000), "]".repeat(5000)), 1),
        ),
    ] {
        all.push(Misbehaviour::json(name, BODY, Must::Misconfigured, &body));
    }
    let gzip = format!("{OK_JSON}content-encoding: gzip\r\ncontent-length: {}\r\n\r\n", GZIP.len());
    let script = [Act::send(&gzip), Act::Send(GZIP.to_vec())];
    all.push(Misbehaviour::after_request("body-in-gzip", KIND, Must::Misconfigured, script));
    let latin = [Act::send(&format!("{OK_JSON}content-length: 70\r\n\r\n")), Act::Send(latin_1())];
    all.push(Misbehaviour::after_request("body-not-utf-8", BODY, Must::Misconfigured, latin));
    let huge = format!("{{\"x\":\"{}\",{}", "x".repeat(8 << 20), &GOOD_BODY[1..]);
    all.push(Misbehaviour::json(
        "body-of-8-mib-around-a-token",
        "threats 2: huge answers",
        Must::Fail,
        &huge,
    ));
    // As some servers refuse: the status says that all is well.
    let refused = r#"{"error":"invalid_client","error_description":"no"}"#;
    all.push(Misbehaviour::json("error-with-status-200", "RFC 6749 §5.2", Must::Fail, refused));
    let both = GOOD_BODY.replacen('{', r#"{"error":"invalid_client","#, 1);
    all.push(Misbehaviour::json("error-beside-a-token", "RFC 6749 §5.2", Must::Fail, &both));
}

/// The good body and two bytes more, of which one is no UTF-8.
fn latin_1() -> Vec<u8> {
    let mut bytes = GOOD_BODY.replace("good-token", "good-token!!").into_bytes();
    if let Some(byte) = bytes.iter_mut().find(|byte| **byte == b'!') {
        *byte = 0xe9;
    }
    bytes
}

const KIND: &str = "T-6749-17: the media type";
const BODY: &str = "T-6749-17: the body";
/// `{}` in gzip.
const GZIP: [u8; 22] = [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 171, 174, 5, 0, 67, 191, 166, 163, 2, 0, 0, 0];
