//! Issue 3, item 11: the verbs over the admin API, as a person and as a program use them.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{PROGRAM, User, token};

const ORDERS: &str = "https://orders.example";

/// A realm with an API; commands mean that realm.
fn prepared(user: &User) {
    user.ok(&["realm", "create", "myorg"]);
    user.ok(&["context", "use", "local", "--realm", "myorg"]);
    user.ok(&[
        "api",
        "create",
        ORDERS,
        "--name",
        "Orders",
        "--scope",
        "orders:read=Look at orders",
        "--scope",
        "orders:write",
    ]);
}

#[test]
fn realms() {
    let user = User::new();
    let _server = user.serve(&[]);
    let made = user.json(&["realm", "create", "shop", "--profile", "keycloak", "--template", "keycloak"]);
    assert_eq!((&made["profile"], &made["algorithm"]), (&json!("keycloak"), &json!("RS256")));
    let changed = user.json(&["realm", "update", "shop", "--token-lifetime", "60", "--disable"]);
    assert_eq!((&changed["token_lifetime"], &changed["enabled"]), (&json!(60), &json!(false)));
    let changed = user.json(&["realm", "update", "shop", "--unset", "token_lifetime", "--enable"]);
    assert_eq!((&changed["token_lifetime"], &changed["enabled"]), (&json!(300), &json!(true)));
    assert!(user.ok(&["realm", "show", "shop"]).contains("keycloak"));
    let listed = user.json(&["realm", "list"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    user.ok(&["realm", "delete", "shop"]);
    assert!(!user.ok(&["realm", "list"]).contains("shop"));
}

/// Who sits at a terminal is asked before a realm or a client goes; scripts and `--yes` are not.
#[test]
fn what_is_deleted_at_a_terminal_is_asked_about() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    user.ok(&["client", "create", "svc"]);
    for (words, listed, name) in
        [("client delete svc", ["client", "list"], "svc"), ("realm delete myorg", ["realm", "list"], "myorg")]
    {
        for (given, answer, asked, gone) in [
            ("", "n", true, false),
            ("", "", true, false),
            ("", "no, yes", true, false),
            (" < /dev/null", "y", false, true),
            (" --yes", "n", false, true),
            ("", "y", true, true),
        ] {
            let said = at_terminal(&user, &format!("{PROGRAM} {words}{given}"), answer);
            assert_eq!(said.contains("[y/N]"), asked, "{words}{given}: {said}");
            assert_eq!(
                said.contains(name) && said.contains("nothing was deleted"),
                !gone,
                "{answer}: {said}"
            );
            assert_eq!(!user.ok(&listed).contains(name), gone, "{words}{given}, {answer}");
            if gone && name == "svc" {
                user.ok(&["client", "create", "svc"]);
            } else if gone {
                user.ok(&["realm", "create", "myorg"]);
            }
        }
    }
}

/// Runs a line on a terminal of its own, with an answer typed there; returns all that stood there.
fn at_terminal(user: &User, line: &str, answer: &str) -> String {
    let mut child = user
        .command("script")
        .args(["--quiet", "--command", line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{answer}").unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn apis_and_scopes() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    let shown = user.json(&["api", "show", ORDERS]);
    assert_eq!(shown["scopes"][0], json!({ "name": "orders:read", "description": "Look at orders" }));
    user.ok(&["api", "scope", "add", ORDERS, "a=b", "--description", "with an equals sign"]);
    user.ok(&["api", "scope", "update", ORDERS, "a=b", "--description", "described anew"]);
    assert!(user.ok(&["api", "scope", "list", ORDERS]).contains("described anew"));
    user.ok(&["api", "scope", "delete", ORDERS, "a=b"]);
    let by_id = user.json(&["api", "show", shown["id"].as_str().unwrap()]);
    assert_eq!(by_id["scopes"].as_array().unwrap().len(), 2);
    let changed = user.json(&["api", "update", ORDERS, "--token-lifetime", "120", "--name", "All orders"]);
    assert_eq!((&changed["token_lifetime"], &changed["name"]), (&json!(120), &json!("All orders")));
    assert!(user.ok(&["api", "list"]).contains("All orders"));
    assert!(user.ok(&["api", "show", "default"]).contains("/realms/myorg/api"));
    user.ok(&["api", "delete", ORDERS]);
    assert!(user.fails(&["api", "show", ORDERS]).contains("next: "));
}

#[test]
fn clients_secrets_and_grants() {
    let user = User::new();
    let server = user.serve(&[]);
    prepared(&user);
    let made = user.json(&[
        "client",
        "create",
        "svc",
        "--api",
        ORDERS,
        "--scope",
        "orders:read",
        "--claim",
        "level=3",
    ]);
    assert_eq!(made["grants"][0]["default"], json!(["orders:read"]));
    let first = made["secret"].as_str().unwrap();
    assert_eq!(token(&server, "myorg", "svc", first).0, 200);

    let second = user.json(&["secret", "create", "svc", "--label", "next", "--expires-in", "1d"]);
    assert!(second["expires_at"].is_i64());
    let listed = user.json(&["secret", "list", "svc"]);
    let old = listed["items"].as_array().unwrap().iter().find(|s| s["id"] != second["id"]).unwrap();
    user.ok(&["secret", "delete", "svc", old["id"].as_str().unwrap()]);
    assert_eq!(token(&server, "myorg", "svc", first).0, 401);
    assert_eq!(token(&server, "myorg", "svc", second["secret"].as_str().unwrap()).0, 200);

    user.ok(&["grant", "set", "svc", ORDERS, "--scope", "orders:read", "--optional", "orders:write"]);
    assert_eq!(user.json(&["grant", "show", "svc", ORDERS])["optional"], json!(["orders:write"]));
    assert_eq!(user.json(&["grant", "list", "svc"])["items"].as_array().unwrap().len(), 1);
    user.ok(&["grant", "delete", "svc", ORDERS]);
    assert_eq!(user.json(&["grant", "list", "svc"])["items"], json!([]));

    let changed =
        user.json(&["client", "update", "svc", "--disable", "--allow", "127.0.0.0/8", "--claim", "a=b"]);
    assert_eq!((&changed["enabled"], &changed["allowed_cidrs"]), (&json!(false), &json!(["127.0.0.0/8"])));
    assert_eq!(changed["claims"], json!({ "a": "b", "level": 3 }), "a merge patch (RFC 7396)");
    assert_eq!(token(&server, "myorg", "svc", second["secret"].as_str().unwrap()).0, 401);
    assert!(user.ok(&["client", "show", "svc"]).contains("127.0.0.0/8"));
    assert!(user.ok(&["client", "list"]).contains("svc"));
    user.ok(&["client", "delete", "svc"]);
    assert!(!user.ok(&["client", "list"]).contains("svc"));
    let audit = user.ok(&["audit"]);
    assert!(audit.contains("client.deleted") && audit.contains("root@system"), "{audit}");
}

/// A secret of the operator's own comes from a file, never from the command line.
#[test]
fn a_given_secret_comes_from_a_file() {
    let user = User::new();
    let server = user.serve(&[]);
    user.ok(&["realm", "create", "myorg"]);
    let file = user.write("svc.secret", "a-secret-of-my-own-choice\n").display().to_string();
    let done =
        user.run(&["client", "create", "svc", "--realm", "myorg", "--secret-file", &file, "--scope", "x"]);
    assert!(!done.status.success(), "the default API has no scope x");
    assert!(done.err.contains("the client is not registered"), "{}", done.err);
    let done = user.run(&["client", "create", "svc", "--realm", "myorg", "--secret-file", &file]);
    assert!(
        done.status.success() && done.err.contains("warning"),
        "a short secret gets a warning: {}",
        done.err
    );
    let status = token(&server, "myorg", "svc", "a-secret-of-my-own-choice").0;
    assert!(matches!(status, 200 | 400), "{status}");
}

/// What `client create` prints works word for word, in the header and in the body.
#[test]
fn what_a_new_client_is_told_can_be_pasted() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    for (id, method) in [("svc", "client_secret_basic"), ("bodily", "client_secret_post")] {
        let words =
            ["client", "create", id, "--api", ORDERS, "--scope", "orders:read", "--auth-method", method];
        let text = user.ok(&[&words[..], &["--save-context", id]].concat());
        let export = text.lines().find(|line| line.starts_with("export COUNTERSIGN_CLIENT_SECRET=")).unwrap();
        let curl = text.lines().find(|line| line.starts_with("curl ")).unwrap();
        let done = user.shell(&format!("{export}\n{curl}"));
        let answer: Value =
            serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{curl}: {}{}", done.out, done.err));
        assert_eq!(answer["scope"], "orders:read", "{answer}");
        for part in ["requests.post(", "await fetch(", "clientcredentials.Config{"] {
            assert!(text.contains(part), "{part}");
        }
        let pasted = |begin: &str, end: &str| {
            let from = text.find(begin).unwrap();
            text[from..].split(end).next().unwrap().to_owned()
        };
        let node = format!("{}\nconsole.log(access_token.split('.').length)", pasted("// Node.js", "// Go"));
        let file = user.write("paste.mjs", &node);
        let done = user.shell(&format!("{export}\nnode {}", file.display()));
        assert_eq!(done.out.trim(), "3", "{node}\n{}", done.err);
        // without `requests` at hand: what it is called with must at least be Python
        let python =
            pasted("# Python", "// Node.js").replace("import os, requests", "import os\nrequests = None");
        let file = user.write("paste.py", &python);
        let done = user.shell(&format!("{export}\npython3 {}", file.display()));
        assert!(done.err.contains("'NoneType' object has no attribute 'post'"), "{python}\n{}", done.err);
        assert_eq!(user.json(&["token", "--context", id])["scope"], "orders:read");
    }
}

#[test]
fn keys() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    let first = user.json(&["key", "list"])["items"][0].clone();
    assert_eq!(first["state"], "active");
    let added = user.json(&["key", "add"]);
    assert_eq!(added["state"], "announced");
    let too_early = user.fails(&["key", "rotate"]);
    assert!(too_early.contains("error: "), "{too_early}");
    let rotated = user.json(&["key", "rotate", "--force"]);
    assert_eq!((&rotated["kid"], &rotated["state"]), (&added["kid"], &json!("active")));
    let retired = user.json(&["key", "retire", first["kid"].as_str().unwrap(), "--immediately"]);
    assert_eq!(retired["state"], "retired");
    assert!(user.ok(&["key", "list"]).contains("retired"));
}

/// Errors name the field and the request, and say what to do next.
#[test]
fn errors_say_what_to_do_next() {
    let user = User::new();
    let said = user.fails(&["realm", "list"]);
    assert!(said.contains("no context") && said.contains("countersign serve"), "{said}");
    let server = user.serve(&[]);
    let said = user.fails(&["api", "list"]);
    assert!(said.contains("--realm NAME"), "{said}");
    let said = user.fails(&["realm", "create", "not a name"]);
    assert!(said.contains("field name") && said.contains("request "), "{said}");
    let said = user.fails(&["realm", "create", "x", "--profile", "nonsense"]);
    assert!(said.contains("field profile"), "{said}");
    let said = user.fails(&["client", "show", "..", "--realm", "system"]);
    assert!(said.contains("'..' is no name"), "{said}");
    let said = user.fails(&["realm", "list", "--context", "nowhere"]);
    assert!(said.contains("context list"), "{said}");
    server.end();
    let said = user.fails(&["realm", "list"]);
    assert!(said.contains("cannot connect") && said.contains("countersign serve"), "{said}");
}

/// Lists longer than a page come whole, or as many as were asked for.
#[test]
fn long_lists_come_whole() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    for at in 0..7 {
        user.ok(&["api", "scope", "add", "default", &format!("s{at}")]);
        user.ok(&["client", "create", &format!("c{at}"), "--output", "json"]);
    }
    let all = user.json(&["client", "list"]);
    assert_eq!((all["items"].as_array().unwrap().len(), &all["next"]), (7, &Value::Null));
    let some = user.json(&["client", "list", "--limit", "3"]);
    assert_eq!(some["items"].as_array().unwrap().len(), 3);
    assert!(some["next"].is_string());
}

