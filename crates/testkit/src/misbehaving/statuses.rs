//! Statuses that are no answer of a token endpoint: of servers that are ill or busy, and of what stands before them.

use std::time::Duration;

use super::act::{Act, To};
use super::{GOOD_BODY, Misbehaviour, Must, Wait};

pub(super) fn add(all: &mut Vec<Misbehaviour>) {
    busy(all);
    ill(all);
    elsewhere(all);
    redirects(all);
}

fn busy(all: &mut Vec<Misbehaviour>) {
    let seconds = |seconds| Wait::For(Duration::from_secs(seconds));
    for (names, status) in [
        (
            [
                "429",
                "429-retry-after-7-seconds",
                "429-retry-after-0",
                "429-retry-after-a-date",
                "429-retry-after-a-date-that-is-over",
                "429-retry-after-an-age",
                "429-retry-after-more-than-a-number",
                "429-retry-after-negative",
                "429-retry-after-words",
            ],
            "429 Too Many Requests",
        ),
        (
            [
                "503",
                "503-retry-after-7-seconds",
                "503-retry-after-0",
                "503-retry-after-a-date",
                "503-retry-after-a-date-that-is-over",
                "503-retry-after-an-age",
                "503-retry-after-more-than-a-number",
                "503-retry-after-negative",
                "503-retry-after-words",
            ],
            "503 Service Unavailable",
        ),
    ] {
        let after = [
            (None, Wait::Unsaid),
            (Some("7"), seconds(7)),
            (Some("0"), seconds(0)),
            // two minutes after the second at which tests begin
            (Some("Thu, 01 Jan 2026 00:02:00 GMT"), seconds(120)),
            (Some("Wed, 21 Oct 2015 07:28:00 GMT"), seconds(0)),
            (Some("31536000"), Wait::Capped),
            (Some("99999999999999999999999999"), Wait::Capped),
            (Some("-1"), Wait::Unsaid),
            (Some("soon"), Wait::Unsaid),
        ];
        for (name, (after, wait)) in names.into_iter().zip(after) {
            let after = after.map(|after| format!("retry-after: {after}\r\n")).unwrap_or_default();
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/html\r\n{after}");
            all.push(Misbehaviour::answer(name, "RFC 9110 §10.2.3", Must::Unreachable(wait), &head, "<h1>"));
        }
    }
    let head = "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\nretry-after: 7\r\n";
    let body = r#"{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit"}"#;
    let must = Must::Unreachable(seconds(7));
    all.push(Misbehaviour::answer("429-in-json", "RFC 9110 §10.2.3", must, head, body));
    let body = r#"{"error":"too_many_requests","error_description":"Global limit has been reached"}"#;
    all.push(Misbehaviour::answer("429-in-oauths-words", "RFC 9110 §10.2.3", must, head, body));
}

fn ill(all: &mut Vec<Misbehaviour>) {
    let must = Must::Unreachable(Wait::Unsaid);
    let html = "content-type: text/html\r\n";
    let json = "content-type: application/json\r\n";
    for (name, status, kind, body) in [
        ("500-in-html", "500 Internal Server Error", html, "<h1>Whitelabel Error Page</h1>"),
        ("500-empty", "500 Internal Server Error", "", ""),
        ("500-in-oauths-words", "500 Internal Server Error", json, r#"{"error":"server_error"}"#),
        ("500-around-a-token", "500 Internal Server Error", json, GOOD_BODY),
        ("502-in-html", "502 Bad Gateway", html, "<h1>nginx</h1>"),
        ("503-in-oauths-words", "503 Service Unavailable", json, r#"{"error":"temporarily_unavailable"}"#),
        ("504-in-html", "504 Gateway Timeout", html, "<h1>nginx</h1>"),
        ("599", "599 Who Knows", "", ""),
    ] {
        let head = format!("HTTP/1.1 {status}\r\n{kind}");
        all.push(Misbehaviour::answer(name, "RFC 9110 §15.6", must, &head, body));
    }
}

/// What no token endpoint says: the URL is probably another's.
fn elsewhere(all: &mut Vec<Misbehaviour>) {
    for (name, status) in [
        ("404-in-html", "404 Not Found"),
        ("405-in-html", "405 Method Not Allowed"),
        ("410-in-html", "410 Gone"),
    ] {
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/html\r\n");
        all.push(Misbehaviour::answer(name, "RFC 9110 §15.5", Must::Misconfigured, &head, "<h1>nginx</h1>"));
    }
    for (name, status) in [
        ("401-in-html", "401 Unauthorized\r\nwww-authenticate: Basic realm=\"proxy\""),
        ("401-without-a-challenge", "401 Unauthorized"),
        ("403-in-html", "403 Forbidden"),
        ("407-of-a-proxy", "407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"proxy\""),
        ("201-around-a-token", "201 Created\r\nx: y"),
        ("206-around-a-token", "206 Partial Content\r\ncontent-range: bytes 0-67/9999"),
        ("304", "304 Not Modified"),
    ] {
        let around = name.ends_with("token");
        let (kind, body) = if around { ("application/json", GOOD_BODY) } else { ("text/html", "<h1>") };
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n");
        all.push(Misbehaviour::answer(name, "RFC 6749 §5.1", Must::Fail, &head, body));
    }
    let no_content = [Act::send("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")];
    all.push(Misbehaviour::after_request("204", "RFC 6749 §5.1", Must::Misconfigured, no_content));
}

/// None may be followed: the secret is for the URL that somebody named.
fn redirects(all: &mut Vec<Misbehaviour>) {
    for (name, status, to) in [
        ("301-to-another-server", 301, To::Other),
        ("302-to-another-server", 302, To::Other),
        ("303-to-another-server", 303, To::Other),
        ("307-to-another-server", 307, To::Other),
        ("308-to-another-server", 308, To::Other),
        ("302-to-another-path", 302, To::Elsewhere),
        ("307-to-another-path", 307, To::Elsewhere),
        ("308-to-another-path", 308, To::Elsewhere),
        ("302-to-itself", 302, To::Itself),
        ("307-to-itself", 307, To::Itself),
        ("308-to-itself", 308, To::Itself),
    ] {
        let script = [Act::Redirect(status, to)];
        all.push(Misbehaviour::after_request(name, "threats 3: redirects", Must::Misconfigured, script));
    }
}
