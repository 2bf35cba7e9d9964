//! `countersign guard forward-auth`: what a proxy that asks is answered.

use super::issued::Issuer;
use crate::harness::{User, exchange};

fn ask(guard: &crate::harness::Server, headers: &[(&str, &str)]) -> (u16, String) {
    let headers: String = headers.iter().map(|(name, value)| format!("\r\n{name}: {value}")).collect();
    let answer = exchange(&guard.address(), &format!("GET /auth HTTP/1.1{headers}"), "").to_ascii_lowercase();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

/// Rules decide about the request that headers of one family tell; those of the other are the caller's own words.
#[test]
fn rules_decide_about_the_original_request() {
    let user = User::new();
    let issuer = Issuer::new(&user, "a");
    let rules = "[[rule]]\npath = '/open'\nopen = true\n\n[[rule]]\npath = '/orders/**'\nmethods = ['GET']\n\
                 all = ['orders:read']\n\n[[rule]]\npath = '/orders/**'\nall = ['orders:write']\n";
    let rules = user.write("rules.toml", rules).display().to_string();
    let token = issuer.token(|claims| claims["client_id"] = "the-shop".into());
    let bearer = format!("Bearer {token}");
    for (family, method, uri, more, foreign) in [
        ("original", "X-Original-Method", "X-Original-URI", &[][..], ("X-Forwarded-Uri", "/open")),
        (
            "forwarded",
            "X-Forwarded-Method",
            "X-Forwarded-Uri",
            &[("X-Forwarded-Host", "orders.example")][..],
            ("X-Original-URI", "/open"),
        ),
    ] {
        let guard = user.guard(
            "forward-auth",
            &[&issuer.flags()[..], &["--trust-forwarded", family, "--rules", &rules]].concat(),
        );
        let judged = |asked: (&str, &str), with_token: bool| {
            let mut headers = vec![(method, asked.0), (uri, asked.1), foreign];
            headers.extend(more);
            headers.extend(with_token.then_some(("authorization", &*bearer)));
            ask(&guard, &headers)
        };
        let (status, answer) = judged(("GET", "/orders/1"), true);
        assert_eq!(status, 200, "{answer}");
        for line in [
            "x-auth-client: the-shop",
            "x-auth-subject: shop",
            "x-auth-issuer: https://a.example",
            "x-auth-scope: orders:read",
        ] {
            assert!(answer.contains(&format!("{line}\r\n")), "{line}: {answer}");
        }
        let (status, answer) = judged(("GET", "/open"), false);
        assert_eq!(status, 200, "{answer}");
        for name in ["client", "subject", "issuer", "scope"] {
            let lines: Vec<_> =
                answer.lines().filter(|line| line.starts_with(&format!("x-auth-{name}:"))).collect();
            assert!(
                lines.len() == 1 && lines[0].trim_end().ends_with(':'),
                "empty, to overwrite what is forged: {answer}"
            );
        }
        let (status, answer) = judged(("GET", "/orders/1"), false);
        assert!(status == 401 && answer.contains("www-authenticate: bearer"), "{answer}");
        let (status, answer) = judged(("POST", "/orders/1"), true);
        assert!(status == 403 && answer.contains("scope=\"orders:write\""), "{answer}");
        for path in ["/admin", "/orders/../open", "/orders%2f1"] {
            assert_eq!(judged(("GET", path), true).0, 403, "{path}");
        }
        // nothing is said about the request but in the wrong family
        assert_eq!(ask(&guard, &[foreign, ("authorization", &bearer)]).0, 403);
        assert_eq!(exchange(&guard.address(), "GET /other HTTP/1.1", "").split(' ').nth(1), Some("404"));
    }
}

/// Without a word on which headers tell the request, the token alone is judged; a stranger's headers are read nowhere.
#[test]
fn tokens_alone_and_strangers() {
    let user = User::new();
    let issuer = Issuer::new(&user, "a");
    let bearer = format!("Bearer {}", issuer.token(|_| {}));
    let guard = user.guard("forward-auth", &issuer.flags());
    assert_eq!(ask(&guard, &[("authorization", &bearer)]).0, 200);
    assert_eq!(ask(&guard, &[]).0, 401);

    // what a shared file says for a proxy, which asks callers itself
    user.write("shared.toml", "client_certs = 'ask'\nupstream = 'http://127.0.0.1:1'\n");
    let guard = user.guard("forward-auth", &[&issuer.flags()[..], &["--config", "shared.toml"]].concat());
    assert_eq!(ask(&guard, &[("authorization", &bearer)]).0, 200);

    let words = ["--trust-forwarded", "original", "--trusted-proxy", "192.0.2.0/24"];
    let guard = user.guard("forward-auth", &[&issuer.flags()[..], &words].concat());
    let told = [("X-Original-Method", "GET"), ("X-Original-URI", "/"), ("authorization", &*bearer)];
    assert_eq!(ask(&guard, &told).0, 403, "loopback is not among the trusted proxies");
    let (_, said) = guard.end();
    assert!(said.contains("no trusted proxy") && said.contains("untold"), "{said}");
}
