//! The same program on PostgreSQL, where `COUNTERSIGN_TEST_POSTGRES` says that there is one.

use std::process::Command;

use crate::harness::{User, token};

/// A database of the test's own, as a URL; none without a PostgreSQL.
fn database(name: &str) -> Option<String> {
    let url = std::env::var("COUNTERSIGN_TEST_POSTGRES").ok()?;
    let name = format!("cli_{name}_{}", std::process::id());
    let done = Command::new("psql")
        .args([&url, "--quiet", "--command", &format!("create database {name}")])
        .output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let (server, _) = url.rsplit_once('/').unwrap();
    Some(format!("{server}/{name}"))
}

/// First start, second start, a second server: as on SQLite. No password of the URL is said.
#[test]
fn everything_works_on_postgres() {
    let Some(url) = database("whole") else { return };
    let password = url.split(':').nth(2).unwrap().split('@').next().unwrap();
    let user = User::new();
    let server = user.serve(&["--database", &url, "--log-level", "trace"]);
    let secret = server.root_secret();
    assert_eq!(token(&server, "system", "root", &secret).0, 200);
    user.ok(&["realm", "create", "myorg"]);

    let other = User::new();
    let keys = user.data().join("keys").display().to_string();
    let serve = ["serve", "--database", &url, "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];
    let said = other.fails(&[&serve[..], &["--keys", &keys]].concat());
    assert!(said.contains("next: stop the other server") && !said.contains(password), "{said}");
    let (status, said) = server.end();
    assert!(status.success() && !said.contains(password), "{said}");

    let again = user.serve(&["--database", &url]);
    assert_eq!(token(&again, "system", "root", &secret).0, 200);
    assert!(again.line["root_secret_file"].is_null());
}

/// Keys made for a database that turns out to have others are taken away again: they must not be mistaken for theirs.
#[test]
fn keys_of_another_start_are_not_left_behind() {
    let Some(url) = database("keys") else { return };
    let user = User::new();
    assert!(user.serve(&["--database", &url]).end().0.success());
    let other = User::new();
    let data = other.data().display().to_string();
    let words =
        ["serve", "--database", &url, "--data", &data, "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];
    let said = other.fails(&words);
    assert!(said.contains("--keys"), "{said}");
    assert!(!other.data().join("keys").exists());
}
