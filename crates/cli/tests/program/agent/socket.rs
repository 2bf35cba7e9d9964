//! The socket: its file, and who may connect.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use super::asked::{file, on_socket, prepared, token};
use crate::harness::{User, mode};

/// The contract: 0600; made anew where a killed agent left one, gone at the end; a second agent is refused and takes
/// nothing away.
#[test]
fn the_socket_is_its_owners_and_gone_at_the_end() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let socket = user.home().join("agent.sock");
    let agent = on_socket(&user, &[("orders", &context)]);
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(agent.line["socket"], "agent.sock");
    assert_eq!(token(&socket, "orders").status, 200);

    let said = user.fails(&["agent", "--socket", "agent.sock", "--config", "agent.toml"]);
    assert!(said.contains("another process listens on agent.sock"), "{said}");
    assert_eq!(token(&socket, "orders").status, 200);

    let mut killed = agent;
    killed.signal("KILL");
    killed.ended();
    assert!(socket.exists(), "a killed process cleans nothing up");
    let agent = on_socket(&user, &[("orders", &context)]);
    assert_eq!((mode(&socket), token(&socket, "orders").status), (0o600, 200));
    let (status, said) = agent.end();
    assert!(status.success(), "{said}");
    let left: Vec<_> =
        std::fs::read_dir(user.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("agent.sock")), "{left:?}");
}

/// A socket that another program listens on, and a file that is none, stay as they are.
#[test]
fn what_is_anothers_is_not_taken() {
    let user = User::new();
    let context = "issuer = 'http://127.0.0.1:1'\nclient_id = 'x'\nassertion_file = 'x'";
    let file = file(&user, &[("orders", context)]);
    let _live = UnixListener::bind(user.home().join("live.sock")).unwrap();
    user.write("text", "precious");
    for (path, said) in [
        ("live.sock", "another process listens"),
        ("text", "is no socket"),
        ("nowhere/agent.sock", "No such file"),
        (&*"x".repeat(120), "choose a shorter one"),
    ] {
        let text = user.fails(&["agent", "--socket", path, "--config", &file]);
        assert!(text.contains(said), "{path}: {text}");
    }
    assert!(user.home().join("live.sock").exists());
    assert_eq!(std::fs::read(user.home().join("text")).unwrap(), b"precious");
}

/// "Each caller may have only what the agent's file allows": by the user whom the kernel names.
#[test]
fn contexts_are_for_the_users_that_they_name() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let own = own_uid();
    let socket = user.home().join("agent.sock");
    let for_others = format!("{context}uids = [{OTHER}]\n");
    let for_both = format!("{context}uids = [{OTHER}, {own}]\n");

    let agent = on_socket(&user, &[("theirs", &for_others)]);
    assert_eq!(mode(&socket), 0o666, "the kernel lets them connect, and the agent asks it who they are");
    assert_eq!(token(&socket, "theirs").error(), (403, "access_denied"));
    assert_eq!(token(&socket, "nothing").error(), (403, "access_denied"), "a stranger learns no names");
    assert!(agent.end().1.contains(&format!("uid={own}")));

    let _agent = on_socket(&user, &[("theirs", &for_others), ("ours", &for_both), ("own", &context)]);
    assert_eq!(token(&socket, "theirs").error(), (403, "access_denied"));
    assert_eq!(token(&socket, "ours").status, 200);
    assert_eq!(token(&socket, "own").status, 200);

    if own == 0 {
        std::fs::set_permissions(user.home(), PermissionsExt::from_mode(0o711)).unwrap();
        let asks = |uid: u32, context: &str| {
            let curl = "curl --silent --output /dev/null --write-out '%{http_code}' --unix-socket agent.sock";
            let line = format!(
                "exec setpriv --reuid {uid} --regid {uid} --clear-groups {curl} 'http://localhost/token?context={context}'"
            );
            user.shell(&line).out
        };
        assert_eq!([asks(OTHER, "theirs"), asks(OTHER, "ours"), asks(OTHER, "own")], ["200", "200", "403"]);
        assert_eq!(asks(4243, "ours"), "403");
    }
}

/// The user that the tests run as.
fn own_uid() -> u32 {
    let output = std::process::Command::new("id").arg("-u").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// A user whom nobody is.
const OTHER: u32 = 4242;
