//! The same program on PostgreSQL, where the tests of all databases find it.

use crate::databases::TestDatabase;
use crate::harness::{User, token};

/// The database's URL with a password in it, and the password: one that the server does not ask for where its URL has none.
fn with_password(database: &TestDatabase) -> (String, String) {
    let url = database.url();
    let given = url.split_once('@').and_then(|(user, _)| user.splitn(3, ':').nth(2));
    match given {
        Some(password) => (url.to_owned(), password.to_owned()),
        None => {
            let sign = if url.contains('?') { '&' } else { '?' };
            (format!("{url}{sign}password=never-to-be-said"), "never-to-be-said".to_owned())
        }
    }
}

/// First start, second start, a second server: as on SQLite. No password of the URL is said.
#[test]
fn everything_works_on_postgres() {
    let Some(database) = TestDatabase::create() else { return };
    let (url, password) = with_password(&database);
    let user = User::new();
    let server = user.serve(&["--database", &url, "--log-level", "trace"]);
    let secret = server.root_secret();
    assert_eq!(token(&server, "system", "root", &secret).0, 200);
    user.ok(&["realm", "create", "myorg"]);

    let other = User::new();
    let keys = user.data().join("keys").display().to_string();
    let serve = ["serve", "--database", &url, "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];
    let said = other.fails(&[&serve[..], &["--keys", &keys]].concat());
    assert!(said.contains("next: stop the other server") && !said.contains(&password), "{said}");
    let (status, said) = server.end();
    assert!(status.success() && !said.contains(&password), "{said}");

    let again = user.serve(&["--database", &url]);
    assert_eq!(token(&again, "system", "root", &secret).0, 200);
    assert!(again.line["root_secret_file"].is_null());
}

/// Keys made for a database that turns out to have others are taken away again: they must not be mistaken for theirs.
#[test]
fn keys_of_another_start_are_not_left_behind() {
    let Some(database) = TestDatabase::create() else { return };
    let url = database.url();
    let user = User::new();
    assert!(user.serve(&["--database", url]).end().0.success());
    let other = User::new();
    let data = other.data().display().to_string();
    let words =
        ["serve", "--database", url, "--data", &data, "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];
    let said = other.fails(&words);
    assert!(said.contains("--keys"), "{said}");
    assert!(!other.data().join("keys").exists());
}
