//! Tokens that only their issuer can read, as wired.

use base64::Engine as _;
use serde_json::json;

use super::upstream::Upstream;
use crate::harness::{User, http};

const SECRET: &str = "canary-introspection-secret";

/// An issuer that is asked about each token, and knows one.
fn issuer() -> Upstream {
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("orders-api:{SECRET}"));
    Upstream::answering(move |head, body| {
        let is_known = head.contains(&format!("Basic {basic}")) && body.contains("token=good-opaque");
        let answer = if body.contains("token=refresh-opaque") {
            json!({ "active": true, "client_id": "shop", "aud": "orders", "token_type": "refresh_token" })
        } else if is_known {
            json!({ "active": true, "client_id": "shop", "aud": "orders", "scope": "orders:read", "exp": 4_000_000_000_i64 })
        } else {
            json!({ "active": false })
        };
        ("application/json", answer.to_string())
    })
}

/// T-7662-06: the issuer is asked, once for a token that comes again; the secret that asks is never said.
#[test]
fn an_issuer_is_asked_about_opaque_tokens() {
    let user = User::new();
    let (issuer, upstream) = (issuer(), Upstream::start());
    user.write("secret", &format!("{SECRET}\n"));
    let file = format!(
        "upstream = '{}'\n\n[[issuer]]\nurl = '{url}'\naudiences = ['orders']\n[issuer.introspection]\n\
         url = '{url}/introspect'\nclient_id = 'orders-api'\nclient_secret_file = 'secret'\n",
        upstream.url(),
        url = issuer.url()
    );
    let file = user.write("guard.toml", &file).display().to_string();
    let guard = user.guard("proxy", &["--config", &file, "--log-level", "trace"]);
    let call =
        |token: &str| http(&guard.address(), &format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}"), "");
    let (status, reached) = call("good-opaque");
    assert!(status == 200 && reached.to_ascii_lowercase().contains("x-auth-client: shop"), "{reached}");
    assert_eq!((call("good-opaque").0, issuer.seen()), (200, 1), "asked once");
    assert_eq!(call("bad-opaque").0, 401);

    let check =
        |token: &str| user.run(&["guard", "check", token, "--config", &file, "--scope", "orders:read"]);
    let good = check("good-opaque");
    assert!(good.status.success() && good.out.contains("ok   active"), "{}", good.out);
    let bad = check("bad-opaque");
    assert!(bad.status.code() == Some(1) && bad.out.contains("BAD  active"), "{}", bad.out);
    let pasted = check("good-opaque and more");
    assert!(pasted.status.code() == Some(1) && pasted.out.contains("BAD  form"), "{}", pasted.out);
    let refresh = check("refresh-opaque");
    assert!(refresh.status.code() == Some(1) && refresh.out.contains("BAD  claims"), "{}", refresh.out);

    let (_, said) = guard.end();
    for canary in [SECRET, "good-opaque", "bad-opaque"] {
        assert!(!said.contains(canary), "{canary}: {said}");
    }
}

/// Issue 4: without a cache, by the flag or by the file, and with an answer that is believed for no time, the issuer is
/// asked for each request; and a no is believed for as long as is said.
#[test]
fn for_how_long_answers_are_kept_is_a_setting() {
    let user = User::new();
    let (issuer, upstream) = (issuer(), Upstream::start());
    user.write("secret", SECRET);
    for (flag, first, last, asked) in [
        (None, "", "", 2),
        (Some("--no-token-cache"), "cached_tokens = 100", "", 3),
        (None, "cached_tokens = 0", "", 3),
        (None, "", "active_seconds = 0", 3),
        (None, "", "inactive_seconds = 0", 3),
    ] {
        let file = format!(
            "upstream = '{}'\n{first}\n[[issuer]]\nurl = '{url}'\naudiences = ['orders']\n[issuer.introspection]\n\
             url = '{url}/introspect'\nclient_id = 'orders-api'\nclient_secret_file = 'secret'\n{last}\n",
            upstream.url(),
            url = issuer.url()
        );
        let file = user.write("guard.toml", &file).display().to_string();
        let guard = user.guard("proxy", &[&["--config", &file][..], flag.as_slice()].concat());
        let before = issuer.seen();
        for (token, status) in
            [("good-opaque", 200), ("good-opaque", 200), ("bad-opaque", 401), ("bad-opaque", 401)]
        {
            let head = format!("GET / HTTP/1.1\r\nauthorization: Bearer {token}");
            assert_eq!(http(&guard.address(), &head, "").0, status, "{token} {first} {last}");
        }
        assert_eq!(issuer.seen() - before, asked, "{flag:?} {first} {last}");
        guard.end();
    }
}

/// An issuer whose metadata names no place to ask, as Countersign's does, is told from one that does not answer.
#[test]
fn an_issuer_that_names_no_place_to_ask_is_told() {
    let user = User::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = user.serve(&["--listen", &format!("localhost:{port}")]);
    user.ok(&["realm", "create", "myorg"]);
    user.write("secret", SECRET);
    let check = || {
        let file = format!(
            "[[issuer]]\nurl = 'http://localhost:{port}/realms/myorg'\naudiences = ['orders']\n\
             introspection = {{ client_id = 'x', client_secret_file = 'secret' }}\n"
        );
        let file = user.write("guard.toml", &file).display().to_string();
        user.run(&["guard", "check", "opaque", "--config", &file]).out
    };
    let said = check();
    assert!(
        said.contains("names no introspection_endpoint") && said.contains("by their signatures"),
        "{said}"
    );
    assert!(!said.contains("is the issuer running"), "{said}");
    drop(server);
    let said = check();
    assert!(said.contains("is the issuer running"), "{said}");
}
