//! Saved contexts: like kubectl's, and readable by nobody else.

use crate::harness::{User, mode};

#[test]
fn contexts_are_added_listed_used_and_forgotten() {
    let user = User::new().with("CI_SECRET", "x");
    let file = user.write("s", "the-secret-in-the-file").display().to_string();
    let server = "https://auth.example.com/";
    user.ok(&[
        "context",
        "add",
        "prod",
        "--server",
        server,
        "--client-id",
        "ops",
        "--client-secret-file",
        &file,
    ]);
    user.ok(&[
        "context",
        "add",
        "ci",
        "--server",
        server,
        "--client-id",
        "ci",
        "--client-secret-env",
        "CI_SECRET",
    ]);
    assert_eq!(mode(&user.contexts()), 0o600);
    let listed = user.ok(&["context", "list"]);
    assert!(listed.contains("*  ci") && listed.contains("prod"), "{listed}");
    assert!(!listed.contains("the-secret"));
    user.ok(&["context", "use", "prod", "--realm", "myorg"]);
    let shown = user.json(&["context", "show"]);
    assert_eq!((shown["name"].as_str(), shown["realm"].as_str()), (Some("prod"), Some("myorg")));
    assert_eq!(shown["server"], "https://auth.example.com");
    assert!(
        !shown.to_string().contains("the-secret") && !user.ok(&["context", "show"]).contains("the-secret")
    );
    user.ok(&["context", "delete", "prod"]);
    assert!(user.fails(&["context", "show"]).contains("no context is chosen"));
    assert!(user.fails(&["context", "use", "prod"]).contains("no context 'prod'"));
    let plain = [
        "context",
        "add",
        "x",
        "--server",
        "http://a.example",
        "--client-id",
        "c",
        "--client-secret-env",
        "X",
    ];
    assert!(user.fails(&plain).contains("plain http"));
    user.ok(&[&plain[..], &["--danger-plain-http"]].concat());
}

/// A damaged file is named by line, and nothing of it is quoted: the line may hold a secret.
#[test]
fn a_damaged_file_is_told_without_its_secrets() {
    let user = User::new();
    let file = user
        .write("contexts", "current = \"a\"\n\n[context.a]\nclient_secret = \"hush\n")
        .display()
        .to_string();
    let user = user.with("COUNTERSIGN_CONTEXTS", &file);
    let said = user.fails(&["context", "list"]);
    assert!(said.contains("contexts:4") && !said.contains("hush"), "{said}");
    assert!(!user.fails(&["token"]).contains("hush"));
}

/// A saved secret may be the only copy: no other client's context takes its place.
#[test]
fn a_context_is_not_replaced_by_another_clients() {
    let user = User::new();
    let _server = user.serve(&[]);
    for realm in ["a", "b"] {
        user.ok(&["realm", "create", realm]);
    }
    user.ok(&["client", "create", "one", "--realm", "a", "--save-context", "svc"]);
    let before = std::fs::read_to_string(user.contexts()).unwrap();
    let said = user.fails(&["client", "create", "one", "--realm", "b", "--save-context", "svc"]);
    assert!(said.contains("context delete svc"), "{said}");
    assert!(!user.ok(&["client", "list", "--realm", "b"]).contains("one"), "nothing was made");
    let add = |id| ["context", "add", "svc", "--server", "https://x.example", "--client-id", id];
    let env = ["--client-secret-env", "X"];
    assert!(user.fails(&[&add("one")[..], &env].concat()).contains("context delete svc"));
    assert_eq!(std::fs::read_to_string(user.contexts()).unwrap(), before);
    user.ok(&["context", "delete", "svc"]);
    user.ok(&[&add("one")[..], &env].concat());
    user.ok(&[&add("one")[..], &env].concat());
}

/// A URL without a scheme: what is wrong, and what to do.
#[test]
fn a_url_without_a_scheme_is_explained() {
    let words =
        ["context", "add", "x", "--server", "localhost:8080", "--client-id", "c", "--client-secret-env", "X"];
    assert!(User::new().fails(&words).contains("next: begin it with https://"));
}

