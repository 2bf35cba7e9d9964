//! `call`: what reaches the API, what the caller gets, and where the token never goes.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use countersign_client::SystemClock;
use countersign_testkit::issuer::{Document, Reply};
use countersign_testkit::{TestApi, TestIssuer};

use crate::cached::issued;
use crate::guard::upstream::Upstream;
use crate::harness::{Done, PROGRAM, Server, User, mode};
use crate::tokens::{ORDERS, prepared};

/// A server, and an API behind a guard that trusts it; the API answers with the request that reached it.
struct Scene {
    user: User,
    server: Server,
    guard: Server,
    _upstream: Upstream,
}

impl Scene {
    fn new() -> Self {
        let user = User::new();
        let server = user.serve(&[]);
        prepared(&user);
        let upstream = Upstream::start();
        let rules = user.write(
            "rules.toml",
            "[[rule]]\npath = \"/orders/**\"\nmethods = [\"DELETE\"]\nall = [\"orders:write\"]\n\n[[rule]]\npath = \"/**\"\n",
        );
        let issuer = format!("{}/realms/myorg", server.url());
        let (rules, url) = (rules.display().to_string(), upstream.url());
        let words = ["--issuer", &issuer, "--audience", ORDERS, "--rules", &rules, "--upstream", &url];
        let guard = user.guard("proxy", &words);
        Self { user, server, guard, _upstream: upstream }
    }

    fn call(&self, method: &str, path: &str, words: &[&str]) -> Done {
        self.call_with(method, path, words, "")
    }

    fn call_with(&self, method: &str, path: &str, words: &[&str], input: &str) -> Done {
        let url = format!("http://{}{path}", self.guard.address());
        self.user.run_with(&[&["call", method, &url, "--context", "svc"][..], words].concat(), input)
    }
}

/// The contract: method, headers and body as curl sends them, the answer on standard output or in a file; one token for
/// all of them.
#[test]
fn the_api_is_called_as_curl_calls_it() {
    let scene = Scene::new();
    let before = issued(&scene.server);
    let done = scene.call("GET", "/orders/1?n=2", &[]);
    assert_eq!((done.status.code(), &*done.err), (Some(0), ""), "{}", done.out);
    let reached = done.out.to_ascii_lowercase();
    assert!(reached.starts_with("get /orders/1?n=2 http/1.1\r\n"), "{reached}");
    for line in ["x-auth-client: svc", "accept: */*", "user-agent: countersign/"] {
        assert!(reached.contains(line), "{line}: {reached}");
    }
    assert!(!reached.contains("content-type"), "{reached}");

    let words = ["-H", "Accept: text/csv", "-H", "X-A: 1", "-H", "X-A: 2", "-d", "a=1", "-d", "b=2"];
    let done = scene.call("POST", "/orders", &words);
    let reached = done.out.to_ascii_lowercase();
    assert!(reached.starts_with("post /orders ") && done.out.ends_with("\na=1&b=2"), "{reached}");
    for line in [
        "accept: text/csv\r\n",
        "x-a: 1\r\n",
        "x-a: 2\r\n",
        "content-type: application/x-www-form-urlencoded\r\n",
    ] {
        assert!(reached.contains(line), "{line}: {reached}");
    }
    scene.user.write("order.json", "{\n  \"item\": 1\n}\n");
    scene.user.write("headers", "Content-Type: application/json\nX-Key: from-a-file\n");
    let done = scene.call("put", "/orders/1", &["-H", "@headers", "-d", "@order.json"]);
    assert!(
        done.out.contains("x-key: from-a-file") && done.out.ends_with("\n{  \"item\": 1}"),
        "{}",
        done.out
    );
    assert!(done.out.contains("content-type: application/json\r\n"), "{}", done.out);
    for (words, sent) in [
        (&["--data-binary", "@order.json"][..], "\n{\n  \"item\": 1\n}\n"),
        (&["--data-binary", "@-"], "\nline\r\nline\n"),
        (&["--data-binary", "a", "--data-binary", "b"], "\na&b"),
    ] {
        let done = scene.call_with("PUT", "/orders/1", words, "line\r\nline\n");
        assert!(done.out.ends_with(sent), "{words:?}: {}{}", done.out, done.err);
    }
    for (method, words) in [("POST", &[][..]), ("PUT", &[]), ("PATCH", &[]), ("POST", &["-d", ""])] {
        let done = scene.call(method, "/orders/1", words);
        assert!(done.out.contains("content-length: 0\r\n"), "{method} {words:?}: {}{}", done.out, done.err);
    }
    let done = scene.call("GET", "/orders/1", &[]);
    assert!(!done.out.contains("content-length"), "{}", done.out);
    let done = scene.call_with("POST", "/orders", &["-d", "@-"], "-from standard input");
    assert!(done.out.ends_with("\n-from standard input"), "{}", done.out);

    let done = scene.call_with("GET", "/orders/1", &["-H", "@-"], "X-Key: piped\n");
    assert!(done.out.contains("x-key: piped\r\n"), "{}{}", done.out, done.err);
    let done = scene.call_with("POST", "/orders/1", &["-H", "@-", "-d", "@-"], "X-Key: piped\n");
    assert!(done.status.code() == Some(1) && done.err.contains("read once"), "{}", done.err);

    let done = scene.call("GET", "/orders/1", &["-i", "-o", "answer"]);
    assert_eq!((done.status.code(), &*done.out), (Some(0), ""), "{}", done.err);
    let written = std::fs::read_to_string(scene.user.home().join("answer")).unwrap();
    assert!(written.starts_with("HTTP/1.1 200 OK\r\n"), "{written}");
    let (head, body) = written.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: text/plain") && body.starts_with("GET /orders/1 "), "{written}");
    let done = scene.call("HEAD", "/orders/1", &["-i"]);
    assert!(done.status.success() && done.out.ends_with("\r\n\r\n"), "{}", done.err);
    assert_eq!(issued(&scene.server), before + 1);
}

