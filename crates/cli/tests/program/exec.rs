//! `exec`: a program with a token that stays fresh, and that never has more than that.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::harness::{PROGRAM, User, until};
use crate::tokens::prepared;

/// `exec` with a program that waits for a line, or for its end.
struct Running {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    err: Arc<Mutex<String>>,
}

impl Running {
    fn start(user: &User, words: &[&str], script: &str) -> Self {
        Self::of(heeding(user).arg("exec").args(words).args(["--", "sh", "-c", script]))
    }

    fn of(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = Arc::new(Mutex::new(String::new()));
        let (mut pipe, said) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&err));
        std::thread::spawn(move || {
            let mut line = String::new();
            while pipe.read_line(&mut line).is_ok_and(|read| read > 0) {
                said.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Self { child, out, err }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    fn said(&self) -> String {
        self.err.lock().unwrap().clone()
    }

    /// Its code, and what it still printed.
    fn ended(mut self) -> (Option<i32>, String) {
        // waiting would close it, and end a program that reads
        let _stdin = self.child.stdin.take();
        let code = self.child.wait().unwrap().code();
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (code, rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, ignoring no signal: whoever runs the tests in the background may ignore some, and that is inherited.
fn heeding(user: &User) -> Command {
    if !cfg!(target_os = "linux") {
        return user.command(PROGRAM);
    }
    let mut command = user.command("env");
    command.args(["--default-signal", PROGRAM]);
    command
}

/// What `exec` left where temporary files are.
fn left(user: &User) -> Vec<PathBuf> {
    let all = std::fs::read_dir(user.home()).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("countersign-")).collect()
}

/// The contract: the token in the environment and in a file that nobody else reads, the code passed on, no secret of the
/// client's, and nothing left behind.
#[test]
fn a_program_gets_a_token_and_no_secret() {
    let user = User::new();
    let server = user.serve(&[]);
    let file = prepared(&user);
    let secret = std::fs::read_to_string(&file).unwrap();
    let issuer = format!("{}/realms/myorg", server.url());
    let script = "echo \"$COUNTERSIGN_TOKEN\"; cat \"$COUNTERSIGN_TOKEN_FILE\"; echo
        stat -c %a \"$COUNTERSIGN_TOKEN_FILE\" \"$(dirname \"$COUNTERSIGN_TOKEN_FILE\")\"
        env; exit 7";
    let user = user.with("COUNTERSIGN_CLIENT_SECRET", &secret).with("MINE", &secret).with("OTHER", "kept");
    for words in [&["--client-secret-env", "MINE"][..], &["--client-secret-file", &file], &[]] {
        let words = [&["exec", "--issuer", &issuer, "--client-id", "svc"][..], words].concat();
        let done = user.run(&[&words[..], &["--", "sh", "-c", script]].concat());
        assert_eq!(done.status.code(), Some(7), "{}", done.err);
        let lines: Vec<&str> = done.out.lines().collect();
        assert_eq!(lines[0].split('.').count(), 3, "{}", done.out);
        assert_eq!((lines[1], lines[2], lines[3]), (lines[0], "600", "700"));
        assert!(done.out.contains("OTHER=kept") && !done.out.contains("COUNTERSIGN_CLIENT_SECRET"));
        if words.contains(&"MINE") {
            assert!(!done.out.contains(&secret), "{}", done.out);
        }
        assert!(left(&user).is_empty());
    }
    // nor what a server reads, which may run beside it
    let mut server_too = user;
    for name in ["COUNTERSIGN_ROOT_CLIENT_SECRET", "OAUTH_ROOT_CLIENT_SECRET", "COUNTERSIGN_MASTER_KEYS"] {
        server_too = server_too.with(name, "of-the-server");
    }
    let user = server_too;
    let done = user.run(&[
        "exec",
        "--issuer",
        &issuer,
        "--client-id",
        "svc",
        "--client-secret-file",
        &file,
        "--",
        "env",
    ]);
    assert!(done.out.contains("COUNTERSIGN_TOKEN=") && !done.out.contains("of-the-server"), "{}", done.out);
    // a context's own variable is no better
    let mut add = vec!["context", "add", "by-env", "--client-secret-env", "MINE", "--client-id", "svc"];
    let url = server.url();
    add.extend(["--client-realm", "myorg", "--server", &url]);
    user.ok(&add);
    let done = user.run(&["exec", "--context", "by-env", "--", "env"]);
    assert!(done.out.contains("COUNTERSIGN_TOKEN=") && !done.out.contains(&secret), "{}", done.out);
}

/// What cannot be run, as shells tell it; and without a token nothing is run at all.
#[test]
fn what_is_not_run_is_told_apart() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    let exec = |words: &[&str]| user.run(&[&["exec", "--context", "svc"][..], words].concat());
    assert_eq!(exec(&["--", "no-such-program"]).status.code(), Some(127));
    assert_eq!(exec(&["--", "/"]).status.code(), Some(126));
    assert_eq!(exec(&["true"]).status.code(), Some(2), "`--` is needed");
    let done = exec(&["--scope", "orders:refund", "--", "touch", "ran"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(done.err.contains("invalid_scope") && !user.home().join("ran").exists(), "{}", done.err);
    assert!(left(&user).is_empty());
}

/// Signals reach the program, and its answer to them is ours; nothing is left behind.
#[test]
fn signals_are_passed_on() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    for (name, number) in [
        ("TERM", 15),
        ("INT", 2),
        ("HUP", 1),
        ("QUIT", 3),
        ("USR1", 10),
        ("USR2", 12),
        ("ALRM", 14),
        ("XCPU", 24),
    ] {
        let words = ["--context", "svc"];
        let trap = format!("trap 'echo got; exit 5' {name}; echo ready; while :; do read line || :; done");
        let mut running = Running::start(&user, &words, &trap);
        assert_eq!(running.line(), "ready", "{}", running.said());
        running.signal(name);
        assert_eq!(running.ended(), (Some(5), "got\n".to_owned()), "{name}");

        let mut running = Running::start(&user, &words, "echo ready; exec cat");
        assert_eq!(running.line(), "ready");
        running.signal(name);
        assert_eq!(running.ended().0, Some(128 + number), "{name}");
        assert!(left(&user).is_empty());
    }
    // a program that ends by itself is told in the same way
    assert_eq!(
        user.run(&["exec", "--context", "svc", "--", "sh", "-c", "kill -9 $$"]).status.code(),
        Some(137)
    );
}

/// Those that do no harm by themselves reach the program too, and one that stops it stops `exec` with it.
#[cfg(target_os = "linux")]
#[test]
fn it_stops_and_goes_on_with_its_program() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    for name in ["WINCH", "URG", "CONT", "PWR"] {
        let trap = format!("trap 'echo got; exit 5' {name}; echo ready; while :; do read line || :; done");
        let mut running = Running::start(&user, &["--context", "svc"], &trap);
        assert_eq!(running.line(), "ready", "{}", running.said());
        running.signal(name);
        assert_eq!(running.ended(), (Some(5), "got\n".to_owned()), "{name}");
    }
    let script = "trap 'echo stops' TSTP; echo ready; read line || read line; echo \"$line\"";
    let mut running = Running::start(&user, &["--context", "svc"], script);
    assert_eq!(running.line(), "ready", "{}", running.said());
    let status = format!("/proc/{}/status", running.child.id());
    running.signal("TSTP");
    until("it stops", || std::fs::read_to_string(&status).unwrap().contains("State:\tT"));
    running.signal("CONT");
    until("it goes on", || !std::fs::read_to_string(&status).unwrap().contains("State:\tT"));
    running.child.stdin.as_mut().unwrap().write_all(b"on\n").unwrap();
    assert_eq!([running.line(), running.line()], ["stops", "on"]);
}

/// As under `nohup`, and behind `&` in a script: what is ignored when it starts is ignored by its program too.
#[cfg(target_os = "linux")]
#[test]
fn ignored_signals_stay_ignored() {
    let user = User::new();
    let _server = user.serve(&[]);
    prepared(&user);
    let line = format!(
        "trap '' HUP INT; exec {PROGRAM} exec --context svc -- sh -c 'grep SigIgn /proc/self/status; read line'"
    );
    let mut command = user.command("sh");
    let mut running = Running::of(command.args(["-c", &line]));
    let ignored = running.line();
    let mask = ignored.rsplit('\t').next().and_then(|mask| u64::from_str_radix(mask, 16).ok());
    assert_eq!(mask.map(|mask| mask & 0b11), Some(0b11), "{ignored} {}", running.said());
    running.signal("HUP");
    running.signal("INT");
    running.signal("TERM");
    assert_eq!(running.ended().0, Some(128 + 15));
}

/// The file is renewed before its token expires, replaced as a whole, and keeps the old token while the server is away.
#[test]
fn the_file_stays_fresh() {
    let user = User::new();
    let server = user.serve(&[]);
    prepared(&user);
    user.ok(&["client", "update", "svc", "--realm", "myorg", "--token-lifetime", "2", "--context", "local"]);
    let script = "echo \"$COUNTERSIGN_TOKEN_FILE\"; read line";
    let mut running = Running::start(&user, &["--context", "svc"], script);
    let file = PathBuf::from(running.line());
    let held = |file: &Path| std::fs::read_to_string(file).unwrap();
    let first = held(&file);
    until("the token is renewed", || held(&file) != first);
    assert_eq!(held(&file).split('.').count(), 3);

    let address = server.address();
    server.end();
    until("the failure is told", || running.said().contains("not renewed"));
    let kept = held(&file);
    assert!(kept.split('.').count() == 3 && running.said().contains("next: "), "{}", running.said());
    assert_eq!(running.said().matches("warning").count(), 1, "{}", running.said());
    let _again = user.serve(&["--listen", &address]);
    until("it is renewed again", || running.said().contains("renewed again"));
    assert_ne!(held(&file), kept);
    drop(running.child.stdin.take());
    let (code, _) = running.ended();
    assert_eq!((code, left(&user).len()), (Some(1), 0), "`read` found no line");
}