/// A client without a grant is told of it, and a secret that was given is not shown again.
#[test]
fn a_new_client_is_told_what_it_lacks() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    let file = user.write("given", "the-secret-of-the-callers-have-already\n").display().to_string();
    let done = user.run(&["client", "create", "ten", "--secret-file", &file]);
    assert!(done.err.contains("countersign grant set ten default --realm myorg"), "{}", done.err);
    assert!(
        done.out.contains(&format!("$(cat {file})")) && !done.out.contains("the-secret-of"),
        "{}",
        done.out
    );
    let granted = user.run(&["client", "create", "eleven", "--api", ORDERS, "--scope", "orders:read"]);
    assert!(!granted.err.contains("grant set"), "{}", granted.err);
}

/// Errors say what to do next, in the command's words.
#[test]
fn errors_name_the_command_that_helps() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    user.ok(&["client", "create", "svc"]);
    for (words, command) in [
        (&["client", "create", "x", "--api", "nope"][..], "`countersign api list --realm myorg`"),
        (&["client", "show", "nope"], "`countersign client list --realm myorg`"),
        (&["realm", "show", "nope"], "`countersign realm list`"),
        (&["key", "retire", "nope"], "`countersign key list --realm myorg`"),
        (&["secret", "delete", "svc", "nope"], "`countersign secret list svc --realm myorg`"),
    ] {
        let said = user.fails(words);
        assert!(said.contains(command), "{words:?}: {said}");
    }
    user.ok(&["key", "add"]);
    let said = user.fails(&["key", "rotate"]);
    assert!(said.contains("--force") && said.contains("Z") && !said.contains('"'), "{said}");
    assert!(user.fails(&["realm", "update", "myorg"]).contains("nothing is to be changed"));
    assert!(user.fails(&["audit", "--limit", "0"]).contains("from 1"));
}