/// The contract: 22 with `--fail` for what is no success, with what the API said of the token; 0 without it.
#[test]
fn a_refusal_is_shown_or_is_the_exit_code() {
    let scene = Scene::new();
    let done = scene.call("DELETE", "/orders/1", &[]);
    assert_eq!((done.status.code(), &*done.err), (Some(0), ""));
    assert!(done.out.contains("insufficient_scope"), "{}", done.out);
    let done = scene.call("DELETE", "/orders/1", &["--fail"]);
    assert_eq!((done.status.code(), &*done.out), (Some(22), ""));
    assert!(done.err.contains("403") && done.err.contains("next: "), "{}", done.err);
    let done = scene.call("DELETE", "/orders/1", &["-f", "-i"]);
    assert_eq!(done.status.code(), Some(22));
    assert!(
        done.out.starts_with("HTTP/1.1 403 ") && done.out.ends_with("\r\n\r\n"),
        "the head and no body: {}",
        done.out
    );
    let done = scene.call("DELETE", "/orders/1", &["--fail"]);
    let told = done.err.split("with --scope ").nth(1).unwrap().trim();
    let done = scene.call("DELETE", "/orders/1", &["--fail", "--scope", told]);
    assert_eq!(done.status.code(), Some(0), "{}", done.err);

    let done = scene.call("GET", "/orders/1", &["--scope", "orders:refund"]);
    assert_eq!((done.status.code(), &*done.out), (Some(1), ""));
    assert!(done.err.contains("invalid_scope"), "{}", done.err);
}

