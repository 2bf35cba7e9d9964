//! Issue 3, "What a new user does": the first start, the second, and what keeps a server from starting.

use std::process::Stdio;

use crate::harness::{PROGRAM, User, mode, token, until};

/// The first start makes a data folder that nobody else can read, tells the root secret in a 0600 file when nobody
/// watches, and saves a context with which the next command works.
#[test]
fn a_first_start_makes_all_that_is_needed() {
    let user = User::new();
    let server = user.serve(&[]);
    for (path, bits) in [
        (user.data(), 0o700),
        (user.data().join("keys"), 0o600),
        (user.data().join("root-client"), 0o600),
        (user.contexts(), 0o600),
        (user.contexts().parent().unwrap().to_owned(), 0o700),
    ] {
        assert_eq!(mode(&path), bits, "{}", path.display());
    }
    assert_eq!(mode(&user.data().join("countersign.db")) & 0o077, 0);
    assert_eq!(server.url(), format!("http://localhost:{}", server.address().rsplit(':').next().unwrap()));
    let secret = server.root_secret();
    assert_eq!(token(&server, "system", "root", &secret).0, 200);
    assert!(user.ok(&["realm", "list"]).contains("system"));
    let (status, said) = server.end();
    assert!(status.success());
    assert!(!said.contains(&secret), "{said}");
}

