//! §3.3, scopes.

use countersign_testkit::TestServer;

/// T-6749-14: the granted scope is always named; the documented default where none is asked for.
#[tokio::test]
async fn the_granted_scope_is_named() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    for (asked, granted) in [
        (None, "orders:read"),
        (Some("orders:read"), "orders:read"),
        (Some("orders:write"), "orders:write"),
        (Some("orders:write orders:read"), "orders:write orders:read"),
        (Some("orders:write orders:write"), "orders:write"),
    ] {
        let more: Vec<_> = asked.iter().map(|asked| ("scope", *asked)).collect();
        let answer = server.token("myorg", "svc", &secret, &more).await;
        let claims = answer.claims();
        let sorted = |text: &str| {
            let mut names: Vec<_> = text.split(' ').map(str::to_owned).collect();
            names.sort();
            names
        };
        assert_eq!(sorted(&answer.str("scope")), sorted(granted), "{asked:?}");
        assert_eq!(sorted(claims["scope"].as_str().unwrap()), sorted(granted), "{asked:?}");
    }
}

/// T-6749-13: the grammar, byte by byte; names are case-sensitive.
#[tokio::test]
async fn the_grammar_is_kept() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    for bad in [
        " ",
        "orders:read ",
        " orders:read",
        "orders:read  orders:write",
        "orders:read\torders:write",
        "orders:read\n",
        "\"",
        "\\",
        "é",
        "orders:read\u{a0}orders:write",
        "orders:read,orders:write",
        "ORDERS:READ",
    ] {
        let answer = server.token("myorg", "svc", &secret, &[("scope", bad)]).await;
        assert_eq!(answer.refusal(), "400 invalid_scope", "{bad:?}");
    }
}

/// threats 3, "scope upgrade": what is not granted is refused as a whole, and the client's own scopes are told.
#[tokio::test]
async fn what_is_not_granted_is_refused() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    for asked in ["orders:admin", "orders:read orders:admin", "*", "orders:*", "openid", "realm:write"] {
        let answer = server.token("myorg", "svc", &secret, &[("scope", asked)]).await;
        assert_eq!(answer.refusal(), "400 invalid_scope", "{asked}");
        let told = answer.str("error_description");
        assert!(told.contains("orders:read") && told.contains("orders:write"), "{told}");
    }
}

/// threats 3 and 7: a long scope is never dropped or cut; thousands of names are refused before they cost anything.
#[tokio::test]
async fn a_long_scope_is_refused_rather_than_shortened() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let long = format!("orders:read {}", "x".repeat(4100));
    let answer = server.token("myorg", "svc", &secret, &[("scope", &long)]).await;
    assert_eq!(answer.refusal(), "400 invalid_scope");
    let many = vec!["orders:read"; 3000].join(" ");
    let answer = server.token("myorg", "svc", &secret, &[("scope", &many)]).await;
    assert_eq!(answer.refusal(), "400 invalid_scope");
}
