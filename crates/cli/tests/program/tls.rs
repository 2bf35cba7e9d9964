//! Issue 3, item 13, as wired: `--tls-dev`, certificate files, the ops listener in the clear.

use crate::harness::{User, http};

/// With `--tls-dev` the public URL is https, the saved context trusts the authority, and so does what is pasted.
#[test]
fn a_development_certificate_works_at_once() {
    let user = User::new();
    let server = user.serve(&["--tls-dev"]);
    assert!(server.url().starts_with("https://localhost:"));
    user.ok(&["realm", "create", "myorg"]);
    user.ok(&["api", "create", "https://orders.example", "--realm", "myorg", "--scope", "a"]);
    let words =
        ["client", "create", "svc", "--realm", "myorg", "--api", "https://orders.example", "--scope", "a"];
    let text = user.ok(&[&words[..], &["--save-context", "svc"]].concat());
    let jwt = user.ok(&["token", "--context", "svc"]);
    assert!(user.run(&["inspect", jwt.trim()]).status.success());
    let exports: Vec<&str> = text.lines().filter(|line| line.starts_with("export ")).collect();
    let curl = text.lines().find(|line| line.starts_with("curl ")).unwrap();
    let done = user.shell(&format!("{}\n{curl}", exports.join("\n")));
    assert!(done.out.contains("access_token"), "{curl}: {}{}", done.out, done.err);
    assert_eq!(http(&server.ops(), "GET /readyz HTTP/1.1", "").0, 200, "ops is always plain HTTP");

    // without the authority nothing is trusted
    let issuer = format!("{}/realms/myorg", server.url());
    let stranger = User::new().with("COUNTERSIGN_CLIENT_SECRET", "x");
    let said = stranger.fails(&["token", "--issuer", &issuer, "--client-id", "svc"]);
    assert!(said.contains("certificate") || said.contains("UnknownIssuer") || said.contains("CA"), "{said}");
}

#[test]
fn certificate_files_are_served() {
    let user = User::new();
    let first = user.serve(&["--tls-dev"]);
    let folder = user.data().join("tls-dev");
    let port = first.address();
    assert!(first.end().0.success());
    let path = |name: &str| folder.join(name).display().to_string();
    let server =
        user.serve(&["--listen", &port, "--tls-cert", &path("cert.pem"), "--tls-key", &path("key.pem")]);
    assert!(server.url().starts_with("https://"));
    assert!(user.ok(&["realm", "list"]).contains("system"), "the context's authority still holds");
    let mixed = user.fails(&["serve", "--tls-cert", &path("cert.pem")]);
    assert!(mixed.contains("--tls-key"), "{mixed}");
}
