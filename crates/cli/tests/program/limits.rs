//! Listeners: administration apart, ops apart, and what each does not answer.

use crate::harness::{User, http};

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
    let silent: Vec<_> = (0..300).map(|_| std::net::TcpStream::connect(server.address()).unwrap()).collect();
    assert_eq!(http(&server.ops(), "GET /readyz HTTP/1.1", "").0, 200);
    drop(silent);
    assert_eq!(http(&server.address(), "GET /realms/system/oauth2/jwks HTTP/1.1", "").0, 200);
}
