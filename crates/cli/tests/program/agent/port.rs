//! The port: the key, and who is turned away.

use super::asked::{Answer, file, prepared};
use crate::harness::{Server, User, exchange, mode};

/// An agent on a free port, with its key.
fn on_port(user: &User, context: &str) -> (Server, String) {
    let file = file(user, &[("orders", context)]);
    let agent = user.agent(&["--listen", "127.0.0.1:0", "--key-file", "agent.key", "--config", &file]);
    let key = std::fs::read_to_string(user.home().join("agent.key")).unwrap();
    (agent, key)
}

/// The contract: the key is new at each start, 0600, and wanted; it is gone at the end.
#[test]
fn the_key_is_wanted() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let (agent, key) = on_port(&user, &context);
    let path = user.home().join("agent.key");
    assert_eq!((key.len(), mode(&path)), (63, 0o600));
    let asked = |agent: &Server, header: &str| {
        let head = format!("GET /token?context=orders HTTP/1.1{header}");
        Answer::read(&exchange(&agent.address(), &head, ""))
    };
    let good = format!("\r\nauthorization: Bearer {key}");
    let answer = asked(&agent, &good);
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("\r\ncache-control: no-store"), "{}", answer.head);
    assert_eq!(answer.body["token_type"], "Bearer");

    let none = asked(&agent, "");
    assert_eq!(none.error(), (401, "invalid_token"));
    assert!(
        none.head.contains("\r\nwww-authenticate: bearer realm=\"countersign agent\"\r\n"),
        "{}",
        none.head
    );
    let wrong = asked(&agent, "\r\nauthorization: Bearer x");
    assert!(wrong.head.contains("error=\"invalid_token\""), "{}", wrong.head);
    for header in [
        format!("\r\nauthorization: Bearer {}", &key[..62]),
        format!("\r\nauthorization: Bearer {key}x"),
        format!("\r\nauthorization: Basic {key}"),
        format!("{good}{good}"),
        format!("\r\nx-key: {key}"),
    ] {
        assert_eq!(asked(&agent, &header).error(), (401, "invalid_token"), "{header}");
    }
    let by_query = format!("GET /token?context=orders&key={key} HTTP/1.1");
    assert_eq!(Answer::read(&exchange(&agent.address(), &by_query, "")).status, 401);

    let said = user.fails(&[
        "agent",
        "--listen",
        "127.0.0.1:0",
        "--key-file",
        "agent.key",
        "--config",
        "agent.toml",
    ]);
    assert!(said.contains("another agent has its key"), "{said}");
    let taken = agent.address();
    let words = ["agent", "--listen", &taken, "--key-file", "other.key", "--config", "agent.toml"];
    assert!(user.fails(&words).contains("is in use"));
    assert!(!user.home().join("other.key").exists(), "an agent that did not start leaves no key");
    assert_eq!(asked(&agent, &good).status, 200);

    let (status, _) = agent.end();
    assert!(status.success() && !path.exists());
    let (agent, other) = on_port(&user, &context);
    assert_ne!(key, other);
    assert_eq!(asked(&agent, &good).error(), (401, "invalid_token"));
}

/// No page has a token, whatever name it made resolve to loopback and whatever key it guessed.
#[test]
fn browsers_and_other_hosts_are_turned_away() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let (agent, key) = on_port(&user, &context);
    let address = agent.address();
    let port = address.rsplit(':').next().unwrap();
    let asked = |headers: &str| {
        let text = format!(
            "GET /token?context=orders HTTP/1.1\r\nauthorization: Bearer {key}\r\nconnection: close{headers}\r\n\r\n"
        );
        Answer::read(&raw(&address, &text))
    };
    for host in [&*address, &format!("localhost:{port}")] {
        assert_eq!(asked(&format!("\r\nhost: {host}")).status, 200, "{host}");
    }
    for host in ["evil.example", &format!("evil.example:{port}"), "localhost", "127.0.0.1", "127.0.0.1:1"] {
        assert_eq!(asked(&format!("\r\nhost: {host}")).error(), (403, "access_denied"), "{host}");
    }
    for header in [
        "origin: https://evil.example",
        "origin: null",
        &format!("origin: http://{address}"),
        "sec-fetch-site: cross-site",
        "sec-fetch-site: same-origin",
        "sec-fetch-site: none",
    ] {
        let answer = asked(&format!("\r\nhost: {address}\r\n{header}"));
        assert_eq!(answer.error(), (403, "access_denied"), "{header}");
        assert!(!answer.head.contains("access-control"), "{}", answer.head);
    }
    // what a page is told does not depend on the key
    let preflight = format!(
        "OPTIONS /token?context=orders HTTP/1.1\r\nhost: {address}\r\norigin: https://evil.example\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(Answer::read(&raw(&address, &preflight)).status, 403);
}

fn raw(address: &str, request: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
