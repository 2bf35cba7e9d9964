//! The proxy between its callers and a real upstream: what goes through, what does not, and what is said anew.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign_guard::proxied::TrustedProxies;
use countersign_guard::proxy::{Proxy, ProxyParts};
use futures_util::StreamExt as _;
use http::{HeaderMap, Method, Request, Response, Version};
use http_body_util::{BodyExt as _, Full, StreamBody, channel::Channel};
use hyper::body::{Frame, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tower::service_fn;

use crate::harness::{Ask, Door, Scene, Served, Upstream, proxy_parts};

/// A proxy with settings of its own, before its own upstream.
struct Proxied {
    scene: Scene,
    upstream: Upstream,
    proxy: Served,
    token: String,
}

impl Proxied {
    async fn new() -> Self {
        Self::with(|parts| parts).await
    }

    async fn with(set: impl FnOnce(ProxyParts) -> ProxyParts) -> Self {
        let scene = Scene::new().await;
        let upstream = Upstream::start();
        let parts = set(proxy_parts(&scene.verifier, &upstream.url()));
        let token = scene.issuer.mint().token();
        Self { proxy: Served::start(Proxy::new(parts)), scene, upstream, token }
    }

    async fn get(&self, ask: Ask) -> crate::harness::Seen {
        let answer = ask.bearer(&self.token).at(self.proxy.address).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.upstream.last()
    }
}

/// A proxy before a service of the test's own.
async fn before<F>(scene: &Scene, patience: Duration, answer: F) -> (Served, Served)
where
    F: AsyncUpstream,
{
    let upstream = Served::start(service_fn(move |request| answer.clone().answer(request)));
    let url = format!("http://{}", upstream.address);
    let to = countersign_guard::proxy::Upstream::new(&url, None, patience).unwrap();
    let parts = ProxyParts { upstream: to, ..proxy_parts(&scene.verifier, &url) };
    (Served::start(Proxy::new(parts)), upstream)
}

type Answered = Result<Response<http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>>, Infallible>;

trait AsyncUpstream: Clone + Send + Sync + 'static {
    fn answer(self, request: Request<Incoming>) -> std::pin::Pin<Box<dyn Future<Output = Answered> + Send>>;
}

impl<F, A> AsyncUpstream for F
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Answered> + Send + 'static,
{
    fn answer(self, request: Request<Incoming>) -> std::pin::Pin<Box<dyn Future<Output = Answered> + Send>> {
        Box::pin(self(request))
    }
}

fn full(text: impl Into<Bytes>) -> http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible> {
    Full::new(text.into()).boxed_unsync()
}

/// Everything that a connection says until it ends.
async fn raw(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let read = stream.read_to_end(&mut heard);
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap().unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}

/// T-9700-07: who calls is said by the guard alone, in whatever spelling a caller tries, also where anybody may come in.
#[tokio::test]
async fn identity_headers_are_the_guards_own() {
    let proxied = Proxied::new().await;
    let forged = |ask: Ask| {
        let names = [
            "X-Auth-Client",
            "x_auth_client",
            "X-AUTH_SUBJECT",
            "x.auth.issuer",
            "x_auth-scope",
            "X-Auth-Scope",
        ];
        names.into_iter().fold(ask, |ask, name| ask.header(name, "forged").header(name, "forged again"))
    };
    let seen = proxied.get(forged(Ask::get("/orders"))).await;
    let issuer = proxied.scene.issuer.issuer();
    for (name, value) in [
        ("x-auth-client", "svc"),
        ("x-auth-subject", "svc"),
        ("x-auth-issuer", issuer),
        ("x-auth-scope", "orders:read"),
    ] {
        assert_eq!(seen.header(name).as_deref(), Some(value));
    }
    let names = |headers: &HeaderMap| headers.keys().filter(|name| name.as_str().contains("auth")).count();
    assert_eq!(names(&seen.headers), 4, "{:?}", seen.headers);

    for ask in [forged(Ask::get("/open")), forged(Ask::get("/open")).bearer(&proxied.token)] {
        assert_eq!(ask.at(proxied.proxy.address).await.status, 200);
        assert_eq!(names(&proxied.upstream.last().headers), 0, "{:?}", proxied.upstream.last().headers);
    }
}

