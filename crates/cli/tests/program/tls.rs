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

/// Errors say what to do next: also where the certificate, or the scheme of the URL, is what is wrong.
#[test]
fn what_tls_lacks_is_told() {
    let user = User::new().with("SECRET", "x");
    let server = user.serve(&["--tls-dev"]);
    let plain = user.serve(&["--data", &user.home().join("plain").display().to_string()]);
    let at = |name: &str, url: &str| {
        user.ok(&[
            "context",
            "add",
            name,
            "--server",
            url,
            "--client-id",
            "root",
            "--client-secret-env",
            "SECRET",
        ]);
        user.fails(&["realm", "list", "--context", name])
    };
    let said = at("untrusted", &server.url());
    assert!(said.contains("--ca-file") && !said.contains("running"), "{said}");
    let said = at("clear", &server.url().replace("https:", "http:"));
    assert!(said.contains("begin its URL with https://"), "{said}");
    let said = at("tls", &plain.url().replace("http:", "https:"));
    assert!(said.contains("begin its URL with http://"), "{said}");
    let said = at("ops", &format!("http://{}", plain.ops()));
    assert!(said.contains("next: is http://") && said.contains("context show"), "{said}");
    let said = user.fails(&["health", "--ops", &server.address()]);
    assert!(said.contains("next:") && said.contains("--ops"), "{said}");
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
