//! `token` and `inspect`: take one, and say what is wrong with one.

use serde_json::json;

use crate::harness::User;

pub(crate) const ORDERS: &str = "https://orders.example";

/// A client `svc` whose secret lies in a file, and a context of its own.
pub(crate) fn prepared(user: &User) -> String {
    user.ok(&["realm", "create", "myorg"]);
    user.ok(&[
        "api",
        "create",
        ORDERS,
        "--realm",
        "myorg",
        "--scope",
        "orders:read",
        "--scope",
        "orders:write",
    ]);
    let words = ["client", "create", "svc", "--realm", "myorg", "--api", ORDERS, "--scope", "orders:read"];
    let made = user.json(&[&words[..], &["--optional", "orders:write", "--save-context", "svc"]].concat());
    user.write("svc.secret", made["secret"].as_str().unwrap()).display().to_string()
}

#[test]
fn tokens_are_taken_in_every_way() {
    let user = User::new();
    let server = user.serve(&[]);
    let file = prepared(&user);
    let issuer = format!("{}/realms/myorg", server.url());

    assert_eq!(user.json(&["token", "--context", "svc"])["scope"], "orders:read");
    let both = ["--scope", "orders:read", "--scope", "orders:write"];
    let answer = user.json(&[&["token", "--context", "svc"][..], &both].concat());
    assert_eq!(answer["scope"], "orders:read orders:write");
    let by_name = ["token", "--realm", "myorg", "--client-id", "svc", "--client-secret-file", &file];
    assert_eq!(user.json(&[&by_name[..], &["--resource", ORDERS]].concat())["scope"], "orders:read");
    assert_eq!(
        user.json(&[&by_name[..], &["--audience", ORDERS, "--in-body"]].concat())["scope"],
        "orders:read"
    );
    let by_issuer = ["token", "--issuer", &issuer, "--client-id", "svc", "--client-secret-file", &file];
    assert_eq!(user.ok(&by_issuer).trim().split('.').count(), 3);

    let secret = std::fs::read_to_string(&file).unwrap();
    let other = User::new().with("COUNTERSIGN_CLIENT_SECRET", &secret).with("MINE", &secret);
    other.ok(&["token", "--issuer", &issuer, "--client-id", "svc"]);
    other.ok(&["token", "--issuer", &issuer, "--client-id", "svc", "--client-secret-env", "MINE"]);
    let words = ["token", "--issuer", &issuer, "--client-id", "svc", "--client-secret-file", "-"];
    assert!(User::new().run_with(&words, &secret).status.success());
}

/// The contract: variables stand in for flags, `--context` goes before them, and what is half set is an error.
#[test]
fn variables_say_where_tokens_come_from() {
    let user = User::new();
    let server = user.serve(&[]);
    let file = prepared(&user);
    let issuer = format!("{}/realms/myorg", server.url());
    let secret = std::fs::read_to_string(&file).unwrap();
    let scope_of = |user: &User, words: &[&str]| user.json(words)["scope"].as_str().unwrap().to_owned();

    let svc = User::new()
        .with("COUNTERSIGN_ISSUER", &issuer)
        .with("COUNTERSIGN_CLIENT_ID", "svc")
        .with("COUNTERSIGN_CLIENT_SECRET", &secret)
        .with("COUNTERSIGN_RESOURCE", ORDERS)
        .with("COUNTERSIGN_SCOPE", "orders:read orders:write");
    assert_eq!(scope_of(&svc, &["token"]), "orders:read orders:write");
    assert_eq!(scope_of(&svc, &["token", "--scope", "orders:read"]), "orders:read");
    let said = svc.fails(&["token", "--issuer", "http://127.0.0.1:9", "--resource", ORDERS]);
    assert!(said.contains("cannot connect"), "{said}");
    assert!(svc.fails(&["token", "--context", "local"]).contains("no context 'local'"));

    let user =
        user.with("COUNTERSIGN_ISSUER", "http://127.0.0.1:9").with("COUNTERSIGN_SCOPE", "orders:refund");
    assert_eq!(scope_of(&user, &["token", "--context", "svc"]), "orders:read");
    let said = user.fails(&["token"]);
    assert!(said.contains("COUNTERSIGN_CLIENT_ID"), "{said}");
    let half = User::new().with("COUNTERSIGN_CLIENT_ID", "svc");
    assert!(half.fails(&["token"]).contains("COUNTERSIGN_ISSUER"));
    for (words, part) in [
        (&["token", "--issuer", &issuer, "--context", "svc"][..], "cannot be used with"),
        (
            &["token", "--client-id", "a", "--client-secret-file", "a", "--client-secret-env", "b"],
            "cannot be used with",
        ),
        (&["token", "--output", "yaml"], "possible values: text, json"),
        (&["token", "--client-secret", "hush"], "unexpected argument"),
    ] {
        let done = user.run(words);
        assert_eq!(done.status.code(), Some(2), "{words:?}");
        assert!(done.err.contains(part), "{words:?}: {}", done.err);
    }
}