/// RFC 9110 §7.6.1: what is for one connection alone ends here, and `Connection` takes out nothing that the guard says.
#[tokio::test]
async fn hop_by_hop_headers_end_here() {
    let proxied = Proxied::new().await;
    let ask = Ask::get("/orders")
        .header(
            "connection",
            "X-Auth-Client, x-auth-scope, X-Hop, close, Host, keep-alive, ,\u{e9}".as_bytes(),
        )
        .header("connection", "X-Forwarded-For, x-other-hop, authorization, date")
        .header("x-hop", "1")
        .header("x-other-hop", "1")
        .header("keep-alive", "timeout=5")
        .header("proxy-connection", "keep-alive")
        .header("proxy-authorization", "Basic c3ZjOnNlY3JldA==")
        .header("te", "trailers")
        .header("upgrade", "websocket")
        .header("x-stays", "1");
    let seen = proxied.get(ask).await;
    for gone in [
        "x-hop",
        "x-other-hop",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "te",
        "upgrade",
        "connection",
    ] {
        assert_eq!(seen.header(gone), None, "{gone}");
    }
    assert_eq!(seen.header("x-auth-client").as_deref(), Some("svc"));
    assert_eq!(seen.header("x-auth-scope").as_deref(), Some("orders:read"));
    assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("127.0.0.1"));
    assert_eq!(seen.header("x-stays").as_deref(), Some("1"));
    assert_eq!(seen.header("host").as_deref(), Some("orders.example"));
}

/// The same on the way back.
#[tokio::test]
async fn hop_by_hop_headers_of_the_upstream_end_here() {
    let scene = Scene::new().await;
    let (proxy, _upstream) = before(&scene, Duration::from_secs(5), |_| async {
        let response = Response::builder()
            .header("connection", "x-hop")
            .header("x-hop", "1")
            .header("keep-alive", "timeout=5")
            .header("proxy-authenticate", "Basic")
            .header("x-stays", "1")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("date", "Thu, 01 Jan 1970 00:00:00 GMT");
        Ok(response.body(full("hi")).unwrap())
    })
    .await;
    let answer = Ask::get("/orders").bearer(&scene.issuer.mint().token()).at(proxy.address).await;
    for gone in ["x-hop", "keep-alive", "proxy-authenticate", "connection"] {
        assert_eq!(answer.header(gone), None, "{gone}");
    }
    assert_eq!((answer.header("x-stays"), answer.text()), (Some("1"), "hi"));
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
    assert_eq!(answer.header("date"), Some("Thu, 01 Jan 1970 00:00:00 GMT"), "the upstream's own");
}

/// The token and its proof have done their work; the upstream gets them only where it is to.
#[tokio::test]
async fn the_token_is_passed_only_where_it_is_to_be() {
    let proxied = Proxied::new().await;
    for ask in [Ask::get("/orders"), Ask::get("/open")] {
        let seen = proxied.get(ask.header("dpop", "proof").header("cookie", "a=b")).await;
        assert_eq!((seen.header("authorization"), seen.header("dpop")), (None, None));
        assert_eq!(seen.header("cookie").as_deref(), Some("a=b"));
    }
    let passing = Proxied::with(|parts| ProxyParts { pass_authorization: true, ..parts }).await;
    let seen =
        passing.get(Ask::get("/orders").header("dpop", "proof").header("connection", "authorization")).await;
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {}", passing.token)));
    assert_eq!(seen.header("dpop").as_deref(), Some("proof"));
}

