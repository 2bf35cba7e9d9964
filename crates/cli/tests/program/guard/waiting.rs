//! A guard and a server, whichever is there first.

use std::net::TcpListener;

use super::issued::API;
use super::upstream::Upstream;
use crate::harness::{User, http, until};

/// The contract: "a guard started before its issuer keeps trying, and answers 503, never 2xx, meanwhile": then it works,
/// without a restart, with tokens of the server's.
#[test]
fn a_guard_may_start_before_its_issuer() {
    // no proxy is asked for the way to this machine
    let user = User::new().with("HTTP_PROXY", "http://127.0.0.1:1").with("http_proxy", "http://127.0.0.1:1");
    let upstream = Upstream::start();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let issuer = format!("http://localhost:{port}/realms/myorg");
    let trust = ["--issuer", &issuer, "--audience", API];
    let proxy = user.guard("proxy", &[&trust[..], &["--upstream", &upstream.url()]].concat());
    let doorman = user.guard("forward-auth", &trust);

    let foreign = super::issued::Issuer::new(&user, "other");
    let token = foreign.token(|claims| claims["iss"] = issuer.as_str().into());
    let bearer = |token: &str| format!("GET /auth HTTP/1.1\r\nauthorization: Bearer {token}");
    for guard in [&proxy, &doorman] {
        assert_eq!(http(&guard.address(), &bearer(&token), "").0, 503);
        let (status, said) = http(&guard.ops(), "GET /readyz HTTP/1.1", "");
        assert!(status == 503 && said.contains(&issuer), "{said}");
        assert_eq!(http(&guard.ops(), "GET /livez HTTP/1.1", "").0, 200);
    }
    let said = user.run(&[&["guard", "check", &token][..], &trust].concat());
    assert_eq!(said.status.code(), Some(1));
    assert!(said.out.contains("BAD  key") && said.out.contains("cannot connect"), "{}", said.out);

    let _server = user.serve(&["--listen", &format!("localhost:{port}")]);
    user.ok(&["realm", "create", "myorg"]);
    user.ok(&["api", "create", API, "--realm", "myorg", "--scope", "orders:read"]);
    let create = ["client", "create", "svc", "--realm", "myorg", "--api", API, "--scope", "orders:read"];
    user.ok(&[&create[..], &["--save-context", "svc"]].concat());
    let ours = user.ok(&["token", "--context", "svc"]);
    for guard in [&proxy, &doorman] {
        until("the keys are there", || http(&guard.ops(), "GET /readyz HTTP/1.1", "").0 == 200);
        assert_eq!(http(&guard.address(), &bearer(ours.trim()), "").0, 200);
        assert_eq!(http(&guard.address(), &bearer(&token), "").0, 401, "genuine in all but the signature");
    }
    assert_eq!(upstream.seen(), 1);
    assert!(user.ok(&["health", "--ops", &proxy.ops()]).contains("ready"));
    let check =
        user.run_with(&[&["guard", "check", "-", "--scope", "orders:read"][..], &trust].concat(), &ours);
    assert!(check.status.success() && check.out.contains("it would pass: svc"), "{}", check.out);
}
