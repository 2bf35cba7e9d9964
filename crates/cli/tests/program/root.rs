//! The root client: from the environment, by all its names; and made anew, offline.

use crate::harness::{User, token};

const NAMES: [&str; 4] = [
    "COUNTERSIGN_ROOT_CLIENT",
    "FIDESOPS__SECURITY__OAUTH_ROOT_CLIENT",
    "FIDES__SECURITY__OAUTH_ROOT_CLIENT",
    "OAUTH_ROOT_CLIENT",
];

fn given(prefix: &str, id: &str, secret: &str) -> User {
    User::new().with(&format!("{prefix}_ID"), id).with(&format!("{prefix}_SECRET"), secret)
}

/// dialects c.5: root by any of its names, never printed, nor kept in a file of ours.
#[test]
fn a_root_from_the_environment_is_nowhere_printed_or_saved() {
    for prefix in NAMES {
        let user = given(prefix, "fidesopsadmin", "fidesopsadminsecret");
        let server = user.serve(&["--log-level", "trace"]);
        assert_eq!(token(&server, "system", "fidesopsadmin", "fidesopsadminsecret").0, 200);
        assert!(user.ok(&["realm", "list"]).contains("system"), "the context knows the variable");
        let contexts = std::fs::read_to_string(user.contexts()).unwrap();
        assert!(contexts.contains(&format!("{prefix}_SECRET")), "{contexts}");
        assert!(!contexts.contains("fidesopsadminsecret"), "{contexts}");
        let (status, said) = server.end();
        assert!(status.success());
        assert!(!said.contains("fidesopsadminsecret"), "{said}");
        assert!(!user.data().join("root-client").exists());
    }
}

/// The contract: root's secret from the environment is applied at every start.
#[test]
fn a_root_from_the_environment_is_applied_at_every_start() {
    let first = given(NAMES[0], "boss", "the-first-secret-of-the-boss");
    let server = first.serve(&[]);
    assert_eq!(token(&server, "system", "boss", "the-first-secret-of-the-boss").0, 200);
    assert!(server.end().0.success());
    let data = first.data().display().to_string();
    let second = given(NAMES[0], "boss", "the-second-secret-of-the-boss");
    let server = second.serve(&["--data", &data]);
    assert_eq!(token(&server, "system", "boss", "the-second-secret-of-the-boss").0, 200);
    assert_eq!(token(&server, "system", "boss", "the-first-secret-of-the-boss").0, 401);
}

/// Half a pair, or a weak secret, is an error that names the variable and not the secret.
#[test]
fn a_root_that_cannot_be_is_refused() {
    let user = User::new().with("COUNTERSIGN_ROOT_CLIENT_SECRET", "hush-hush-hush-hush");
    let said = user.fails(&["serve", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"]);
    assert!(said.contains("COUNTERSIGN_ROOT_CLIENT_ID") && !said.contains("hush-hush"), "{said}");
    let user = given(NAMES[0], "boss", "tooshort");
    let said = user.fails(&["serve", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"]);
    assert!(said.contains("16 characters") && !said.contains("tooshort"), "{said}");
}

/// `root reset` works beside a stopped server's database alone, and ends the old secret.
#[test]
fn root_is_reset_offline() {
    let user = User::new();
    let server = user.serve(&[]);
    let old = server.root_secret();
    let data = user.data().display().to_string();
    let said = user.fails(&["root", "reset", "--data", &data]);
    assert!(said.contains("next: stop"), "{said}");
    assert!(server.end().0.success());

    let reset = user.json(&["root", "reset", "--data", &data]);
    let new = reset["secret"].as_str().unwrap();
    let server = user.serve(&[]);
    assert_eq!(token(&server, "system", "root", new).0, 200);
    assert_eq!(token(&server, "system", "root", &old).0, 401);
    // what the reset says to paste, the secret on standard input
    let url = server.url();
    let words =
        ["context", "add", "local", "--server", &url, "--client-id", "root", "--client-secret-file", "-"];
    assert!(user.run_with(&words, new).status.success());
    assert!(user.ok(&["realm", "list"]).contains("system"));
}

/// A reset where there is no database makes none.
#[test]
fn a_reset_needs_a_database() {
    let user = User::new();
    let data = user.data().display().to_string();
    let said = user.fails(&["root", "reset", "--data", &data]);
    assert!(said.contains("--data") && !user.data().exists(), "{said}");
}
