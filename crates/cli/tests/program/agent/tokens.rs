//! What is handed out: one token for all who ask, kept fresh, and errors by blame.

use std::sync::Arc;
use std::thread;

use countersign_client::SystemClock;
use countersign_testkit::TestIssuer;
use countersign_testkit::issuer::{Document, Reply};
use serde_json::json;

use super::asked::{ask, file, on_socket, prepared, token, token_requests};
use crate::harness::{User, until};

/// All who ask at once share one token request, and so do those who come later.
#[test]
fn many_callers_make_one_token_request() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let _agent = on_socket(&user, &[("orders", &context), ("same", &context)]);
    let socket = &user.home().join("agent.sock");
    let before = token_requests(&server);
    let tokens: Vec<_> = thread::scope(|scope| {
        let asked: Vec<_> = (0..100).map(|_| scope.spawn(|| token(socket, "orders"))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    for answer in &tokens {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body, tokens[0].body);
    }
    assert_eq!(token_requests(&server) - before, 1);

    let answer = &tokens[0];
    let members: Vec<_> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["access_token", "expires_at", "token_type"]);
    assert_eq!(answer.body["access_token"].as_str().unwrap().split('.').count(), 3);
    assert!(answer.body["expires_at"].as_i64().unwrap() > 1_700_000_000);
    for header in
        ["cache-control: no-store", "content-type: application/json", "x-content-type-options: nosniff"]
    {
        assert!(answer.head.contains(header), "{header}: {}", answer.head);
    }
}

/// One URL, one method, one parameter.
#[test]
fn anything_else_is_refused() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let agent = on_socket(&user, &[("orders", &context)]);
    let socket = user.home().join("agent.sock");
    let before = token_requests(&server);
    let asked = |words: &str| ask(&socket, &format!("{words} HTTP/1.1"));
    assert_eq!(token(&socket, "billing").error(), (404, "unknown_context"));
    assert_eq!(token(&socket, "").error(), (404, "unknown_context"));
    assert_eq!(asked("GET /").error(), (404, "not_found"));
    assert_eq!(asked("GET /token").error(), (400, "invalid_request"));
    assert_eq!(asked("GET /token?context=orders&scope=admin").error(), (400, "invalid_request"));
    let posted = asked("POST /token?context=orders");
    assert_eq!(posted.error(), (405, "method_not_allowed"));
    assert!(posted.head.contains("\r\nallow: get"), "{}", posted.head);
    assert_eq!(
        ask(&socket, "GET /token?context=orders HTTP/1.1\r\norigin: null").error(),
        (403, "access_denied")
    );
    assert_eq!(token_requests(&server), before, "none of these took a token");
    assert_eq!(token(&socket, "orders").status, 200);

    // one line for each, and nothing secret in any
    token(&socket, "a%1b%5b2Jb%0a");
    let given = token(&socket, "orders").body["access_token"].as_str().unwrap().to_owned();
    let (_, said) = agent.end();
    let lines: Vec<_> = said.lines().filter(|line| line.contains("token asked for")).collect();
    assert_eq!(lines.len(), 10, "{said}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("context=\"orders\" outcome=\"given\"") && line.contains("pid=")),
        "{said}"
    );
    assert!(lines.iter().any(|line| line.contains("a?[2Jb?")), "{said}");
    let secret = std::fs::read_to_string(user.home().join("svc.secret")).unwrap();
    for part in given.split('.').chain([&*secret]) {
        assert!(!said.contains(part), "{said}");
    }
}

