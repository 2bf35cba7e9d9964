//! Bodies, of any length, both ways.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Request, Response};
use http_body_util::{BodyExt as _, StreamBody, channel::Channel};
use hyper::body::{Frame, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::{Proxied, before, full, raw};
use crate::harness::{Ask, Scene};

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

/// Bodies whose length nobody knows go through whatever the method, of HTTP/1.1 and of HTTP/2: a server that reads `GET` with
/// a body must not see another request than the one that was made.
#[tokio::test]
async fn bodies_of_unknown_length_go_through_with_any_method() {
    let proxied = Proxied::new().await;
    let address = proxied.proxy.address;
    let authorization = format!("Bearer {}", proxied.token);
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    for method in ["GET", "POST", "HEAD", "DELETE"] {
        let head = format!(
            "{method} /orders HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
        );
        let heard =
            raw(address, &format!("{head}Authorization: {authorization}\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
                .await;
        assert!(heard.starts_with("HTTP/1.1 200"), "{method}: {heard}");
        let seen = proxied.upstream.last();
        assert_eq!((&*seen.method, &*seen.body), (method, &b"hello"[..]));
        assert_eq!(seen.header("transfer-encoding").as_deref(), Some("chunked"));

        let (mut body, streamed) = Channel::<Bytes, Infallible>::new(1);
        let request = Request::builder().method(method).uri("http://orders.example/orders");
        let request = request.header("authorization", &authorization).body(streamed).unwrap();
        let mut sender = sender.clone();
        let answer = tokio::spawn(async move { sender.send_request(request).await.unwrap() });
        body.send_data(Bytes::from("world")).await.unwrap();
        drop(body);
        assert_eq!(answer.await.unwrap().status(), 200);
        let seen = proxied.upstream.last();
        assert_eq!((&*seen.method, &*seen.body), (method, &b"world"[..]));
    }
    // and none where there is none
    proxied.get(Ask::get("/orders")).await;
    assert_eq!(proxied.upstream.last().header("transfer-encoding"), None);
    connection.abort();
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