/// `X-Forwarded-…` of a stranger are replaced, in whatever spelling; those of a trusted proxy grow.
#[tokio::test]
async fn forwarded_headers_are_believed_of_trusted_peers_alone() {
    let forged = || {
        let lines = [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-port", "443"),
            ("x-forwarded-prefix", "/evil"),
            ("x_forwarded_for", "203.0.113.7"),
            ("x-real-ip", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7;host=evil.example"),
        ];
        lines.into_iter().fold(Ask::get("/orders"), |ask, (name, value)| ask.header(name, value))
    };
    let none = TrustedProxies::parse(Vec::<String>::new()).unwrap();
    let strict = Proxied::with(|parts| ProxyParts { trusted_proxies: none, ..parts }).await;
    for ask in [forged(), Ask::get("/orders")] {
        let seen = strict.get(ask).await;
        assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("127.0.0.1"));
        assert_eq!(seen.header("x-forwarded-host").as_deref(), Some("orders.example"));
        assert_eq!(seen.header("x-forwarded-proto").as_deref(), Some("http"));
        for gone in ["forwarded", "x-forwarded-port", "x-forwarded-prefix", "x_forwarded_for", "x-real-ip"] {
            assert_eq!(seen.header(gone), None, "{gone}");
        }
    }
    let trusting = Proxied::new().await;
    let seen = trusting.get(forged()).await;
    assert_eq!(seen.header("x-forwarded-for").as_deref(), Some("203.0.113.7|127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-host").as_deref(), Some("evil.example"));
    assert_eq!(seen.header("x-forwarded-proto").as_deref(), Some("https"));
    assert_eq!(seen.header("forwarded").as_deref(), Some("for=203.0.113.7;host=evil.example"));
    let tls = Proxied::with(|parts| ProxyParts { is_tls: true, ..parts }).await;
    assert_eq!(tls.get(Ask::get("/orders")).await.header("x-forwarded-proto").as_deref(), Some("https"));
}

