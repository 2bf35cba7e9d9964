//! Header or payload is no strict JSON object: parsers disagree on what it says, or fall over it.

use countersign_proto::jose::json::JsonError;

use super::scene::{Scene, header_json, payload};

pub(super) fn add(scene: &mut Scene<'_>) {
    duplicates(scene);
    depth(scene);
    headers(scene);
    payloads(scene);
}

fn duplicates(scene: &mut Scene<'_>) {
    for (name, member, json) in [
        ("alg-twice", "alg", "\"none\""),
        ("alg-twice-alike", "alg", "\"ES256\""),
        ("kid-twice", "kid", "\"nobody\""),
        ("typ-twice", "typ", "\"JWT\""),
    ] {
        let token = scene.good().again_in_header(member, json).token();
        scene.add(name, DUPLICATE, token, header_json(JsonError::Duplicate(member.to_owned())));
    }
    let text = String::from_utf8_lossy(&scene.good().header_bytes()).replace('}', r#","\u0061lg":"none"}"#);
    let token = scene.good().raw_header(text).token();
    scene.add("alg-twice-once-escaped", DUPLICATE, token, header_json(JsonError::Duplicate("alg".into())));

    for (name, member, json) in [
        ("iss-twice", "iss", "\"https://evil.example\"".to_owned()),
        ("sub-twice", "sub", "\"admin\"".to_owned()),
        ("aud-twice", "aud", "\"https://other.example\"".to_owned()),
        ("exp-twice", "exp", format!("{}", scene.now + 86_400)),
        ("scope-twice", "scope", "\"orders:admin\"".to_owned()),
        ("client-id-twice", "client_id", "\"admin\"".to_owned()),
    ] {
        let token = scene.good().again(member, &json).token();
        scene.add(name, DUPLICATE, token, payload(JsonError::Duplicate(member.to_owned())));
    }
    let token = scene.good().claim_json("act", r#"{"sub":"a","sub":"b"}"#).token();
    scene.add("member-twice-inside-a-claim", DUPLICATE, token, payload(JsonError::Duplicate("sub".into())));
    let token = scene.good().claim_json("list", r#"[{"a":1},{"b":1,"b":2}]"#).token();
    scene.add("member-twice-inside-a-list", DUPLICATE, token, payload(JsonError::Duplicate("b".into())));
}

fn depth(scene: &mut Scene<'_>) {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let token = scene.good().claim_json("deep", &nested(16)).token();
    scene.add("payload-one-level-too-deep", DEPTH, token, payload(JsonError::TooDeep(16)));
    let token = scene.good().claim_json("deep", &nested(5000)).token();
    scene.add("payload-5000-levels-deep", DEPTH, token, payload(JsonError::TooDeep(16)));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(1000), "}".repeat(1000));
    let token = scene.good().claim_json("deep", &objects).token();
    scene.add("payload-1000-objects-deep", DEPTH, token, payload(JsonError::TooDeep(16)));
    let token = scene.good().claim_json("deep", &"[".repeat(5000)).token();
    scene.add("payload-never-closed", DEPTH, token, payload(JsonError::TooDeep(16)));
    let token = scene.good().header_json("deep", &nested(500)).token();
    scene.add("header-500-levels-deep", DEPTH, token, header_json(JsonError::TooDeep(8)));
}

fn headers(scene: &mut Scene<'_>) {
    let good = scene.good().header_bytes();
    for (name, bytes) in [
        ("header-with-byte-order-mark", [b"\xef\xbb\xbf", &good[..]].concat()),
        ("header-not-utf8", replaced(&good, b"\"kid\":\"", b"\"x\":\"\xff\",\"kid\":\"")),
        ("header-with-text-after", [&good[..], b"x"].concat()),
        ("header-twice", [&good[..], &good[..]].concat()),
        ("header-with-comment", replaced(&good, b"{", b"{/**/")),
        ("header-with-comma-at-the-end", replaced(&good, b"}", b",}")),
        ("header-in-single-quotes", String::from_utf8_lossy(&good).replace('"', "'").into_bytes()),
        ("header-empty", Vec::new()),
    ] {
        let token = scene.good().raw_header(bytes).token();
        scene.add(name, UTF8, token, header_json(JsonError::Syntax));
    }
    for (name, text) in [
        ("header-null", "null"),
        ("header-list", "[]"),
        ("header-string", "\"ES256\""),
        ("header-number", "1"),
    ] {
        let token = scene.good().raw_header(text).token();
        scene.add(name, UTF8, token, header_json(JsonError::NotAnObject));
    }
}

fn payloads(scene: &mut Scene<'_>) {
    let good = scene.good().payload_bytes();
    let text = String::from_utf8_lossy(&good).into_owned();
    let inner = scene.good().token().into_bytes();
    for (name, bytes) in [
        ("payload-with-byte-order-mark", [b"\xef\xbb\xbf", &good[..]].concat()),
        ("payload-not-utf8", replaced(&good, b"}", b",\"name\":\"\xff\xfe\"}")),
        ("payload-overlong-utf8", replaced(&good, b"}", b",\"name\":\"\xc0\xaf\"}")),
        ("payload-in-utf16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("payload-with-lone-surrogate", replaced(&good, b"}", b",\"name\":\"\\ud800\"}")),
        ("payload-with-raw-line-break", replaced(&good, b"}", b",\"name\":\"a\nb\"}")),
        ("payload-with-text-after", [&good[..], b"x"].concat()),
        ("payload-with-nul-after", [&good[..], b"\0"].concat()),
        ("payload-twice", [&good[..], &good[..]].concat()),
        ("payload-with-comma-at-the-end", replaced(&good, b"}", b",}")),
        ("payload-with-comment", replaced(&good, b"{", b"{/**/")),
        ("payload-with-nan", replaced(&good, b"}", b",\"x\":NaN}")),
        ("payload-with-infinity", replaced(&good, b"}", b",\"x\":Infinity}")),
        ("payload-with-leading-zero", replaced(&good, b"}", b",\"x\":01}")),
        ("payload-cut-off", good[..good.len() - 1].to_vec()),
        ("payload-empty", Vec::new()),
        ("payload-is-a-token", inner),
    ] {
        let token = scene.good().raw_payload(bytes).token();
        scene.add(name, UTF8, token, payload(JsonError::Syntax));
    }
    for (name, bytes) in [
        ("payload-null", b"null".to_vec()),
        ("payload-list", [b"[", &good[..], b"]"].concat()),
        ("payload-string", serde_json::Value::from(text.as_str()).to_string().into_bytes()),
        ("payload-true", b"true".to_vec()),
    ] {
        let token = scene.good().raw_payload(bytes).token();
        scene.add(name, UTF8, token, payload(JsonError::NotAnObject));
    }
}

/// The bytes with the first occurrence of `from` replaced; for `}` that is the end of our flat objects.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).expect("it is there");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

const DUPLICATE: &str = "threats 1 (duplicate JSON keys)";
const DEPTH: &str = "threats 1 (deeply nested JSON)";
const UTF8: &str = "T-8725-05 (strict UTF-8 and JSON)";
