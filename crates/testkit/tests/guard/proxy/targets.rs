//! Paths, methods and preflights: what is judged is what the upstream gets.

use bytes::Bytes;
use countersign_guard::proxy::ProxyParts;
use http::{Method, Request, Version};
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::{Proxied, raw};
use crate::harness::{Ask, Door};

/// The upstream gets the path that was judged, in its one normal form.
#[tokio::test]
async fn the_upstream_gets_the_path_that_was_judged() {
    let proxied = Proxied::new().await;
    for (target, expected) in [
        ("/orders/a%2db", "/orders/a-b"),
        ("/%6frders/x?y=%2e%2e/", "/orders/x?y=%2e%2e/"),
        ("/orders/%c3%a9", "/orders/%C3%A9"),
        ("/orders/plain", "/orders/plain"),
    ] {
        assert_eq!(proxied.get(Ask::get(target)).await.target, expected, "{target}");
    }
}

/// A rule for a method is not gone round by writing it otherwise, nor by saying another one in a header.
#[tokio::test]
async fn methods_are_judged_as_they_stand() {
    let proxied = Proxied::new().await;
    for (method, status) in
        [("POST", 403), ("GET", 200), ("PUT", 200), ("post", 400), ("Post", 400), ("get", 400)]
    {
        let answer = Ask::new(method, "/posts").bearer(&proxied.token).at(proxied.proxy.address).await;
        assert_eq!(answer.status, status, "{method}");
    }
    let overriding = Ask::new("POST", "/posts").header("x-http-method-override", "GET");
    assert_eq!(overriding.bearer(&proxied.token).at(proxied.proxy.address).await.status, 403);
    assert_eq!(proxied.upstream.count(), 2);
    for target in ["*", "http://evil.example/open"] {
        let heard = raw(
            proxied.proxy.address,
            &format!("OPTIONS {target} HTTP/1.1\r\nHost: orders.example\r\nConnection: close\r\n\r\n"),
        )
        .await;
        let status = if target == "*" { "HTTP/1.1 400" } else { "HTTP/1.1 200" };
        assert!(heard.starts_with(status), "{target}: {heard}");
    }
    let seen = proxied.upstream.last();
    assert_eq!(
        seen.header("host").as_deref(),
        Some("evil.example"),
        "the target's host, not the header's (RFC 9112 §3.2.2)"
    );
    let heard = raw(
        proxied.proxy.address,
        "CONNECT orders.example:443 HTTP/1.1\r\nHost: orders.example:443\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(heard.starts_with("HTTP/1.1 4"), "{heard}");
    // nor where its target looks like a path that is open, at no door that sees methods
    let tunnel = "CONNECT http://orders.example/open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let heard = raw(proxied.proxy.address, tunnel).await;
    assert!(heard.starts_with("HTTP/1.1 400") && heard.contains("tunnels"), "{heard}");
    let told = Ask::get("/auth").header("x-original-method", "CONNECT").header("x-original-uri", "/open");
    let auth = proxied.scene.doors.address(Door::Original);
    assert_eq!(told.at(auth).await.refusal(), "401 invalid_request");
    assert_eq!(proxied.upstream.count(), 3);
}

/// RFC 9110 §9.3.8: TRACE would show a caller what only the upstream is told; forward-auth's proxies know 401 alone.
#[tokio::test]
async fn trace_is_refused() {
    let proxied = Proxied::new().await;
    let answer = Ask::new("TRACE", "/open").at(proxied.proxy.address).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow").is_some()), (405, true));
    let told = Ask::get("/auth").header("x-original-method", "TRACE").header("x-original-uri", "/open");
    assert_eq!(told.at(proxied.scene.doors.address(Door::Original)).await.refusal(), "401 invalid_request");
    assert_eq!(proxied.upstream.count(), 0);
}

/// A target that is no path is told as one, and other schemes than HTTP's are not spoken.
#[tokio::test]
async fn targets_are_paths_or_urls_of_http() {
    let proxied = Proxied::new().await;
    for (target, why) in [("open", "slash"), ("ftp://orders.example/open", "http and https")] {
        let sent = format!("GET {target} HTTP/1.1\r\nConnection: close\r\nHost: orders.example\r\n\r\n");
        let heard = raw(proxied.proxy.address, &sent).await;
        assert!(heard.starts_with("HTTP/1.1 400") && heard.contains(why), "{target}: {heard}");
    }
    assert_eq!(proxied.upstream.count(), 0);
}

/// RFC 9112 §3.2: HTTP/1.1 names its host, once; HTTP/1.0 need not, and the upstream then hears its own.
#[tokio::test]
async fn a_request_names_its_host() {
    let proxied = Proxied::new().await;
    for (version, host, status) in [
        ("1.1", "", 400),
        ("1.1", "Host: a\r\nHost: b\r\n", 400),
        ("1.1", "Host: a\r\n", 200),
        ("1.0", "Host: a\r\n", 200),
        ("1.1", "Host:\r\n", 400),
        ("1.1", "Host: a b\r\n", 400),
        ("1.1", "Host: a/b\r\n", 400),
        ("1.1", "Host: a:99999\r\n", 400),
        ("1.1", "Host: caf\u{e9}\r\n", 400),
        ("1.0", "Host: a#b\r\n", 400),
        ("1.0", "", 200),
    ] {
        let sent = format!("GET /open HTTP/{version}\r\nConnection: close\r\n{host}\r\n");
        let heard = raw(proxied.proxy.address, &sent).await;
        assert_eq!(heard.split(' ').nth(1), Some(&*status.to_string()), "{sent}{heard}");
    }
    assert_eq!(proxied.upstream.last().header("host"), Some(proxied.upstream.address().to_string()));
    assert_eq!(proxied.upstream.last().header("via").as_deref(), Some("1.0 countersign"));
}

/// CORS preflights need a rule or the option: what looks like one and is not needs a token.
#[tokio::test]
async fn preflights_pass_only_where_they_may() {
    let preflight = || {
        let ask = Ask::new("OPTIONS", "/orders/write").header("origin", "https://app.example");
        ask.header("access-control-request-method", "POST").header("x-auth-client", "forged")
    };
    let strict = Proxied::new().await;
    assert_eq!(preflight().at(strict.proxy.address).await.status, 401);
    let allowing = Proxied::with(|parts| ProxyParts { allow_preflight: true, ..parts }).await;
    assert_eq!(preflight().at(allowing.proxy.address).await.status, 200);
    assert_eq!(allowing.upstream.last().header("x-auth-client"), None);
    let without = |name: &str| {
        let mut ask = preflight();
        ask.headers.remove(name);
        ask
    };
    let get = Ask { method: Method::GET, ..preflight() };
    for ask in [without("origin"), without("access-control-request-method"), get] {
        assert_eq!(ask.at(allowing.proxy.address).await.status, 401);
    }
    // the same at the doors that have no option set
    for door in [Door::Layer, Door::Extractor, Door::Original, Door::Forwarded] {
        assert_eq!(strict.scene.doors.ask(door, &preflight()).await.status, 401, "{door:?}");
    }
}

/// HTTP/2 callers, several at once on one connection; the upstream is spoken to in HTTP/1.1.
#[tokio::test]
async fn http2_callers_are_served() {
    let proxied = Proxied::new().await;
    let stream = TcpStream::connect(proxied.proxy.address).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let ask = |path: &str, authorization: Option<&str>| {
        let request = Request::post(format!("http://orders.example{path}")).version(Version::HTTP_2);
        let request =
            authorization.into_iter().fold(request, |request, value| request.header("authorization", value));
        let mut sender = sender.clone();
        let request =
            request.header("x-auth-client", "forged").body(Full::new(Bytes::from("hello"))).unwrap();
        async move { sender.send_request(request).await.unwrap() }
    };
    let bearer = format!("Bearer {}", proxied.token);
    let answers = futures_util::future::join_all([
        ask("/orders", Some(&bearer)),
        ask("/orders?x", Some(&bearer)),
        ask("/orders", None),
        ask("/orders/write", Some(&bearer)),
        ask("/open/../orders", Some(&bearer)),
    ])
    .await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert_eq!(statuses, [200, 200, 401, 403, 400]);
    assert_eq!(answers[0].headers()["x-auth-client"], "svc");
    assert!(answers.iter().all(|answer| answer.headers().contains_key("date")));
    let seen = proxied.upstream.last();
    assert_eq!((seen.header("host").as_deref(), seen.body.as_ref()), (Some("orders.example"), &b"hello"[..]));
    assert_eq!(seen.header("via").as_deref(), Some("2 countersign"));
    // a cookie may come in pieces (RFC 9113 §8.2.3)
    let request = Request::get("http://orders.example/open").header("cookie", "a=b").header("cookie", "c=d");
    let answer = sender.clone().send_request(request.body(Full::default()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(proxied.upstream.last().header("cookie").as_deref(), Some("a=b; c=d"));
    // a length goes on once, in one spelling, or not at all
    let with_lengths = |lines: [&str; 2]| {
        let request = Request::post("http://orders.example/open").header("content_length", "0");
        let request = lines.into_iter().fold(request, |request, line| request.header("content-length", line));
        sender.clone().send_request(request.body(Full::new(Bytes::from("hello"))).unwrap())
    };
    for lines in [["5", "05"], ["05", "05"]] {
        assert_eq!(with_lengths(lines).await.unwrap().status(), 200, "{lines:?}");
        let seen = proxied.upstream.last();
        assert_eq!(seen.headers.get_all("content-length").iter().collect::<Vec<_>>(), ["5"]);
        assert_eq!((seen.header("content_length"), seen.body.as_ref()), (None, &b"hello"[..]));
    }
    assert!(with_lengths(["5", "6"]).await.is_err(), "the stream is reset");
    // and two tokens are two
    let request = Request::get("http://orders.example/orders")
        .header("authorization", &bearer)
        .header("authorization", &bearer)
        .body(Full::default())
        .unwrap();
    assert_eq!(sender.clone().send_request(request).await.unwrap().status(), 400);
    connection.abort();
}
