//! One line in any language: what the documentation shows, run.

use super::asked::{file, on_socket, prepared};
use crate::harness::User;

/// curl and Python over the socket.
#[test]
fn one_line_over_the_socket() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let _agent = on_socket(&user, &[("orders", &context)]);
    let line = "curl --silent --fail --unix-socket agent.sock 'http://localhost/token?context=orders'";
    let answer: serde_json::Value = serde_json::from_str(&user.shell(line).out).unwrap();
    let python = r#"python3 -c '
import http.client, json, socket
c = http.client.HTTPConnection("localhost"); c.sock = socket.socket(socket.AF_UNIX); c.sock.connect("agent.sock")
c.request("GET", "/token?context=orders"); print(json.load(c.getresponse())["access_token"])'"#;
    let done = user.shell(python);
    assert_eq!(done.out.trim(), answer["access_token"].as_str().unwrap(), "{}", done.err);
}

/// curl and Python over the port.
#[test]
fn one_line_over_the_port() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let file = file(&user, &[("orders", &context)]);
    let agent = user.agent(&["--listen", "127.0.0.1:0", "--key-file", "agent.key", "--config", &file]);
    let url = format!("http://{}/token?context=orders", agent.address());
    // as the guide and the help have it, and with the key in no argument
    for text in [include_str!("../../../../../docs/client.md"), &*user.ok(&["agent", "--help"])] {
        let (_, line) = text.split_once("printf 'Authorization: Bearer %s' \"$(cat ").unwrap();
        let (line, _) = line.split_once("context=orders'").unwrap();
        let line = format!("printf 'Authorization: Bearer %s' \"$(cat {line}context=orders'")
            .replace("~/.countersign.key", "agent.key")
            .replace("http://127.0.0.1:8085/token?context=orders", &url)
            .replace("curl ", "curl --silent --noproxy '*' ");
        let done = user.shell(&line);
        assert!(done.out.contains("access_token"), "{line}: {}{}", done.out, done.err);
    }
    let key = std::fs::read_to_string(user.home().join("agent.key")).unwrap();
    user.write("header", &format!("Authorization: Bearer {key}"));
    let done = user.shell(&format!("curl --silent --noproxy '*' -H @header '{url}'"));
    let answer: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let python = format!(
        r#"no_proxy='*' python3 -c '
import json, urllib.request as u
print(json.load(u.urlopen(u.Request("{url}", headers={{"Authorization": "Bearer " + open("agent.key").read()}})))["access_token"])'"#
    );
    let done = user.shell(&python);
    assert_eq!(done.out.trim(), answer["access_token"].as_str().unwrap(), "{}", done.err);
}
