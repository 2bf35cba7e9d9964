//! `countersign demo` passes, shows every step, and leaves nothing behind.

use crate::harness::{PROGRAM, User};

#[test]
fn the_demo_passes_and_leaves_nothing_behind() {
    let user = User::new()
        .with("COUNTERSIGN_LISTEN", "203.0.113.1:1") // a demo is nobody's configuration
        .with("COUNTERSIGN_ROOT_CLIENT_SECRET", "and nobody's environment");
    let text = user.ok(&["demo"]);
    for part in [
        "POST /realms/system/oauth2/token",
        "POST /admin/v1/realms",
        "\"scope\": \"orders:read orders:write\"",
        "\"error\": \"invalid_scope\"",
        "The token verifies",
        "\"aud\": \"https://orders.example\"",
        "\"error\": \"invalid_client\"",
        "< 401 Unauthorized\n   < content-type: application/json\n   < cache-control: no-store\n   < www-authenticate: Bearer realm=",
        "orders of shop",
        "error=\"insufficient_scope\"",
        "error_description=\"the access token expired\"",
        "DELETE /admin/v1/realms/myorg/clients/shop/secrets/",
    ] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    let left: Vec<_> = std::fs::read_dir(user.home()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn as_json_each_exchange_is_a_line() {
    let text = User::new().ok(&["demo", "--output", "json"]);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 15);
    assert!(
        lines.iter().all(|line| line["response"]["status"].is_u64() && line["request"]["url"].is_string())
    );
}

/// Who reads a part must not take it for the whole.
#[test]
fn an_output_that_is_lost_is_a_failure() {
    let user = User::new();
    for words in ["demo", "config reference", "demo --output json"] {
        let done = user.shell(&format!("{PROGRAM} {words} > /dev/full"));
        assert!(!done.status.success() && done.err.contains("standard output"), "{words}: {}", done.err);
    }
    assert!(user.shell(&format!("{PROGRAM} config reference | head -1")).err.is_empty());
}
