//! The root client: from the environment, by all its names; and made anew, offline.

use std::process::Stdio;

use countersign_issuer::audit::{AuditEvent, AuditRecord};
use countersign_issuer::store::Command;
use countersign_proto::time::UnixTime;
use countersign_store::DatabaseUrl;
use serde_json::json;

use crate::harness::{PROGRAM, User, mode, token};

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
    assert_eq!((&reset["client_id"], &reset["contexts"]), (&json!("root"), &json!(["local"])));
    let file = user.data().join("root-client");
    assert_eq!(reset["root_secret_file"], file.display().to_string());
    assert_eq!(mode(&file), 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    let new = text.lines().find_map(|line| line.strip_prefix("COUNTERSIGN_ROOT_CLIENT_SECRET=")).unwrap();
    assert!(!reset.to_string().contains(new), "no secret goes where nobody watches");
    // another port: the context is known by the data folder, and a command finds the server again
    let server = user.serve(&[]);
    assert_eq!(token(&server, "system", "root", new).0, 200);
    assert_eq!(token(&server, "system", "root", &old).0, 401);
    let saved = std::fs::read_to_string(user.contexts()).unwrap();
    assert!(saved.contains(new) && !saved.contains(&old), "{saved}");
}

/// Where no context knows the root, what a reset prints can be pasted.
#[test]
fn what_a_reset_says_can_be_pasted() {
    let user = User::new();
    let listen = user.serve(&[]);
    let address = listen.address();
    assert!(listen.end().0.success());
    user.ok(&["context", "delete", "local"]);
    let data = user.data().display().to_string();
    let said = user.ok(&["root", "reset", "--data", &data, "--listen", &address]);
    let _server = user.serve(&["--listen", &address]);
    let line = said.lines().find(|line| line.contains("context add")).unwrap();
    let done = user.shell(line);
    assert!(done.status.success(), "{line}: {}", done.err);
    assert!(user.ok(&["realm", "list"]).contains("system"));
}

/// What a refusal to end root says to do is there.
#[test]
fn root_is_not_ended_by_a_command() {
    let user = User::new();
    let _server = user.serve(&[]);
    for words in [&["client", "delete", "root"][..], &["client", "update", "root", "--disable"]] {
        let said = user.fails(&[words, &["--realm", "system"]].concat());
        assert!(said.contains("countersign root reset"), "{said}");
    }
    user.ok(&["realm", "list"]);
}

/// Issue 3: a second start says where it is. Where root is gone it makes another, and does not call that a first start.
#[test]
fn a_start_without_root_says_so() {
    let user = User::new();
    let server = user.serve(&[]);
    assert!(server.end().0.success());
    delete_root(&user);
    let data = user.data().display().to_string();
    let mut child = user
        .command(PROGRAM)
        .args(["serve", "--data", &data, "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut text = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    while !text.contains("context ") {
        assert_ne!(std::io::BufRead::read_line(&mut out, &mut text).unwrap(), 0, "{text}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(text.contains("no root client any more") && !text.contains("first start"), "{text}");
}

/// What no request does: takes root out of the database of a stopped server.
fn delete_root(user: &User) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = DatabaseUrl::Sqlite(user.data().join("countersign.db"));
        let store = countersign_store::open(&url).await.unwrap();
        let (_, realms) = store.realms().await.unwrap();
        let system = realms.iter().find(|record| record.realm.name == "system").unwrap();
        let (realm_id, client_id) = (system.realm.id.clone(), "root".to_owned());
        let audit = AuditRecord {
            id: 0,
            at: UnixTime(0),
            event: AuditEvent::ClientDeleted,
            realm: "system".to_owned(),
            actor: "test".to_owned(),
            subject: client_id.clone(),
            request_id: String::new(),
            detail: serde_json::Value::Null,
        };
        store.execute(Command::DeleteClient { realm_id, client_id, expected: None }, audit).await.unwrap();
        store.close().await;
    });
}

/// The contract: a given root secret gets a warning under 32 characters.
#[test]
fn a_short_root_secret_is_warned_about() {
    for (secret, warned) in [("fidesopsadminsecret", true), ("a-secret-of-more-than-32-characters", false)] {
        let user = given(NAMES[1], "boss", secret);
        let (_, said) = user.serve(&[]).end();
        assert_eq!(said.contains("fewer than 32 characters"), warned, "{said}");
        assert_eq!(user.run(&["config", "check"]).err.contains("fewer than 32 characters"), warned);
    }
}

/// A reset where there is no database makes none.
#[test]
fn a_reset_needs_a_database() {
    let user = User::new();
    let data = user.data().display().to_string();
    let said = user.fails(&["root", "reset", "--data", &data]);
    assert!(said.contains("--data") && !user.data().exists(), "{said}");
}
