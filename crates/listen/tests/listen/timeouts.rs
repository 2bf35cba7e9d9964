//! Slow peers: each kind is cut off by its own timeout. The timeouts are tiny; the tests only wait for the close.

use std::time::Duration;

use countersign_listen::Limits;

use crate::harness::{Running, at_once};
use crate::tls::dev;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Threats section 5: slowloris.
#[tokio::test]
async fn a_head_that_does_not_end_is_cut_off() {
    for words in ["", "G", "GET / HTTP/1.1\r\nHost: a\r\nX-", "PRI * HTTP/2.0\r\n", "\r\n\r\n"] {
        let server = Running::start(at_once(|l, t| l.head_timeout = t), None);
        let mut peer = server.connect().await;
        assert_eq!(peer.say(words).await.rest_as_text().await, "", "{words:?}");
        assert_eq!(server.stats.read().head_timeouts, 1, "{words:?}");
    }
}

/// A peer that sends a byte now and then gains no time.
#[tokio::test]
async fn dripping_does_not_help() {
    let server = Running::start(at_once(|l, t| l.head_timeout = t), None);
    let peer = server.connect().await;
    let (mut ear, mut mouth) = tokio::io::split(peer.0);
    let dripping = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        mouth.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
        // each byte is a hundredth of the timeout behind the last, until the other end is gone
        while mouth.write_all(b"y").await.is_ok() {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
    });
    let mut heard = Vec::new();
    let _ = crate::harness::soon(tokio::io::AsyncReadExt::read_to_end(&mut ear, &mut heard)).await;
    assert_eq!(heard, b"");
    crate::harness::soon(dripping).await.unwrap();
    server.until(|c| c.head_timeouts == 1 && c.open == 0).await;
}

#[tokio::test]
async fn a_second_head_is_judged_like_the_first() {
    let server = Running::start(at_once(|l, t| l.head_timeout = t), None);
    let mut peer = server.connect().await;
    peer.say(GET).await.until("body 0").await;
    assert_eq!(peer.say("GET / HTTP/1.1\r\nHost").await.rest_as_text().await, "");
    assert_eq!(server.stats.read().head_timeouts, 1);
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_own_time() {
    let server = Running::start(at_once(|l, t| l.idle_timeout = t), None);
    let mut peer = server.connect().await;
    peer.say(GET).await.until("body 0").await;
    assert_eq!(peer.rest_as_text().await, "");
    let counts = server.stats.read();
    assert_eq!((counts.idle_timeouts, counts.head_timeouts), (1, 0));
}

/// A handler may take longer than any of the timeouts that judge the peer.
#[tokio::test]
async fn a_request_in_work_is_not_timed_out() {
    let limits = at_once(|l, t| (l.head_timeout, l.idle_timeout, l.write_timeout) = (t, t, t));
    let server = Running::start(limits, None);
    let mut other = server.connect().await;
    let mut peer = server.connect().await;
    peer.say("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.held.notified().await;
    // the other one, which says nothing, is gone: more than the timeout has passed
    other.rest().await;
    let mut third = server.connect().await;
    third.rest().await;
    server.release.notify_one();
    peer.until("released").await;
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_cut_off() {
    let server = Running::start(at_once(|l, t| l.write_timeout = t), None);
    let mut peer = server.connect().await;
    peer.say("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.until(|c| c.write_timeouts == 1 && c.open == 0).await;
    assert!(peer.rest().await.len() < 64 << 20);
}

#[tokio::test]
async fn half_a_tls_handshake_is_cut_off() {
    for words in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let limits = at_once(|l, t| l.handshake_timeout = t);
        let server = Running::start(limits, Some(dev().tls));
        let mut peer = server.connect().await;
        assert_eq!(peer.say(words).await.rest().await, b"");
        assert_eq!(server.stats.read().handshake_timeouts, 1);
    }
}

#[tokio::test]
async fn silence_after_a_tls_handshake_is_cut_off() {
    let fixture = dev();
    let server = Running::start(at_once(|l, t| l.head_timeout = t), Some(fixture.tls.clone()));
    let mut peer = fixture.connect(&server).await;
    assert_eq!(peer.rest().await, b"");
    assert_eq!(server.stats.read().head_timeouts, 1);
}

#[tokio::test]
async fn a_silent_http_2_peer_is_cut_off() {
    let server = Running::start(at_once(|l, t| l.head_timeout = t), None);
    let mut peer = server.connect().await;
    peer.say(crate::http2::OPENING).await;
    peer.rest().await;
    assert_eq!(server.stats.read().head_timeouts, 1);
}

#[test]
fn the_defaults_are_the_promised_ones() {
    let limits = Limits::default();
    assert_eq!(limits.head_timeout.as_secs(), 30);
    assert_eq!(limits.handshake_timeout.as_secs(), 10);
    assert_eq!(limits.idle_timeout.as_secs(), 75);
    assert_eq!(limits.drain_timeout.as_secs(), 30);
}
