//! `RequestPath`: one spelling, and no upstream, however naive, that sees other segments than our rules do.
#![no_main]

use countersign_guard::{Gate, Methods, Pattern, RequestPath, Require, Rule, Rules, Ruling};
use http::Method;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &str| {
    let Ok(path) = RequestPath::parse(raw) else { return };
    assert!(raw.len() <= 8 * 1024 + 1 + 16 * 1024, "it is capped");
    let query = raw.find('?').and_then(|at| raw.get(at..)).unwrap_or_default();
    assert_eq!(path.path_and_query(), format!("{}{query}", path.path()), "the query is carried as it came");
    assert_eq!(
        path.rewritten().is_none(),
        path.path_and_query() == raw,
        "copied only where it was not normal"
    );

    let again = RequestPath::parse(path.path_and_query()).expect("what was accepted is accepted");
    assert_eq!(again.path_and_query(), path.path_and_query(), "one spelling");
    assert!(path.path().parse::<http::uri::PathAndQuery>().is_ok(), "a request can carry it");
    let upper = path.path().to_ascii_uppercase();
    for never in
        ["//", "/./", "/../", ";", "\\", "#", "?", "%2F", "%5C", "%2E", "%3B", "%3F", "%23", "%00", "%0A"]
    {
        assert!(!upper.contains(never), "{never} in {upper}");
    }
    assert!(path.path().bytes().all(|byte| byte.is_ascii_graphic()));

    // The normal spelling and the one that came, at upstreams that decode never less than once.
    let ours: Vec<String> = path.segments().map(|segment| segment.decoded().into_owned()).collect();
    let sent = raw.split_once('?').map_or(raw, |(path, _)| path);
    for spelled in [path.path(), sent] {
        let once = decode(spelled.as_bytes());
        let twice = decode(&once);
        for seen in [&once, &twice, &decode(&twice)] {
            assert_eq!(resolve(seen), ours, "{spelled}");
        }
    }

    let rules = Rules::new([rule("/admin/**", Require::token().into()), rule("/orders/{id}", Gate::Open)])
        .expect("none hides another");
    match rules.decide(&Method::GET, &path) {
        Ruling::Needs { .. } => assert_eq!(ours[0], "admin"),
        Ruling::Open => assert!(is_order(&ours)),
        Ruling::NoRule => assert!(ours[0] != "admin" && !is_order(&ours)),
    }
});

/// `/orders/{id}`, with or without a slash behind it.
fn is_order(segments: &[String]) -> bool {
    match segments {
        [orders, id] => orders == "orders" && !id.is_empty(),
        [orders, _, end] => orders == "orders" && end.is_empty(),
        _ => false,
    }
}

fn rule(path: &str, gate: Gate) -> Rule {
    Rule::new(Pattern::parse(path).expect("a pattern"), Methods::all(), gate)
}

/// As a careless upstream decodes: what is no escape stays, and IIS's `%uXXXX` is one.
fn decode(path: &[u8]) -> Vec<u8> {
    let digits = |from: usize, count: usize| {
        let text = path.get(from..from + count).and_then(|digits| std::str::from_utf8(digits).ok())?;
        text.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(text, 16).ok())?
    };
    let mut decoded = Vec::new();
    let mut at = 0;
    while let Some(&byte) = path.get(at) {
        if byte == b'%' && matches!(path.get(at + 1), Some(b'u' | b'U')) {
            if let Some(wide) = digits(at + 2, 4) {
                decoded.extend(char::from_u32(wide).unwrap_or('?').to_string().bytes());
                at += 6;
                continue;
            }
        } else if let Some(value) = digits(at + 1, 2).filter(|_| byte == b'%') {
            decoded.push(value as u8);
            at += 3;
            continue;
        }
        decoded.push(byte);
        at += 1;
    }
    decoded
}

/// What separates segments, in some reader's eyes.
const SLASHES: [char; 10] = [
    '/', '\\', '\u{ff0f}', '\u{ff3c}', '\u{2044}', '\u{2215}', '\u{2100}', '\u{2101}', '\u{2105}', '\u{2106}',
];

/// As a file server goes from folder to folder: the path ends at what ends it elsewhere, parameters are cut off, both
/// slashes separate, empty segments are merged, dots are walked, edges are trimmed.
fn resolve(decoded: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(decoded);
    let text = text.split(['?', '#', '\0', '\r', '\n']).next().unwrap_or_default();
    let mut segments = Vec::new();
    let mut ended_with_slash = false;
    for segment in text.split(SLASHES) {
        let segment = segment.split(';').next().unwrap_or_default().trim();
        ended_with_slash = segment.is_empty() || segment == "." || segment == "..";
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name.to_owned()),
        }
    }
    if ended_with_slash {
        segments.push(String::new());
    }
    segments
}