/// Two servers on one machine: the second one's context gets a name of its own.
#[test]
fn a_second_server_gets_a_context_of_its_own() {
    let user = User::new();
    let _first = user.serve(&[]);
    let other = user.home().join("other").display().to_string();
    let second = user.serve(&["--data", &other]);
    let port = second.address().rsplit(':').next().unwrap().to_owned();
    let listed = user.ok(&["context", "list"]);
    assert!(listed.contains("local ") && listed.contains(&format!("*  local-{port}")), "{listed}");
    user.ok(&["realm", "create", "here"]);
    assert!(!user.ok(&["realm", "list", "--context", "local"]).contains("here"));
}

/// A start that takes over the current context says so where it is seen, with the way back; and no context is lost.
#[test]
fn a_first_start_keeps_what_was_there() {
    let user = User::new();
    let secret = user.write("s", "a-secret-that-is-saved-nowhere-else").display().to_string();
    let first = user.serve(&[]);
    let address = first.address();
    let (_, said) = first.end();
    assert!(!said.contains("from now on"), "there was none before: {said}");
    let add = ["context", "add", "prod", "--server", "https://a.example", "--client-id", "x"];
    user.ok(&[&add[..], &["--client-secret-file", &secret]].concat());
    let before = std::fs::read_to_string(user.contexts()).unwrap();

    // the same address, and even the same folder: another database all the same
    let port = address.rsplit(':').next().unwrap();
    let other = user.home().join("other").display().to_string();
    let names = [format!("local-{port}"), format!("local-{port}-2")];
    let (_, said) = user.serve(&["--data", &other, "--listen", &address]).end();
    assert!(said.contains("context use prod"), "{said}");
    std::fs::rename(user.data(), user.home().join("moved")).unwrap();
    let (_, said) = user.serve(&["--listen", &address]).end();
    assert!(said.contains(&format!("'{}'", names[1])) && said.contains("context use"), "{said}");

    let after = std::fs::read_to_string(user.contexts()).unwrap();
    for line in before.lines().filter(|line| line.starts_with("client_secret")) {
        assert!(after.contains(line), "a secret is gone");
    }
    assert_eq!(after.matches("client_secret").count(), 4, "local, prod and two more");
    let shown = user.json(&["context", "list"]);
    assert_eq!(shown["current"], names[1]);
    user.ok(&["context", "use", "prod"]);
}

/// Secrets that others may read: one line, on standard error, at every command that reads them.
#[test]
fn a_file_that_others_may_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = User::new();
    let _server = user.serve(&[]);
    assert_eq!(user.run(&["realm", "list"]).err, "");
    std::fs::set_permissions(user.contexts(), std::fs::Permissions::from_mode(0o644)).unwrap();
    for words in [&["realm", "list"][..], &["context", "list"], &["token"]] {
        let done = user.run(words);
        assert!(done.status.success() && !done.out.contains("chmod"));
        assert_eq!(done.err.lines().count(), 1, "{}", done.err);
        assert!(done.err.contains(&format!("chmod 600 {}", user.contexts().display())), "{}", done.err);
    }
}

/// Proxy variables are for the outside: nothing to loopback, and no secret, ever goes to a proxy.
#[test]
fn proxy_variables_are_not_read() {
    let mut user = User::new();
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        user = user.with(name, "http://127.0.0.1:9");
    }
    let _server = user.serve(&[]);
    assert!(user.ok(&["realm", "list"]).contains("system"));
}

/// Each of several commands at once keeps what the others wrote.
#[test]
fn changes_at_the_same_time_are_all_kept() {
    let user = User::new();
    let add = |n: usize| {
        let mut command = user.command(crate::harness::PROGRAM);
        command.args(["context", "add", &format!("c{n}"), "--server", "https://a.example"]);
        command.args(["--client-id", "x", "--client-secret-env", "X"]).spawn().unwrap()
    };
    let running: Vec<_> = (0..16).map(add).collect();
    assert!(running.into_iter().all(|mut child| child.wait().unwrap().success()));
    let kept = user.json(&["context", "list"]);
    assert_eq!(kept["items"].as_array().unwrap().len(), 16, "{kept}");
}
