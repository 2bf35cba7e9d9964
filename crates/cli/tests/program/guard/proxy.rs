//! `countersign guard proxy`: what reaches the upstream, and what does not.

use super::issued::{API, Issuer};
use super::upstream::Upstream;
use crate::harness::{User, exchange, http, until};

/// The upstream reads who calls from headers that nobody else can set, and not the token unless it is to have it.
#[test]
fn the_upstream_learns_who_calls_and_nothing_forged() {
    let user = User::new();
    let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
    let url = upstream.url();
    let words = [&issuer.flags()[..], &["--upstream", &url]].concat();
    let guard = user.guard("proxy", &words);
    let token = issuer.token(|claims| claims["sub"] = "somebody".into());

    let refused = exchange(&guard.address(), "GET /orders HTTP/1.1", "");
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    let challenge = format!("www-authenticate: Bearer realm=\"{API}\", resource_metadata=");
    assert!(refused.contains(&challenge) && refused.contains("\r\ndate: "), "{refused}");
    let path = "/.well-known/oauth-protected-resource";
    let (status, metadata) = http(&guard.address(), &format!("GET {path} HTTP/1.1"), "");
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!((status, &metadata["authorization_servers"][0]), (200, &"https://a.example".into()));
    assert_eq!(upstream.seen(), 0);

    let head = format!(
        "POST /orders?n=1 HTTP/1.1\r\nAuthorization: Bearer {token}\r\nX-Auth-Client: root\r\nX_Auth_Subject: root\r\n\
         x-auth-scope: admin\r\nX-AUTH-ISSUER: evil\r\nx-fapi-interaction-id: 7\r\naccept-charset: utf-8"
    );
    let (status, reached) = http(&guard.address(), &head, "hello");
    assert_eq!(status, 200);
    let reached = reached.to_ascii_lowercase();
    assert!(
        reached.starts_with("post /orders?n=1 http/1.1\r\n") && reached.ends_with("\nhello"),
        "{reached}"
    );
    for line in [
        "x-auth-client: shop",
        "x-auth-subject: somebody",
        "x-auth-issuer: https://a.example",
        "x-auth-scope: orders:read",
        "x-fapi-interaction-id: 7",
        "accept-charset: utf-8",
        "x-forwarded-for: 127.0.0.1",
    ] {
        assert!(reached.contains(&format!("{line}\r\n")), "{line}: {reached}");
    }
    for gone in ["root", "admin", "evil", "authorization", "x_auth"] {
        assert!(!reached.contains(gone), "{gone}: {reached}");
    }

    let passing = user.guard("proxy", &[&words[..], &["--pass-authorization"]].concat());
    let (_, reached) = http(&passing.address(), &head, "");
    assert!(reached.contains(&token), "{reached}");
}

/// First match decides, what matches nothing is refused, and the upstream gets the path that was judged.
#[test]
fn rules_decide_by_the_path_that_the_upstream_gets() {
    let user = User::new();
    let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
    let rules = "[[rule]]\npath = '/health'\nopen = true\n\n[[rule]]\npath = '/orders/**'\nmethods = ['GET']\n\
                 all = ['orders:read']\n\n[[rule]]\npath = '/orders/{id}'\nany = ['orders:write', 'orders:admin']\n";
    let rules = user.write("rules.toml", rules).display().to_string();
    let guard = user
        .guard("proxy", &[&issuer.flags()[..], &["--upstream", &upstream.url(), "--rules", &rules]].concat());
    let token = issuer.token(|_| {});
    let status = |line: &str, with_token: bool| {
        let token = if with_token { format!("\r\nauthorization: Bearer {token}") } else { String::new() };
        http(&guard.address(), &format!("{line} HTTP/1.1{token}"), "")
    };
    assert_eq!(status("GET /health", false).0, 200);
    assert_eq!(status("GET /orders/1", false).0, 401);
    assert_eq!(status("GET /orders/1", true).0, 200);
    assert!(status("GET /%6Frders/1?q=%2F", true).1.starts_with("GET /orders/1?q=%2F HTTP/1.1"));
    let seen = upstream.seen();
    for (line, expected) in [
        ("DELETE /orders/1", 403),
        ("GET /admin", 403),
        ("GET /health/x", 403),
        ("OPTIONS /orders/1", 403),
        ("GET /orders/../admin", 400),
        ("GET /orders/%2e%2e/admin", 400),
        ("GET /orders%2f1", 400),
        ("GET //orders/1", 400),
        ("GET /orders/1;x", 400),
        ("GET /orders/%2561", 400),
    ] {
        assert_eq!(status(line, true).0, expected, "{line}");
    }
    assert_eq!(upstream.seen(), seen);

    let (_, metrics) = http(&guard.ops(), "GET /metrics HTTP/1.1", "");
    for line in [
        "countersign_guard_refused_total{reason=\"ambiguous_path\"} 6",
        "countersign_guard_refused_total{reason=\"insufficient_scope\"} 2",
        "countersign_guard_refused_total{reason=\"no_rule\"} 2",
        "countersign_guard_allowed_total 3",
        "countersign_guard_issuers_waited_for 0",
        "countersign_connections_accepted_total{listener=\"public\"} 14",
    ] {
        assert!(metrics.contains(&format!("{line}\n")), "{line}: {metrics}");
    }
}