/// Nothing is sent to where the token has no business, and nothing secret is repeated.
#[test]
fn what_is_not_sent_is_explained() {
    let scene = Scene::new();
    let call = |url: &str, words: &[&str]| {
        let done = scene.user.run(&[&["call", "GET", url, "--context", "svc"][..], words].concat());
        assert_eq!((done.status.code(), &*done.out), (Some(1), ""), "{url}: {}", done.err);
        assert!(!done.err.contains("hush"), "{}", done.err);
        done.err
    };
    assert!(call("http://orders.example/1", &[]).contains("plain http"));
    assert!(call("https://svc:hush@orders.example/1", &[]).contains("flags of their own"));
    assert!(call("orders.example/1", &[]).contains("begin it with https://"));
    let url = format!("http://{}/orders/1", scene.guard.address());
    assert!(call(&url, &["-H", "Authorization: Bearer hush"]).contains("authorization"));
    assert!(call(&url, &["-H", "DPoP: hush"]).contains("dpop"));
    assert!(call(&url, &["-H", "X-Key hush"]).contains("a header is a name"));
    assert!(call(&url, &["-d", "@no-such-file"]).contains("no-such-file"));
    assert!(call("http://127.0.0.1:9/", &[]).contains("whether the API is running"));
    let done = scene.user.run(&["call", &url, "GET"]);
    assert!(done.status.code() == Some(2) && done.err.contains("before the URL"), "{}", done.err);
    let done = scene.user.run(&["call", "--dpop", "GET", &url]);
    assert!(done.status.code() == Some(2) && done.err.contains("--dpop=ES256"), "{}", done.err);
}

/// An issuer and an API of tests, for what our own server and guard do not do.
async fn foreign(user: User) -> (User, TestIssuer, TestApi) {
    let issuer = TestIssuer::with().clock(Arc::new(SystemClock)).start().await;
    let _ = issuer.client("svc").secret("the-secret-of-svc");
    let api = TestApi::of(&issuer).start().await;
    let user = user
        .with("COUNTERSIGN_ISSUER", issuer.issuer())
        .with("COUNTERSIGN_CLIENT_ID", "svc")
        .with("COUNTERSIGN_CLIENT_SECRET", "the-secret-of-svc");
    (user, issuer, api)
}

/// T-9700-05, threats 2 (redirects): a redirect is shown and not followed, so that the token stays where it was sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_takes_no_token_along() {
    let (user, _issuer, api) = foreign(User::new()).await;
    let elsewhere = TestApi::checking(|_| true).start().await;
    api.redirect_next(307, &elsewhere.url("/stolen"));
    let done = user.run(&["call", "POST", &api.url("/orders"), "-d", "x"]);
    assert_eq!(done.status.code(), Some(0), "{}", done.err);
    assert!(done.err.contains("/stolen") && done.err.contains("not followed"), "{}", done.err);
    api.redirect_next(302, &elsewhere.url("/stolen"));
    assert_eq!(user.run(&["call", "GET", &api.url("/orders"), "--fail"]).status.code(), Some(22));
    assert_eq!((elsewhere.count(), api.count()), (0, 2));
}

/// A token that the API refuses is renewed once, and the request is sent again with its body.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_renewed_once() {
    let (user, issuer, api) = foreign(User::new()).await;
    api.refuse_next();
    let done = user.run(&["call", "POST", &api.url("/orders"), "-d", "once more", "--fail"]);
    assert_eq!(done.status.code(), Some(0), "{}", done.err);
    let received = api.received();
    assert_eq!(received.len(), 2);
    assert!(received.iter().all(|request| &request.body[..] == b"once more"));
    assert_ne!(received[0].header("authorization"), received[1].header("authorization"));
    api.refuse_next();
    api.refuse_next();
    let done = user.run(&["call", "GET", &api.url("/orders"), "--fail"]);
    assert_eq!(done.status.code(), Some(22), "{}", done.err);
    assert!(done.err.contains("invalid_token") && done.err.contains("inspect"), "{}", done.err);
    assert!(issuer.count(Document::Token) <= 3);
}

