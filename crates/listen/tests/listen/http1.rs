//! HTTP/1.1 as attackers write it.

use crate::harness::{Running, soon};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn the_service_learns_its_peer() {
    let server = Running::plain();
    let mut peer = server.connect().await;
    let heard = peer.say(GET).await.until("body 0").await;
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"), "{heard}");
    assert!(heard.ends_with("GET / 127.0.0.1 body 0"), "{heard}");
}

#[tokio::test]
async fn keep_alive_pipelining_and_chunks_work() {
    let server = Running::plain();
    let mut peer = server.connect().await;
    peer.say(format!("{GET}{GET}")).await;
    peer.until("body 0").await;
    peer.until("body 0").await;
    peer.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na\nb\r\n0\r\n\r\n").await;
    peer.until("body 3").await;
    peer.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\n\n").await;
    peer.until("body 2").await;
    assert_eq!(server.stats.read().requests, 4);
}

/// Threats section 5: request smuggling. The service never sees such a request, nor what was smuggled behind it.
#[tokio::test]
async fn ambiguous_requests_are_answered_400_and_closed() {
    let smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let heads = [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded: c\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHo\rst: a\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
    ];
    for head in heads {
        let server = Running::plain();
        let mut peer = server.connect().await;
        let heard = peer.say(format!("{head}{smuggled}")).await.rest_as_text().await;
        assert!(heard.starts_with("HTTP/1.1 400 "), "{head:?}: {heard}");
        assert_eq!(heard.matches("HTTP/1.1").count(), 1, "{head:?}: {heard}");
        assert_eq!(server.stats.read().requests, 0, "{head:?}");
    }
}

/// The same, when the head comes after a good request and in pieces.
#[tokio::test]
async fn an_ambiguous_request_behind_a_good_one_is_refused_too() {
    let server = Running::plain();
    let mut peer = server.connect().await;
    peer.say(format!("{GET}POST / HTTP/1.1\r\nHost: a\r\nContent-Len")).await;
    peer.until("body 0").await;
    peer.say("gth: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").await;
    let heard = peer.rest_as_text().await;
    assert!(heard.starts_with("HTTP/1.1 400 "), "{heard}");
    let counts = server.stats.read();
    assert_eq!((counts.requests, counts.malformed), (1, 1));
}

#[tokio::test]
async fn broken_chunks_never_become_another_request() {
    for chunks in ["1\nx\r\n0\r\n\r\n", "1;a=\"\r\n\"\r\nx\r\n0\r\n\r\n", "2\r\nx\r\n0\r\n\r\n", "-1\r\n"] {
        let server = Running::plain();
        let mut peer = server.connect().await;
        peer.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        let heard = peer.say(format!("{chunks}{GET}")).await.rest_as_text().await;
        assert!(server.stats.read().requests <= 1, "{chunks:?}: {heard}");
        assert!(!heard.contains("GET"), "{chunks:?}: {heard}");
    }
}

/// RFC 6585 section 5.
#[tokio::test]
async fn a_head_beyond_the_limits_is_answered_431() {
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(40_000));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(101));
    for head in [long, many] {
        let server = Running::plain();
        let mut peer = server.connect().await;
        let heard = peer.say(head).await.rest_as_text().await;
        assert!(heard.starts_with("HTTP/1.1 431 "), "{heard}");
        assert_eq!(server.stats.read().requests, 0);
    }
}

#[tokio::test]
async fn a_head_just_within_the_limits_passes() {
    let server = Running::plain();
    let mut peer = server.connect().await;
    let lines = format!("X: {}\r\n", "y".repeat(300)).repeat(98);
    peer.say(format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n")).await.until("body 0").await;
}

#[tokio::test]
async fn a_peer_that_resets_or_leaves_takes_nothing_with_it() {
    let server = Running::plain();
    for words in ["", "GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"] {
        let mut peer = server.connect().await;
        peer.say(words).await;
        drop(peer);
    }
    server.until(|c| c.accepted == 3 && c.open == 0).await;
    soon(async { server.connect().await.say(GET).await.until("body 0").await }).await;
}
