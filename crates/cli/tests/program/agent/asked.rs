//! A file with contexts of a real server's realm, and one request over a socket or a port.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Server, User, http};

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Value,
}

/// A realm with a client `svc`, and the settings of a context of it.
pub(super) fn prepared(user: &User, server: &Server) -> String {
    let api = ["--api", "https://orders.example", "--scope", "orders:read"];
    user.ok(&["realm", "create", "myorg"]);
    user.ok(&["api", "create", api[1], "--realm", "myorg", api[2], api[3]]);
    let made = user.json(&[&["client", "create", "svc", "--realm", "myorg"][..], &api].concat());
    let secret = user.write("svc.secret", made["secret"].as_str().unwrap());
    format!(
        "issuer = '{}/realms/myorg'\nclient_id = 'svc'\nclient_secret_file = '{}'\n\
         resource = 'https://orders.example'\nscope = ['orders:read']\n",
        server.url(),
        secret.display()
    )
}

/// Writes the agent's file and returns its path.
pub(super) fn file(user: &User, contexts: &[(&str, &str)]) -> String {
    let tables = contexts.iter().map(|(name, settings)| format!("[context.{name}]\n{settings}\n"));
    user.write("agent.toml", &tables.collect::<String>()).display().to_string()
}

/// Starts an agent on the socket `agent.sock` of the user's home.
#[track_caller]
pub(super) fn on_socket(user: &User, contexts: &[(&str, &str)]) -> Server {
    let file = file(user, contexts);
    user.agent(&["--socket", "agent.sock", "--config", &file])
}

/// One request over a socket, with these words as its head, or an answer at once.
pub(super) fn ask(socket: &Path, head: &str) -> Answer {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "{head}\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    Answer::read(&answer)
}

/// A token of a context over a socket.
pub(super) fn token(socket: &Path, context: &str) -> Answer {
    ask(socket, &format!("GET /token?context={context} HTTP/1.1"))
}

/// How many token requests a server has had.
pub(super) fn token_requests(server: &Server) -> u64 {
    let (_, metrics) = http(&server.ops(), "GET /metrics HTTP/1.1", "");
    let lines = metrics.lines().filter(|line| line.starts_with("countersign_token_requests_admitted_total"));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

impl Answer {
    pub(super) fn read(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
        Self { status, head: head.to_ascii_lowercase(), body }
    }

    /// The status with the error's code.
    pub(super) fn error(&self) -> (u16, &str) {
        assert!(
            self.body["error_description"].as_str().is_some_and(|text| !text.is_empty()),
            "{}",
            self.body
        );
        (self.status, self.body["error"].as_str().unwrap())
    }
}
