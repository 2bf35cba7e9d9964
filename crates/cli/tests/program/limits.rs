//! Listeners: administration apart, ops apart, and what each does not answer.

use std::io::Write;
use std::net::TcpStream;

use crate::harness::{Server, User, http, token, until};

/// `--admin-listen` moves the admin API away from the tokens; the context follows.
#[test]
fn administration_can_have_a_listener_of_its_own() {
    let user = User::new();
    let server = user.serve(&["--admin-listen", "127.0.0.1:0"]);
    let admin = server.line["admin"].as_str().unwrap().to_owned();
    assert_ne!(admin, server.address());
    user.ok(&["realm", "create", "myorg"]);
    let told = user.ok(&["client", "create", "svc", "--realm", "myorg"]);
    assert!(
        told.contains(&format!("{}/realms/myorg/oauth2/token", server.url())),
        "clients go to the public URL: {told}"
    );
    let get = "GET /admin/v1/realms HTTP/1.1";
    assert_eq!(http(&server.address(), get, "").0, 404);
    assert_eq!(http(&admin, get, "").0, 401);
    assert_eq!(http(&server.address(), "GET /realms/system/oauth2/jwks HTTP/1.1", "").0, 200);
}

/// Health and metrics are on the ops listener and nowhere else.
#[test]
fn operation_has_a_listener_of_its_own() {
    let user = User::new();
    let server = user.serve(&[]);
    for path in ["/livez", "/readyz", "/metrics"] {
        let get = format!("GET {path} HTTP/1.1");
        assert_eq!(http(&server.ops(), &get, "").0, 200, "{path}");
        assert_eq!(http(&server.address(), &get, "").0, 404, "{path}");
    }
    assert_eq!(http(&server.ops(), "GET /realms/system/oauth2/jwks HTTP/1.1", "").0, 404);
}

/// What the listeners and the gate count is told with the rest, as it is when it is asked for.
#[test]
fn metrics_tell_of_connections_and_of_the_gate() {
    let user = User::new();
    let server = user.serve(&[]);
    for open in ["connections_open", "connections_accepted_total"] {
        tells(&server, &format!(r#"{open}{{listener="public"}} 0"#));
    }
    let silent: Vec<_> = (0..2).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    tells(&server, r#"connections_open{listener="public"} 2"#);
    drop(silent);
    tells(&server, r#"connections_open{listener="public"} 0"#);
    assert_eq!(token(&server, "system", "root", &server.root_secret()).0, 200);
    let ambiguous = "POST / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked";
    assert_eq!(http(&server.address(), ambiguous, "").0, 400);
    for line in [
        r#"connections_accepted_total{listener="public"} 4"#,
        r#"connections_requests_total{listener="public"} 1"#,
        r#"connections_malformed_requests_total{listener="public"} 1"#,
        r#"connections_timed_out_total{listener="public",phase="head"} 0"#,
        r#"connections_open{listener="ops"} 1"#,
        "token_requests_inside 0",
        "token_requests_admitted_total 1",
        "token_requests_refused_total 0",
    ] {
        tells(&server, line);
    }
    let (_, text) = http(&server.ops(), METRICS, "");
    let cost = text.lines().find_map(|line| line.strip_prefix("countersign_token_request_cost_seconds "));
    assert!(cost.unwrap().parse::<f64>().unwrap() > 0.0, "{text}");
    assert!(!text.contains(r#"listener="admin""#), "there is none: {text}");

    let user = User::new();
    let server = user.serve(&["--tls-dev", "--admin-listen", "127.0.0.1:0"]);
    let admin = server.line["admin"].as_str().unwrap();
    TcpStream::connect(admin).unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    tells(&server, r#"connections_handshake_failures_total{listener="admin"} 1"#);
    tells(&server, r#"connections_handshake_failures_total{listener="public"} 0"#);
}

/// Waits until the metrics have this line.
#[track_caller]
fn tells(server: &Server, line: &str) {
    let line = format!("countersign_{line}");
    until(&line, || {
        let (status, text) = http(&server.ops(), METRICS, "");
        status == 200 && text.lines().any(|told| told == line)
    });
}

const METRICS: &str = "GET /metrics HTTP/1.1";

/// The trusted proxy's word about the caller counts, and nobody else's: seen in the log.
#[test]
fn a_trusted_proxy_is_believed() {
    let head = "GET /realms/system/oauth2/jwks HTTP/1.1\r\nx-forwarded-for: 198.51.100.7";
    for (words, believed) in [(&["--trusted-proxy", "127.0.0.0/8"][..], true), (&[], false)] {
        let user = User::new();
        let server = user.serve(words);
        assert_eq!(http(&server.address(), head, "").0, 200);
        let (_, said) = server.end();
        assert_eq!(said.contains("198.51.100.7"), believed, "{said}");
    }
}

/// Threats section 5: silent connections take no descriptor that health needs.
#[test]
fn silent_connections_leave_room_for_operation() {
    let user = User::new();
    let server = user.serve_after("ulimit -n 256");
    let silent: Vec<_> = (0..300).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    assert_eq!(http(&server.ops(), "GET /readyz HTTP/1.1", "").0, 200);
    drop(silent);
    assert_eq!(http(&server.address(), "GET /realms/system/oauth2/jwks HTTP/1.1", "").0, 200);
}