/// What clients send is passed on as it came, and every answer is dated (FAPI).
#[tokio::test]
async fn what_clients_send_passes_unchanged() {
    let proxied = Proxied::new().await;
    let lines = [
        ("accept", "application/json, text/*;q=0.5"),
        ("accept-charset", "utf-8, iso-8859-1;q=0.5"),
        ("accept-encoding", "br, gzip"),
        ("accept-language", "de-CH"),
        ("x-fapi-interaction-id", "93bac548-d2de-4546-b106-880a5018460d"),
        ("x-fapi-auth-date", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ("user-agent", "test/1"),
        ("content-type", "application/json; charset=utf-8"),
        ("if-none-match", "\"abc\""),
        ("range", "bytes=0-1"),
        ("cookie", "a=b; c=d"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ];
    let ask = lines
        .iter()
        .fold(Ask::get("/orders?b=2&a=%2F%c3%a9&b=1"), |ask, (name, value)| ask.header(name, value));
    let seen = proxied.get(ask).await;
    for (name, value) in lines {
        assert_eq!(seen.header(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(seen.target, "/orders?b=2&a=%2F%c3%a9&b=1", "the query as it came");
    for ask in [Ask::get("/orders"), Ask::get("/orders").bearer(&proxied.token), Ask::get("/nowhere")] {
        let answer = ask.at(proxied.proxy.address).await;
        assert!(answer.header("date").is_some_and(|date| date.ends_with(" GMT")), "{}", answer.status);
    }
    let bytes = proxied.get(Ask::get("/orders").header("x-latin", b"caf\xe9")).await;
    assert_eq!(bytes.headers["x-latin"].as_bytes(), b"caf\xe9");
}

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
    assert_eq!(proxied.upstream.count(), 3);
}

/// `HEAD` is asked of the upstream as such, and answered without a body.
#[tokio::test]
async fn head_has_no_body() {
    let proxied = Proxied::new().await;
    let answer = Ask::new("HEAD", "/orders").bearer(&proxied.token).at(proxied.proxy.address).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-length"), Some("14"), "that of the body which GET would have got");
    assert_eq!(proxied.upstream.last().method, "HEAD");
    for path in ["/orders", "/nowhere"] {
        let refused = Ask::new("HEAD", path).at(proxied.proxy.address).await;
        assert!(matches!(refused.status.as_u16(), 401 | 403) && refused.body.is_empty());
    }
}

/// Bodies of known and unknown length go through whole, and trailers that a caller adds do not.
#[tokio::test]
async fn bodies_go_through() {
    let proxied = Proxied::new().await;
    let (address, token) = (proxied.proxy.address, &proxied.token);
    let head = |more: &str| {
        format!(
            "POST /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
        )
    };
    let heard = raw(address, &(head("Content-Length: 5\r\n") + "hello")).await;
    assert!(heard.ends_with("POST /orders 5"), "{heard}");
    assert_eq!(proxied.upstream.last().header("content-length").as_deref(), Some("5"));

    let chunked = "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Auth-Client: forged\r\nX-Other: 1\r\n\r\n";
    let heard =
        raw(address, &(head("Transfer-Encoding: chunked\r\nTrailer: X-Auth-Client, X-Other\r\n") + chunked))
            .await;
    assert!(heard.ends_with("POST /orders 11"), "{heard}");
    let seen = proxied.upstream.last();
    assert_eq!((seen.body.as_ref(), seen.header("trailer")), (&b"hello world"[..], None));
    assert!(seen.trailers.as_ref().is_none_or(|trailers| trailers.is_empty()));
    assert_eq!(seen.header("x-auth-client").as_deref(), Some("svc"));

    let heard = raw(address, &(head("Content-Length: 5\r\nExpect: 100-continue\r\n") + "hello")).await;
    assert!(heard.ends_with("POST /orders 5"), "{heard}");
    assert_eq!(proxied.upstream.last().header("expect"), None);

    // what is no body is its sender's fault
    let heard = raw(address, &(head("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\nnonsense\r\n")).await;
    assert!(heard.starts_with("HTTP/1.1 400"), "{heard}");

    // who is refused is refused before the body, and the upstream never hears of it
    let count = proxied.upstream.count();
    let refused = "POST /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n";
    let heard = raw(address, refused).await;
    assert!(heard.starts_with("HTTP/1.1 401"), "{heard}");
    for smuggled in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Transfer-Encoding: gzip, identity\r\n",
    ] {
        let heard = raw(address, &(head(smuggled) + "0\r\n\r\nGET /open HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert!(!heard.contains("GET /open"), "{smuggled}: {heard}");
    }
    assert!(proxied.upstream.count() <= count + 1);
}

/// Bodies are streamed both ways: the first part arrives before the second was sent, and what nobody reads is not
/// gathered here.
#[tokio::test]
async fn bodies_are_streamed_both_ways() {
    let scene = Scene::new().await;
    let (proxy, _upstream) =
        before(&scene, Duration::from_secs(5), |request: Request<Incoming>| async move {
            // an echo, piece by piece
            let body = request.into_body().into_data_stream();
            let pieces = body.map(|piece| Ok(Frame::data(piece.unwrap_or_default())));
            Ok(Response::new(StreamBody::new(pieces).boxed_unsync()))
        })
        .await;
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post(format!("http://{}/orders", proxy.address))
        .header("authorization", format!("Bearer {}", scene.issuer.mint().token()))
        .body(body)
        .unwrap();
    let mut answer = client.request(request).await.unwrap().into_body();
    for part in ["one", "two", "three"] {
        sender.send_data(Bytes::from(part)).await.unwrap();
        assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), part);
    }
    drop(sender);
    assert!(answer.frame().await.is_none());
}

/// A body larger than what is kept anywhere: as long as the upstream reads nothing, the caller can send no more.
#[tokio::test]
async fn a_large_body_is_not_gathered() {
    let scene = Scene::new().await;
    let gate = Arc::new(Notify::new());
    let (proxy, _upstream) = {
        let gate = Arc::clone(&gate);
        before(&scene, Duration::from_secs(60), move |request: Request<Incoming>| {
            let gate = Arc::clone(&gate);
            async move {
                gate.notified().await;
                let mut sum = 0;
                let mut body = request.into_body();
                while let Some(frame) = body.frame().await {
                    sum += frame.unwrap().into_data().unwrap().len();
                }
                Ok(Response::new(full(sum.to_string())))
            }
        })
        .await
    };
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 1024;
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post(format!("http://{}/orders", proxy.address))
        .header("authorization", format!("Bearer {}", scene.issuer.mint().token()))
        .body(body)
        .unwrap();
    let answer = tokio::spawn(client.request(request));
    let piece = Bytes::from(vec![b'x'; PIECE]);
    let mut sent = 0;
    // until nothing moves any more
    while let Ok(taken) =
        tokio::time::timeout(Duration::from_millis(300), sender.send_data(piece.clone())).await
    {
        taken.unwrap();
        sent += 1;
        assert!(sent < PIECES / 2, "{sent} pieces are somewhere, and nobody reads them");
    }
    gate.notify_one();
    for _ in sent..PIECES {
        sender.send_data(piece.clone()).await.unwrap();
    }
    drop(sender);
    let answer = answer.await.unwrap().unwrap().into_body().collect().await.unwrap().to_bytes();
    assert_eq!(answer, (PIECE * PIECES).to_string());
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
    // a cookie may come in pieces, and two tokens are two
    let request = Request::get("http://orders.example/orders")
        .header("authorization", &bearer)
        .header("authorization", &bearer)
        .body(Full::default())
        .unwrap();
    assert_eq!(sender.clone().send_request(request).await.unwrap().status(), 400);
    connection.abort();
}

/// RFC 9110 §15.6.3, §15.6.5: no upstream is 502, a silent one 504; neither is a reason to let somebody in.
#[tokio::test]
async fn an_upstream_that_fails_is_told() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = closed.local_addr().unwrap();
    drop(closed);
    let at = |address: SocketAddr, patience| {
        let url = format!("http://{address}");
        let upstream = countersign_guard::proxy::Upstream::new(&url, None, patience).unwrap();
        Served::start(Proxy::new(ProxyParts { upstream, ..proxy_parts(&scene.verifier, &url) }))
    };
    let proxy = at(nobody, Duration::from_secs(5));
    let answer = Ask::get("/orders").bearer(&token).at(proxy.address).await;
    assert_eq!(answer.refusal(), "502 upstream_unreachable");
    assert_eq!(
        (answer.header("content-type"), answer.header("cache-control")),
        (Some("application/json"), Some("no-store"))
    );
    assert!(!answer.text().contains(&nobody.to_string()), "where it is is nobody's business");
    assert_eq!(Ask::get("/orders").at(proxy.address).await.status, 401);

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = at(silent.local_addr().unwrap(), Duration::from_millis(50));
    let answer = Ask::get("/orders").bearer(&token).at(proxy.address).await;
    assert_eq!(answer.refusal(), "504 upstream_timeout");

    // one that hangs up, and one that says nonsense
    for said in ["", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "nonsense\r\n\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = at(listener.local_addr().unwrap(), Duration::from_secs(5));
        let upstream = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 16 * 1024];
            let _ = stream.read(&mut head).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
        };
        let ask = Ask::get("/orders").bearer(&token);
        let (answer, ()) =
            futures_util::future::join(Box::pin(ask.at(proxy.address)), Box::pin(upstream)).await;
        assert_eq!(answer.refusal(), "502 upstream_unreachable", "{said:?}");
    }
}

/// What the upstream answers is its own: statuses, challenges, errors.
#[tokio::test]
async fn answers_of_the_upstream_pass() {
    let scene = Scene::new().await;
    let (proxy, _upstream) =
        before(&scene, Duration::from_secs(5), |request: Request<Incoming>| async move {
            let status: u16 = request.uri().query().unwrap().parse().unwrap();
            let response = Response::builder().status(status).header("www-authenticate", "Custom x=\"y\"");
            Ok(response.body(full(if status == 204 || status == 304 { "" } else { "its own" })).unwrap())
        })
        .await;
    for status in [201, 204, 302, 304, 400, 401, 403, 404, 418, 500, 503] {
        let ask = Ask::get(&format!("/orders?{status}")).bearer(&scene.issuer.mint().token());
        let answer = ask.at(proxy.address).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("www-authenticate"), Some("Custom x=\"y\""));
        assert_eq!(answer.header("dpop-nonce"), None);
    }
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
