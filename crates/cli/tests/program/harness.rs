//! One user on one machine: a home, an environment without anything of ours, and servers that end with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_countersign");

/// A user with a home.
pub(crate) struct User {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a command came to.
pub(crate) struct Done {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// The line that it printed as JSON.
    pub(crate) line: Value,
    readers: Vec<JoinHandle<()>>,
    said: Arc<Mutex<String>>,
}

impl User {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// With this in the environment of every command.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home().join("data")
    }

    pub(crate) fn contexts(&self) -> PathBuf {
        self.home().join(".config/countersign/contexts.toml")
    }

    /// Writes a file that nobody else may read: it may hold a secret.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.home().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    /// A command that is ready to be run in the user's home.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("TMPDIR", self.home())
            .envs(self.variables.iter().cloned())
            .current_dir(self.home())
            .stdin(Stdio::null());
        command
    }

    /// Runs `countersign` with these words.
    pub(crate) fn run(&self, words: &[&str]) -> Done {
        self.run_with(words, "")
    }

    /// Runs `countersign` with these words and this on standard input.
    pub(crate) fn run_with(&self, words: &[&str], input: &str) -> Done {
        let mut child = self
            .command(PROGRAM)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // a program that does not read closes its end; that is its right
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Done::from(child.wait_with_output().unwrap())
    }

    /// Runs words that must succeed, and returns what they printed.
    #[track_caller]
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert!(done.status.success(), "{words:?}: {}{}", done.out, done.err);
        done.out
    }

    /// The same with `--output json`, read.
    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let text = self.ok(&[words, &["--output", "json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error}: {text}"))
    }

    /// Runs words that must fail, and returns what they said on standard error.
    #[track_caller]
    pub(crate) fn fails(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert!(!done.status.success(), "{words:?} succeeded: {}", done.out);
        done.err
    }

    /// Runs a line in a shell.
    pub(crate) fn shell(&self, line: &str) -> Done {
        Done::from(self.command("sh").args(["-c", line]).output().unwrap())
    }

    /// Starts a server on free ports, with its data in the user's home, unless these words say otherwise.
    #[track_caller]
    pub(crate) fn serve(&self, words: &[&str]) -> Server {
        let data = self.data().display().to_string();
        let mut all = vec!["serve", "--output", "json"];
        for (flag, value) in [("--data", &*data), ("--listen", "127.0.0.1:0"), ("--ops", "127.0.0.1:0")] {
            if !words.contains(&flag) {
                all.extend([flag, value]);
            }
        }
        all.extend(words);
        Server::start(self.command(PROGRAM).args(all))
    }

    /// Starts a guard on free ports: `proxy` or `forward-auth`, and these words.
    #[track_caller]
    pub(crate) fn guard(&self, door: &str, words: &[&str]) -> Server {
        let mut all = vec!["guard", door, "--output", "json", "--ops", "127.0.0.1:0"];
        if !words.contains(&"--listen") {
            all.extend(["--listen", "127.0.0.1:0"]);
        }
        all.extend(words);
        Server::start(self.command(PROGRAM).args(all))
    }

    /// Starts an agent with these words.
    #[track_caller]
    pub(crate) fn agent(&self, words: &[&str]) -> Server {
        Server::start(self.command(PROGRAM).args(["agent", "--output", "json"]).args(words))
    }

    /// The same as [`Self::serve`] from a shell that has set a limit of its own before.
    #[track_caller]
    pub(crate) fn serve_after(&self, set: &str) -> Server {
        let line = format!(
            "{set} && exec {PROGRAM} serve --output json --data data --listen 127.0.0.1:0 --ops 127.0.0.1:0"
        );
        Server::start(self.command("sh").args(["-c", &line]))
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            status: output.status,
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Server {
    #[track_caller]
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let err = child.stderr.take().unwrap();
        let mut readers = vec![drain(err, Arc::clone(&said))];
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        said.lock().unwrap().push_str(&line);
        readers.push(drain(out, Arc::clone(&said)));
        let mut server = Self { child, line: Value::Null, readers, said };
        server.line = serde_json::from_str(&line).unwrap_or_else(|error| {
            let status = server.child.wait().unwrap();
            server.readers.drain(..).for_each(|reader| reader.join().unwrap());
            panic!("{error}: {line:?}, status {status}: {}", server.said.lock().unwrap())
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        self.line["public_url"].as_str().unwrap().to_owned()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.line["listen"][0].as_str().unwrap().to_owned()
    }

    pub(crate) fn ops(&self) -> String {
        self.line["ops"].as_str().unwrap().to_owned()
    }

    /// The root secret that a first start wrote to a file.
    pub(crate) fn root_secret(&self) -> String {
        let path = self.line["root_secret_file"].as_str().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("COUNTERSIGN_ROOT_CLIENT_SECRET="));
        line.unwrap().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// All that it has said on both outputs so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Ends it in order; returns its status and all that it said on both outputs.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        self.signal("TERM");
        self.ended()
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        (status, self.said.lock().unwrap().clone())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request over a connection of its own: status and body.
pub(crate) fn http(address: &str, head: &str, body: &str) -> (u16, String) {
    let answer = exchange(address, head, body);
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    (status, body)
}

/// One request over a connection of its own: the answer as it came.
pub(crate) fn exchange(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    write!(stream, "{head}\r\nhost: {address}\r\nconnection: close\r\n{length}\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Asks for a token by the form: the status and the answer.
pub(crate) fn token(server: &Server, realm: &str, id: &str, secret: &str) -> (u16, String) {
    let head = format!(
        "POST /realms/{realm}/oauth2/token HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded"
    );
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    http(&server.address(), &head, &body)
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The permission bits of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).permissions().mode() & 0o777
}

fn drain(stream: impl Read + Send + 'static, said: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    })
}
