//! Upstreams that answer, and such that do not.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use countersign_client::SystemClock;
use countersign_guard::proxy::{Proxy, ProxyParts};
use countersign_listen::tls::{self, Tls};
use countersign_proto::time::Clock as _;
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tower::service_fn;

use super::{before, full};
use crate::harness::{Ask, Scene, Served, proxy_parts};

/// RFC 9110 §15.6.3, §15.6.5: no upstream is 502, a silent one 504; neither is a reason to let somebody in.
#[tokio::test]
async fn an_upstream_that_fails_is_told() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    // bound, so that nobody else gets it, and not listening
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = closed.local_addr().unwrap();
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

/// An upstream of HTTP/1.0 ends its own connection, not the caller's.
#[tokio::test]
async fn an_old_upstream_does_not_end_the_callers_connection() {
    let scene = Scene::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let proxy = Served::start(Proxy::new(proxy_parts(&scene.verifier, &url)));
    let upstream = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 16 * 1024];
            let _ = stream.read(&mut head).await.unwrap();
            stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi").await.unwrap();
        }
    });
    let once = "GET /open HTTP/1.1\r\nHost: a\r\n";
    let heard = super::raw(proxy.address, &format!("{once}\r\n{once}Connection: close\r\n\r\n")).await;
    assert_eq!(heard.matches("HTTP/1.1 200").count(), 2, "{heard}");
    upstream.await.unwrap();
}

/// Over TLS as well, upstreams are spoken to in HTTP/1.1: in HTTP/2 there would be an `:authority` beside `Host`.
#[tokio::test]
async fn upstreams_are_spoken_to_in_http1_over_tls_too() {
    let scene = Scene::new().await;
    let folder = tempfile::tempdir().unwrap();
    let now = Duration::from_secs(SystemClock.now().0.try_into().unwrap());
    let dev = tls::dev::certificate(folder.path(), &[], SystemTime::UNIX_EPOCH + now).unwrap();
    let both = Tls::load(dev.files).unwrap();
    let upstream = Served::on(
        "127.0.0.1:0".parse().unwrap(),
        Some(both),
        service_fn(|request: Request<Incoming>| async move {
            let said = format!("{:?} {:?}", request.version(), request.headers()["host"]);
            Ok::<_, Infallible>(Response::new(full(said)))
        }),
    );
    let url = format!("https://{}", upstream.address);
    let to = countersign_guard::proxy::Upstream::new(&url, Some(&dev.ca), Duration::from_secs(5)).unwrap();
    let plain = proxy_parts(&scene.verifier, "http://127.0.0.1:1");
    let proxy = Served::start(Proxy::new(ProxyParts { upstream: to, ..plain }));
    assert_eq!(Ask::get("/open").at(proxy.address).await.text(), "HTTP/1.1 \"orders.example\"");
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

/// What an upstream does that cannot be passed on is told, counted, and held against it alone: a protocol that nobody asked
/// for (RFC 9110 §15.2.2), a length that is none beside chunks (RFC 9112 §6.3), an answer or a body that breaks off.
#[tokio::test]
async fn what_breaks_off_is_counted_where_it_broke() {
    let scene = Scene::new().await;
    let token = scene.issuer.mint().token();
    let ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    let chunked =
        format!("{ok}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nwhole\r\n0\r\n\r\n");
    let get =
        format!("GET /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n");
    let upgrade = format!("{get}Upgrade: x\r\nConnection: upgrade\r\n\r\n");
    let post = get.replace("GET", "POST") + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nrubbish\r\n";
    let get = format!("{get}\r\n");
    for (said, asked, heard, counted) in [
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", &get, "HTTP/1.1 502", ("answer", 1, 0)),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
            &upgrade,
            "HTTP/1.1 502",
            ("answer", 1, 0),
        ),
        (&chunked, &get, "5\r\nwhole\r\n0", ("", 0, 0)),
        (&format!("{ok}Content-Length: 100\r\n\r\nhello"), &get, "hello", ("answer", 1, 0)),
        (&format!("{ok}Transfer-Encoding: chunked\r\n\r\nx\r\n"), &get, "", ("answer", 1, 0)),
        ("", &post, "HTTP/1.1 400", ("", 0, 1)),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = Proxy::new(proxy_parts(&scene.verifier, &url));
        let proxy = Served::start(service.clone());
        let said = said.to_owned();
        let upstream = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 16 * 1024];
            let _ = stream.read(&mut head).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            if said.is_empty() {
                let _ = stream.read(&mut head).await; // until the caller's fault is seen
            }
        });
        let answer = super::raw(proxy.address, asked).await;
        upstream.abort();
        assert!(answer.contains(heard), "{asked}{answer}");
        assert!(!answer.to_ascii_lowercase().contains("content-length: 3\r\n"), "{answer}");
        let (reason, count, of_callers) = counted;
        let counts: Vec<_> = service.upstream_failures().filter(|(_, count)| *count > 0).collect();
        let expected: Vec<_> = [(reason, count)].into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!((counts, service.broken_bodies()), (expected, of_callers), "{asked}{answer}");
    }
}
