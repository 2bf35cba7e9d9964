//! Tokens that are kept from one run to the next: one request for a life, by whatever command, and nobody else reads them.

use std::path::PathBuf;

use countersign_client::SystemClock;
use countersign_proto::time::Clock as _;

use crate::harness::{Server, User, http, mode};
use crate::tokens::prepared;

/// How many tokens the server has issued.
pub(crate) fn issued(server: &Server) -> u64 {
    let (_, text) = http(&server.ops(), "GET /metrics HTTP/1.1", "");
    let counts = text.lines().filter_map(|line| line.strip_prefix("countersign_tokens_issued_total"));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// What is kept in the user's home.
fn kept(user: &User) -> Vec<PathBuf> {
    let folder = user.home().join(".cache/countersign");
    std::fs::read_dir(folder).map(|all| all.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
}

/// The contract: a loop in a script asks once; another ask is another token; `--no-cache` asks in any case.
#[test]
fn a_token_is_asked_for_once_in_its_life() {
    let user = User::new();
    let server = user.serve(&[]);
    prepared(&user);
    let before = issued(&server);
    let token = user.ok(&["token", "--context", "svc"]);
    assert_eq!((issued(&server), token.lines().count()), (before + 1, 1));
    assert_eq!(user.ok(&["token", "--context", "svc"]), token);
    let done =
        user.shell(&format!("for i in 1 2 3; do {} token --context svc; done", crate::harness::PROGRAM));
    assert_eq!(done.out, token.repeat(3));
    let whole = user.json(&["token", "--context", "svc"]);
    assert_eq!(whole["access_token"], token.trim());
    assert_eq!((&whole["token_type"], &whole["scope"]), (&"Bearer".into(), &"orders:read".into()));
    let now = SystemClock.now().0;
    let (left, end) = (whole["expires_in"].as_i64().unwrap(), whole["expires_at"].as_i64().unwrap());
    assert!(end > now && end.abs_diff(now + left) <= 2, "{whole}");
    let done = user.run(&["exec", "--context", "svc", "--", "sh", "-c", "echo $COUNTERSIGN_TOKEN"]);
    assert_eq!((done.out, issued(&server)), (token.clone(), before + 1));

    assert!(!kept(&user).is_empty());
    assert_eq!(mode(&user.home().join(".cache/countersign")), 0o700);
    assert!(kept(&user).iter().all(|file| mode(file) == 0o600));

    assert_ne!(user.ok(&["token", "--context", "svc", "--scope", "orders:write"]), token);
    assert_ne!(user.ok(&["token", "--context", "svc", "--no-cache"]), token);
    assert_eq!(issued(&server), before + 3);
}

/// Where nothing can be kept, that is said on standard error, and the token is there all the same.
#[test]
fn a_folder_that_cannot_be_used_is_told() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    let none = user.run(&["token", "--context", "svc", "--no-cache"]);
    assert!(none.status.success() && none.err.is_empty() && kept(&user).is_empty(), "{}", none.err);
    let file = user.write("a-file", "").display().to_string();
    let user = user.with("XDG_CACHE_HOME", &file);
    let done = user.run(&["token", "--context", "svc"]);
    assert!(done.status.success() && done.out.lines().count() == 1, "{}", done.err);
    assert!(done.err.contains("not kept") && done.err.contains("--no-cache"), "{}", done.err);
    assert!(user.run(&["token", "--context", "svc", "--no-cache"]).err.is_empty());
}