#[test]
fn refusals_say_what_to_do() {
    let user = User::new();
    let server = user.serve(&[]);
    let file = prepared(&user);
    let said = user.fails(&["token", "--context", "svc", "--scope", "orders:refund"]);
    assert!(said.contains("invalid_scope"), "{said}");
    // the command in it works as it stands, though the current context is the client's own
    let told = said.split('`').nth(1).unwrap().strip_prefix("countersign ").unwrap();
    let shown = user.ok(&told.split(' ').collect::<Vec<_>>());
    assert!(shown.contains("orders:read"), "{shown}");
    let by_id = ["token", "--realm", "myorg", "--client-id", "svc", "--client-secret-file", &file];
    let asked = [&by_id[..], &["--scope", "orders:refund"]].concat();
    assert!(user.fails(&asked).contains(told));
    user.ok(&["context", "delete", "local"]);
    let said = user.fails(&["token", "--context", "svc", "--scope", "orders:refund"]);
    assert!(said.contains("client show svc --realm myorg`"), "{said}");
    let root = user.write("root", &server.root_secret()).display().to_string();
    let url = server.url();
    let add = ["context", "add", "local", "--server", &url, "--client-id", "root"];
    user.ok(&[&add[..], &["--client-secret-file", &root]].concat());
    let wrong = user.write("wrong", "not-the-secret").display().to_string();
    let said =
        user.fails(&["token", "--realm", "myorg", "--client-id", "svc", "--client-secret-file", &wrong]);
    assert!(said.contains("invalid_client") && said.contains("next: "), "{said}");
    assert!(!said.contains("not-the-secret"));
    let said = user.fails(&["token", "--realm", "myorg", "--client-id", "svc"]);
    assert!(said.contains("COUNTERSIGN_CLIENT_SECRET"), "{said}");
    let plain =
        ["token", "--issuer", "http://auth.example.com", "--client-id", "svc", "--client-secret-file", &file];
    let said = user.fails(&plain);
    assert!(said.contains("plain http"), "{said}");
    let other = format!("{}/realms/nowhere", server.url());
    let said =
        user.fails(&["token", "--issuer", &other, "--client-id", "svc", "--client-secret-file", &file]);
    assert!(said.contains("404"), "{said}");
    let slash = format!("{}/realms/myorg/", server.url());
    let said =
        user.fails(&["token", "--issuer", &slash, "--client-id", "svc", "--client-secret-file", &file]);
    assert!(said.contains("character by character"), "{said}");
}

#[test]
fn a_token_is_judged_step_by_step() {
    let user = User::new();
    let server = user.serve(&[]);
    prepared(&user);
    let token = user.ok(&["token", "--context", "svc"]);
    let token = token.trim();
    let issuer = format!("{}/realms/myorg", server.url());
    let good =
        user.ok(&["inspect", token, "--issuer", &issuer, "--audience", ORDERS, "--scope", "orders:read"]);
    assert!(good.contains("the token is good") && good.contains("genuine"), "{good}");
    let whole = user.json(&["inspect", &format!("Authorization: Bearer {token}")]);
    assert_eq!((&whole["valid"], &whole["claims"]["client_id"]), (&json!(true), &json!("svc")));

    let last = if token.ends_with('A') { 'Q' } else { 'A' };
    let forged = format!("{}{last}", &token[..token.len() - 1]);
    for (words, part) in [
        (vec!["inspect", token, "--audience", "https://other.example"], "not for https://other.example"),
        (vec!["inspect", token, "--scope", "orders:write"], "missing: orders:write"),
        (vec!["inspect", token, "--issuer", "https://other.example"], "character by character"),
        (vec!["inspect", &forged], "BAD"),
        (vec!["inspect", "opaque"], "opaque token"),
        (vec!["inspect", "a.b"], "cut when copied"),
    ] {
        let done = user.run(&words);
        assert_eq!(done.status.code(), Some(1), "{words:?}");
        assert!(done.out.contains(part) && done.out.contains("NOT good"), "{words:?}: {}", done.out);
    }
    server.end();
    let done = user.run(&["inspect", token]);
    assert!(!done.status.success() && done.out.contains("cannot connect"), "{}", done.out);
}