/// Issue 5, item 6: an agent starts before its issuer, says by blame what is wrong, and gives tokens once it can.
#[test]
fn errors_are_told_by_blame() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let (address, url) = (server.address(), server.url());
    server.end();
    let other_scope = context.replace("orders:read", "orders:refund");
    let no_secret = context.replace("svc.secret", "no.secret");
    let no_realm = context.replace("/realms/myorg", "/realms/nowhere");
    let contexts =
        [("orders", &*context), ("wide", &other_scope), ("lost", &no_secret), ("nowhere", &no_realm)];
    let agent = on_socket(&user, &contexts);
    let socket = user.home().join("agent.sock");

    let down = token(&socket, "orders");
    assert_eq!(down.error(), (503, "temporarily_unavailable"));
    assert!(down.head.contains("\r\nretry-after: 5"), "{}", down.head);

    let server = user.serve(&["--listen", &address]);
    assert_eq!(server.url(), url);
    until("the issuer is back", || token(&socket, "orders").status == 200);
    let refused = token(&socket, "wide");
    assert_eq!(refused.error(), (502, "invalid_scope"));
    assert!(refused.body["error_description"].as_str().unwrap().contains("the issuer refuses"));
    for context in ["lost", "nowhere"] {
        let wrong = token(&socket, context);
        assert_eq!(wrong.error(), (500, "server_error"), "{context}");
        assert!(!wrong.body.to_string().contains("secret"), "{}", wrong.body);
    }
    assert_eq!(token(&socket, "orders").status, 200);
    let (_, said) = agent.end();
    assert!(said.contains("no.secret"), "the log has what the caller is not told: {said}");
}

/// An issuer that repeats the request in its sentence gives the credential away: callers and the agent's lines have the
/// code alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_issuers_sentence_goes_no_further() {
    let issuer = TestIssuer::with().clock(Arc::new(SystemClock)).start().await;
    let _ = issuer.client("svc").secret("the-secret-of-svc");
    let echo = json!({ "error": "invalid_client", "error_description": "no client with the-secret-of-svc" });
    issuer.answer(Document::Token, Reply::status(401).body("application/json", echo.to_string()));
    let user = User::new();
    user.write("svc.secret", "the-secret-of-svc");
    let issuer = issuer.issuer();
    let context = format!("issuer = '{issuer}'\nclient_id = 'svc'\nclient_secret_file = 'svc.secret'\n");
    let agent = on_socket(&user, &[("orders", &context)]);
    let refused = token(&user.home().join("agent.sock"), "orders");
    assert_eq!(refused.error(), (502, "invalid_client"));
    assert!(!refused.body.to_string().contains("the-secret"), "{}", refused.body);
    let said = agent.end().1;
    let line = said.lines().find(|line| line.contains("token asked for")).unwrap();
    assert!(line.contains("invalid_client") && !line.contains("the-secret"), "{line}");
}

/// What would kill a process that does nothing about it ends an agent in order, with its files.
#[test]
fn whatever_ends_it_leaves_nothing() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let file = file(&user, &[("orders", &context)]);
    for name in ["TERM", "INT", "QUIT", "USR1", "USR2", "ALRM"] {
        let mut agent =
            user.agent(&["--listen", "127.0.0.1:0", "--key-file", "agent.key", "--config", &file]);
        assert!(user.home().join("agent.key").exists());
        agent.signal(name);
        let (status, said) = agent.ended();
        assert!(status.success() && !user.home().join("agent.key").exists(), "{name}: {status} {said}");
        assert!(said.contains("commands::agent") && !said.contains("commands::serve"), "{said}");
    }
}

/// A changed file is taken up at a SIGHUP: what is told as before keeps its token; a wrong one changes nothing.
#[test]
fn the_file_is_read_anew() {
    let user = User::new();
    let server = user.serve(&[]);
    let context = prepared(&user, &server);
    let agent = on_socket(&user, &[("orders", &context)]);
    let socket = user.home().join("agent.sock");
    let first = token(&socket, "orders");
    let requests = token_requests(&server);

    file(&user, &[("orders", &context), ("more", &context)]);
    agent.signal("HUP");
    until("the file is read anew", || token(&socket, "more").status == 200);
    assert_eq!(token(&socket, "orders").body, first.body);
    assert_eq!(token_requests(&server), requests + 1);

    file(&user, &[("orders", "client_secret = 'hunter2'")]);
    agent.signal("HUP");
    until("it is told", || agent.said().contains("nothing is changed"));
    assert_eq!(token(&socket, "orders").body, first.body);

    file(&user, &[("more", &context)]);
    agent.signal("HUP");
    until("it is gone", || token(&socket, "orders").status == 404);
    let (status, said) = agent.end();
    assert!(status.success() && !said.contains("hunter2"), "{said}");
}