/// The commands that the first start prints work word for word, in a shell of their own.
#[test]
fn what_a_first_start_says_can_be_pasted() {
    let user = User::new();
    let mut child = user
        .command(PROGRAM)
        .args(["serve", "--listen", "localhost:0", "--ops", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut pasted = Vec::new();
    while pasted.len() < 4 {
        let mut line = String::new();
        assert_ne!(std::io::BufRead::read_line(&mut out, &mut line).unwrap(), 0, "the start said too little");
        if line.trim().starts_with(PROGRAM) {
            pasted.push(line.trim().to_owned());
        }
    }
    let mut last = String::new();
    for line in &pasted {
        let done = user.shell(line);
        assert!(done.status.success(), "{line}: {}", done.err);
        last = done.out;
    }
    assert!(user.home().join("countersign-data/keys").exists(), "the default data folder");
    let inspected = user.run_with(&["inspect", "-", "--audience", "https://orders.example"], &last);
    assert!(inspected.status.success(), "{}", inspected.out);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// On a terminal the secret is shown, once, and no file holds it but the context.
#[test]
fn a_person_at_a_terminal_sees_the_secret() {
    let user = User::new();
    let serve = format!("{PROGRAM} serve --listen localhost:0 --ops 127.0.0.1:0");
    let typescript = user.home().join("typescript");
    let mut child = user
        .command("script")
        .args(["--quiet", "--flush", "--command", &serve, &typescript.display().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let shown = || std::fs::read_to_string(&typescript).unwrap_or_default();
    until("the start is told", || shown().contains("token --context svc"));
    let text = shown();
    let secret = text.split_whitespace().find(|word| word.starts_with("csk_")).expect("a secret");
    assert!(text.contains("shown once"));
    assert!(!user.home().join("countersign-data/root-client").exists());
    assert!(std::fs::read_to_string(user.contexts()).unwrap().contains(secret));
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A second start says where it is and shows no secret, and the first one's tokens verify.
#[test]
fn a_second_start_keeps_everything_and_shows_no_secret() {
    let user = User::new();
    let first = user.serve(&[]);
    let secret = first.root_secret();
    let jwt = user.ok(&["token"]);
    let port = first.address();
    assert!(first.end().0.success());
    std::fs::remove_file(user.data().join("root-client")).unwrap();

    let second = user.serve(&["--listen", &port]);
    assert!(second.line["root_secret_file"].is_null());
    assert!(!user.data().join("root-client").exists());
    assert_eq!(token(&second, "system", "root", &secret).0, 200);
    assert!(user.run(&["inspect", jwt.trim()]).status.success());
    let (_, said) = second.end();
    assert!(!said.contains("csk_"), "{said}");
}

/// Issue 3, item 8: a second server on the same data refuses to start and says why.
#[test]
fn a_second_server_on_the_same_data_refuses() {
    let user = User::new();
    let server = user.serve(&[]);
    let data = user.data().display().to_string();
    let said = user.fails(&["serve", "--data", &data, "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"]);
    assert!(said.contains("error: ") && said.contains("next: stop the other server"), "{said}");
    assert_eq!(token(&server, "system", "root", &server.root_secret()).0, 200);
}

/// A port that is taken is named, with what to do; nothing is made.
#[test]
fn a_taken_port_is_named() {
    let user = User::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    let data = user.data().display().to_string();
    let said = user.fails(&["serve", "--data", &data, "--listen", &taken, "--ops", "127.0.0.1:0"]);
    assert!(said.contains(&taken) && said.contains("in use"), "{said}");
    assert!(!user.data().exists());
}

/// Beyond loopback a server needs to know its URL, and TLS or the word danger.
#[test]
fn beyond_loopback_nothing_is_guessed() {
    let user = User::new();
    let data = user.data().display().to_string();
    let serve = ["serve", "--data", &data, "--listen", "0.0.0.0:0", "--ops", "127.0.0.1:0"];
    let said = user.fails(&serve);
    assert!(said.contains("--public-url"), "{said}");
    let said = user.fails(&[&serve[..], &["--public-url", "https://auth.example.com"]].concat());
    assert!(said.contains("--danger-plain-http"), "{said}");
    assert!(!user.data().exists());
    let words = ["--listen", "0.0.0.0:0", "--public-url", "https://auth.example.com", "--danger-plain-http"];
    let server = user.serve(&words);
    assert_eq!(server.url(), "https://auth.example.com");
}

/// Issue 3, item 7: without the keys that a database was made with there is no start, and nothing is made in their place.
#[test]
fn lost_or_foreign_master_keys_are_told() {
    let user = User::new();
    assert!(user.serve(&[]).end().0.success());
    let keys = user.data().join("keys");
    let text = std::fs::read_to_string(&keys).unwrap();
    let data = user.data().display().to_string();
    let serve = ["serve", "--data", &data, "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];

    std::fs::remove_file(&keys).unwrap();
    let said = user.fails(&serve);
    assert!(said.contains("restore") && !keys.exists(), "{said}");

    let other = User::new();
    assert!(other.serve(&[]).end().0.success());
    std::fs::copy(other.data().join("keys"), &keys).unwrap();
    let said = user.fails(&serve);
    assert!(said.contains("--keys"), "{said}");

    std::fs::remove_file(&keys).unwrap();
    let moved = user.write("moved", &text);
    assert!(user.serve(&["--keys", &moved.display().to_string()]).end().0.success());
    let given = User::new().with("COUNTERSIGN_MASTER_KEYS", &text.replace('\n', ";"));
    assert!(given.serve(&[]).end().0.success());
    assert!(!given.data().join("keys").exists());
}

/// Master keys that others may read are warned about at every start, by path and with what to do.
#[test]
fn open_master_keys_are_warned_about() {
    use std::os::unix::fs::PermissionsExt as _;
    let user = User::new();
    let (_, said) = user.serve(&[]).end();
    assert!(!said.contains("chmod 600"), "{said}");
    let keys = user.data().join("keys");
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (_, said) = user.serve(&[]).end();
    assert!(said.contains("chmod 600") && said.contains(&keys.display().to_string()), "{said}");
}

/// Item 14: SIGTERM lets what is in flight finish, takes nothing new, and ends with 0; health says so meanwhile.
#[test]
fn a_polite_end_finishes_what_is_in_flight() {
    use std::io::{Read, Write};
    let user = User::new();
    let mut server = user.serve(&[]);
    let body = format!("grant_type=client_credentials&client_id=root&client_secret={}", server.root_secret());
    let mut stream = std::net::TcpStream::connect(server.address()).unwrap();
    let (head, rest) = body.split_at(10);
    write!(
        stream,
        "POST /realms/system/oauth2/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{head}",
        body.len()
    )
    .unwrap();
    // the request is in flight once its connection was accepted, which a later request proves
    assert_eq!(crate::harness::http(&server.ops(), "GET /readyz HTTP/1.1", "").0, 200);
    assert_eq!(token(&server, "system", "nobody", "x").0, 401);
    server.signal("TERM");
    until("no new connections", || std::net::TcpStream::connect(server.address()).is_err());
    assert_eq!(crate::harness::http(&server.ops(), "GET /readyz HTTP/1.1", "").0, 503);
    assert!(!user.run(&["health", "--ops", &server.ops()]).status.success());
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("access_token"), "{answer}");
    let (status, said) = server.ended();
    assert!(status.success(), "{said}");
    assert!(said.contains("ended"), "{said}");
}

/// After an orderly end the database's one file is all of it: a copy of it is a backup.
#[test]
fn an_ended_server_leaves_one_file() {
    let user = User::new();
    let log = user.data().join("countersign.db-wal");
    assert!(user.serve(&[]).end().0.success());
    assert!(!log.exists(), "after serve");
    user.ok(&["root", "reset", "--data", &user.data().display().to_string()]);
    assert!(!log.exists(), "after root reset");
}

/// `health` asks the ops listener by the same flags and variables, and exits 0 or 1.
#[test]
fn health_tells_by_its_exit_code() {
    let user = User::new();
    let server = user.serve(&[]);
    assert!(user.ok(&["health", "--ops", &server.ops()]).contains("ready"));
    let same = User::new().with("COUNTERSIGN_OPS", &server.ops());
    assert!(same.run(&["health"]).status.success());
    let ops = server.ops();
    server.end();
    let said = user.fails(&["health", "--ops", &ops]);
    assert!(said.contains("cannot connect"), "{said}");
}

/// Where there is no home to keep a context in, as in containers, the server starts all the same.
#[test]
fn no_home_is_no_hindrance() {
    let user = User::new().with("HOME", "/proc/nowhere");
    let server = user.serve(&[]);
    assert_eq!(token(&server, "system", "root", &server.root_secret()).0, 200);
}