/// T-9449-05: with `--dpop` the token is bound, each request has a proof of its own, nonces are taken up, and the next run
/// has the key still.
#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_is_sent_with_its_proof() {
    let (user, issuer, api) = foreign(User::new()).await;
    api.demand_new_nonce();
    for words in [&["--dpop"][..], &["--dpop", "ES256"], &["--dpop", "--fail"]] {
        let url = api.url("/orders");
        let done = user.run(&[&["call", "GET", &url][..], words].concat());
        assert_eq!(done.status.code(), Some(0), "{}", done.err);
    }
    assert_eq!((api.let_in(), issuer.count(Document::Token)), (3, 1));
    let done = user.run(&["call", "GET", &api.url("/orders"), "--dpop=EdDSA", "--fail"]);
    assert_eq!((done.status.code(), api.let_in()), (Some(0), 4), "{}", done.err);
    let said = user.fails(&["token", "--dpop", "--no-cache"]);
    assert!(said.contains("--no-cache"), "{said}");
    assert_eq!(user.json(&["token", "--dpop"])["token_type"], "DPoP");
}

/// Any bytes, any number of them, as they come; a reader that has enough ends it in peace, and half an answer is no whole
/// one.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_pass_as_they_are() {
    let (user, _issuer, api) = foreign(User::new()).await;
    let bytes: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let reply = || Reply::status(200).body("application/octet-stream", bytes.clone());
    api.answer_next(reply());
    let url = api.url("/file");
    assert!(user.run(&["call", "GET", &url, "-o", "file"]).status.success());
    assert!(std::fs::read(user.home().join("file")).unwrap() == bytes);
    api.answer_next(reply());
    let done = user.shell(&format!("{PROGRAM} call GET {url} | head -c 5 | od -An -tx1"));
    assert_eq!((done.out.trim(), &*done.err), ("00 01 02 03 04", ""));

    let broken = broken_off();
    let done = user.run(&["call", "GET", &broken]);
    assert_eq!((done.status.code(), &*done.out), (Some(1), "hal"));
    assert!(done.err.contains("broke off") && done.err.contains("not the whole answer"), "{}", done.err);
    let done = user.run(&["call", "GET", &broken_off(), "-o", "file"]);
    assert!(done.status.code() == Some(1) && done.err.contains("as it was before"), "{}", done.err);
    assert!(std::fs::read(user.home().join("file")).unwrap() == bytes);
    let named = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let visible = std::fs::read_dir(user.home()).unwrap().map(named);
    assert!(!visible.into_iter().any(|name| name.to_string_lossy().starts_with(".answer-")));

    // what is replaced keeps its mode, and a device is no file
    api.answer_next(Reply::status(200).body("text/plain", "new"));
    std::fs::set_permissions(user.home().join("file"), std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(user.run(&["call", "GET", &url, "-o", "file"]).status.success());
    assert_eq!(
        (std::fs::read(user.home().join("file")).unwrap(), mode(&user.home().join("file"))),
        (b"new".to_vec(), 0o640)
    );
    api.answer_next(Reply::status(200).body("text/plain", "new"));
    assert!(user.run(&["call", "GET", &url, "-o", "/dev/null"]).status.success());
}

/// `--max-time` is for all of it: a server that begins an answer and does not end it is given up.
#[tokio::test(flavor = "multi_thread")]
async fn patience_ends_when_it_is_told() {
    let (user, _issuer, api) = foreign(User::new()).await;
    api.answer_next(Reply::hanging());
    let done = user.run(&["call", "GET", &api.url("/orders"), "--max-time", "0.3"]);
    assert_eq!((done.status.code(), &*done.out), (Some(1), ""));
    assert!(done.err.contains("after 0.3 s") && done.err.contains("--max-time"), "{}", done.err);
    assert!(user.run(&["call", "GET", &api.url("/orders"), "--max-time", "60"]).status.success());
    for wrong in ["0", "-1", "soon", "NaN", "1e400"] {
        let time = format!("--max-time={wrong}");
        assert_eq!(user.run(&["call", "GET", &api.url("/orders"), &time]).status.code(), Some(2), "{wrong}");
    }
}

/// The URL of a server that closes in the midst of its one answer.
fn broken_off() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhal").unwrap();
    });
    url
}