/// Who looks for a refused request finds it in the log by what its caller was told, and nothing there that is secret.
#[test]
fn a_refusal_is_found_in_the_log() {
    let user = User::new();
    let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
    let rules = "[[rule]]\npath = '/orders/**'\nall = ['orders:write']\n\n[[rule]]\npath = '/'\n";
    let rules = user.write("rules.toml", rules).display().to_string();
    let guard = user
        .guard("proxy", &[&issuer.flags()[..], &["--upstream", &upstream.url(), "--rules", &rules]].concat());
    let token = issuer.token(|_| {});
    let ask = |line: &str| {
        let head = format!("{line} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nX-Request-Id: r-7");
        exchange(&guard.address(), &head, "").to_ascii_lowercase()
    };
    assert!(ask("PUT /%6Frders/1?secret=canary").contains("\r\nx-request-id: r-7\r\n"));
    assert!(ask("GET /orders;x").contains("the path could be read in two ways: a semicolon is ambiguous"));
    assert!(ask("GET /").contains("\r\nx-request-id: r-7\r\n"), "of what the upstream is told, and tells");
    let fresh = exchange(&guard.address(), "GET / HTTP/1.1", "").to_ascii_lowercase();
    assert!(fresh.contains("\r\nx-request-id: "), "{fresh}");

    let (_, said) = guard.end();
    let line = said.lines().find(|line| line.contains("insufficient_scope")).unwrap();
    for part in ["PUT", "/orders/1", "127.0.0.1", "shop", "r-7"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    let line = said.lines().find(|line| line.contains("ambiguous_path")).unwrap();
    assert!(line.contains("a semicolon is ambiguous") && line.contains("/orders;x"), "{line}");
    assert!(!said.contains("canary"), "{said}");
}

/// One file for all: two issuers, each with its own audience and types, and a rule that names one of them.
#[test]
fn a_file_trusts_several_issuers_each_on_its_own_terms() {
    let user = User::new();
    let (ours, theirs, upstream) =
        (Issuer::new(&user, "ours"), Issuer::new(&user, "theirs"), Upstream::start());
    let rules = "[[rule]]\npath = '/ours'\nissuer = 'https://ours.example'\n\n[[rule]]\npath = '/**'\n";
    user.write("rules.toml", rules);
    let file = format!(
        "upstream = '{}'\nlisten = '127.0.0.1:0'\nrules = 'rules.toml'\n\n\
         [[issuer]]\nurl = '{}'\naudiences = ['{API}']\njwks_file = '{}'\n\n\
         [[issuer]]\nurl = '{}'\naudiences = ['orders', 'more']\naccept_typ = 'JWT'\nalgs = ['ES256']\njwks_file = '{}'\n",
        upstream.url(),
        ours.url,
        ours.file,
        theirs.url,
        theirs.file
    );
    let file = user.write("guard.toml", &file).display().to_string();
    let guard = user.guard("proxy", &["--config", &file]);
    let status = |path: &str, token: &str| {
        http(&guard.address(), &format!("GET {path} HTTP/1.1\r\nauthorization: Bearer {token}"), "").0
    };
    let for_orders = |claims: &mut serde_json::Value| claims["aud"] = "orders".into();
    assert_eq!(status("/ours", &ours.token(|_| {})), 200);
    assert_eq!(status("/x", &theirs.typed("JWT", for_orders)), 200);
    assert_eq!(
        status("/ours", &theirs.typed("JWT", for_orders)),
        401,
        "of an issuer that the rule does not name"
    );
    for (why, token) in [
        ("another's audience", theirs.token(|_| {})),
        ("another's audience", ours.token(for_orders)),
        ("another's type", ours.typed("JWT", |_| {})),
        ("another's key", theirs.token(|claims| claims["iss"] = "https://ours.example".into())),
        (
            "an ID token",
            theirs.typed("JWT", |claims| {
                claims["aud"] = "orders".into();
                claims["nonce"] = "n".into();
            }),
        ),
    ] {
        assert_eq!(status("/x", &token), 401, "{why}");
    }
    // what the file says, check judges by too
    let check = user.run(&["guard", "check", &theirs.typed("JWT", for_orders), "--config", &file]);
    assert!(check.status.success(), "{}", check.out);
}

/// SIGTERM lets what is in flight finish, takes nothing new, tells so on `/readyz`, and ends with 0.
#[test]
fn a_polite_end_finishes_what_is_in_flight() {
    let user = User::new();
    let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
    let mut guard = user.guard("proxy", &[&issuer.flags()[..], &["--upstream", &upstream.url()]].concat());
    let (address, token) = (guard.address(), issuer.token(|_| {}));
    let in_flight = std::thread::spawn(move || {
        http(&address, &format!("GET /slow HTTP/1.1\r\nauthorization: Bearer {token}"), "")
    });
    until("the request is there", || upstream.seen() == 1);
    assert_eq!(http(&guard.ops(), "GET /readyz HTTP/1.1", "").0, 200);
    guard.signal("TERM");
    until("no new connections", || std::net::TcpStream::connect(guard.address()).is_err());
    assert_eq!(http(&guard.ops(), "GET /readyz HTTP/1.1", ""), (503, "ending\n".to_owned()));
    upstream.release();
    let (status, reached) = in_flight.join().unwrap();
    assert!(status == 200 && reached.starts_with("GET /slow"), "{reached}");
    let (status, said) = guard.ended();
    assert!(status.success() && said.contains("ended"), "{said}");
}

/// `--upstream-connections` is how many requests the upstream gets at a time, and the metrics tell of those beyond.
#[test]
fn beyond_the_upstreams_connections_is_503() {
    let user = User::new();
    let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
    let words = ["--upstream", &upstream.url(), "--upstream-connections", "1"];
    let guard = user.guard("proxy", &[&issuer.flags()[..], &words].concat());
    let (address, token) = (guard.address(), issuer.token(|_| {}));
    let head = |path: &str| format!("GET {path} HTTP/1.1\r\nauthorization: Bearer {token}");
    let in_flight = {
        let (address, head) = (address.clone(), head("/slow"));
        std::thread::spawn(move || http(&address, &head, "").0)
    };
    until("the request is there", || upstream.seen() == 1);
    let refused = exchange(&address, &head("/orders"), "").to_ascii_lowercase();
    assert!(refused.starts_with("http/1.1 503 ") && refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    let (_, metrics) = http(&guard.ops(), "GET /metrics HTTP/1.1", "");
    let busy = "countersign_guard_upstream_failures_total{reason=\"busy\"} 1\n";
    assert!(metrics.contains(busy), "{metrics}");
    upstream.release();
    assert_eq!((in_flight.join().unwrap(), upstream.seen()), (200, 1));
}

/// Issue 4: an empty list of trusted proxies is nobody, not even loopback; a flag stands over it.
#[test]
fn nobody_may_be_trusted() {
    let user = User::new();
    let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
    let file = user.write("guard.toml", "trusted_proxies = []\n").display().to_string();
    let token = issuer.token(|_| {});
    let (config, flag) = (["--config", &file], ["--trusted-proxy", "127.0.0.1"]);
    for (more, told) in [
        (&[][..], "x-forwarded-for: 192.0.2.1, 127.0.0.1\r\n"),
        (&config[..], "x-forwarded-for: 127.0.0.1\r\n"),
        (&[config, flag].concat(), "x-forwarded-for: 192.0.2.1, 127.0.0.1\r\n"),
    ] {
        let guard =
            user.guard("proxy", &[&issuer.flags()[..], &["--upstream", &upstream.url()], more].concat());
        let head = format!("GET / HTTP/1.1\r\nx-forwarded-for: 192.0.2.1\r\nauthorization: Bearer {token}");
        let (status, reached) = http(&guard.address(), &head, "");
        assert!(status == 200 && reached.to_ascii_lowercase().contains(told), "{more:?}: {reached}");
        guard.end();
    }
}
