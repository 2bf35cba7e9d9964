//! Silence in the middle of bodies: whose it is, and how long it may last.

use std::time::Duration;

use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;

use super::{before, full, raw};
use crate::harness::{Scene, Served, proxy_parts};
use countersign_guard::proxy::{Proxy, ProxyParts};

fn head(scene: &Scene, length: usize) -> String {
    let token = scene.issuer.mint().token();
    format!(
        "POST /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n"
    )
}

async fn counting(request: Request<Incoming>) -> super::Answered {
    let length = request.into_body().collect().await.map_or(0, |body| body.to_bytes().len());
    Ok(Response::new(full(length.to_string())))
}

/// RFC 9110 §15.5.9: an upload that stalls is its caller's fault, however patient the upstream is.
#[tokio::test]
async fn a_stalled_upload_is_told() {
    let scene = Scene::new().await;
    let (proxy, _upstream) = before(&scene, Duration::from_millis(100), counting).await;
    let heard = raw(proxy.address, &(head(&scene, 10) + "Connection: close\r\n\r\nhello")).await;
    assert!(heard.starts_with("HTTP/1.1 408"), "{heard}");
}

/// The upstream's time does not begin before the request is there.
#[tokio::test]
async fn a_slow_upload_is_not_the_upstreams_fault() {
    let scene = Scene::new().await;
    let (proxy, _upstream) = before(&scene, Duration::from_millis(500), counting).await;
    let mut stream = TcpStream::connect(proxy.address).await.unwrap();
    stream.write_all((head(&scene, 8) + "Connection: close\r\n\r\n").as_bytes()).await.unwrap();
    for _ in 0..8 {
        stream.write_all(b"x").await.unwrap();
        sleep(Duration::from_millis(100)).await; // slower than patience in all, and never silent for as long
    }
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 200") && heard.ends_with("\r\n\r\n8"), "{heard}");
}

/// RFC 9110 §15.6.5: once it has everything, or takes nothing of it, silence is the upstream's; and nothing is kept for the
/// sake of an upload that nobody reads.
#[tokio::test]
async fn an_upstream_that_has_its_request_answers_in_time() {
    let scene = Scene::new().await;
    for length in [5, 8 << 20] {
        let (proxy, _upstream) = before(&scene, Duration::from_millis(100), |request| async move {
            let _unread: Request<Incoming> = request;
            std::future::pending().await
        })
        .await;
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        let (mut read, mut write) = stream.split();
        let sent = head(&scene, length) + "Connection: close\r\n\r\n" + &"x".repeat(length);
        let mut heard = String::new();
        let writing = async {
            let _ = write.write_all(sent.as_bytes()).await; // it may end early
        };
        let reading = async {
            let _ = read.read_to_string(&mut heard).await;
        };
        let both = futures_util::future::join(writing, reading);
        tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
        assert!(heard.starts_with("HTTP/1.1 504"), "{length}: {heard}");
    }
}

/// An answer that stalls in its middle ends, and not as if it were whole.
#[tokio::test]
async fn an_answer_that_stalls_breaks_off() {
    let scene = Scene::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let upstream = countersign_guard::proxy::Upstream::new(&url, None, Duration::from_millis(100)).unwrap();
    let proxy = Served::start(Proxy::new(ProxyParts { upstream, ..proxy_parts(&scene.verifier, &url) }));
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 16 * 1024];
        let _ = stream.read(&mut head).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            .await
            .unwrap();
        // until the proxy has enough of it
        assert_eq!(stream.read(&mut head).await.unwrap_or(0), 0);
    });
    let heard = raw(proxy.address, &(head(&scene, 0) + "\r\n")).await;
    assert!(heard.ends_with("5\r\nhello\r\n"), "{heard}");
    asked.await.unwrap();
}

/// RFC 9112 §9.6: who uploads to an upstream that is not there hears so, and its connection lives on.
#[tokio::test]
async fn an_upload_to_nobody_is_read_out() {
    let scene = Scene::new().await;
    // bound, so that nobody else gets it, and not listening
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    let upstream = countersign_guard::proxy::Upstream::new(&url, None, Duration::from_secs(5)).unwrap();
    let proxy = Served::start(Proxy::new(ProxyParts { upstream, ..proxy_parts(&scene.verifier, &url) }));
    let length = 700_000;
    let first = head(&scene, length) + "\r\n" + &"x".repeat(length);
    let heard = raw(proxy.address, &(first + &head(&scene, 0) + "Connection: close\r\n\r\n")).await;
    assert_eq!(heard.matches("HTTP/1.1 502").count(), 2, "{heard}");
}
