//! The end: what is in flight is finished, what does not finish is cut off.

use std::time::Duration;

use countersign_listen::Limits;
use tokio::net::TcpStream;

use crate::harness::{Running, at_once, soon};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const HOLD: &str = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn a_request_in_work_is_finished() {
    let mut server = Running::plain();
    let mut peer = server.connect().await;
    peer.say(HOLD).await;
    server.held.notified().await;
    server.stop();
    // nobody new is let in
    soon(async { while TcpStream::connect(server.address).await.is_ok() {} }).await;
    server.release.notify_one();
    let heard = peer.rest_as_text().await;
    assert!(heard.starts_with("HTTP/1.1 200 ") && heard.ends_with("released"), "{heard}");
    assert!(heard.contains("connection: close"), "{heard}");
    let ended = server.ended().await;
    assert_eq!((ended.finished, ended.cut), (1, 0));
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_the_end() {
    let mut server = Running::plain();
    let mut spoken = server.connect().await;
    spoken.say(GET).await.until("body 0").await;
    let mut silent = server.connect().await;
    server.until(|c| c.open == 2).await;
    server.stop();
    assert_eq!(spoken.rest().await, b"");
    assert_eq!(silent.rest().await, b"");
    let ended = server.ended().await;
    assert_eq!((ended.finished, ended.cut), (2, 0));
}

#[tokio::test]
async fn what_does_not_finish_is_cut_off_at_the_deadline() {
    let mut server = Running::start(at_once(|l, t| l.drain_timeout = t), None);
    let mut peer = server.connect().await;
    peer.say(HOLD).await;
    server.held.notified().await;
    server.stop();
    assert_eq!(peer.rest().await, b"");
    let ended = server.ended().await;
    assert_eq!((ended.finished, ended.cut), (0, 1));
}

/// A slow head does not use up the drain.
#[tokio::test]
async fn a_half_sent_head_is_timed_out_during_the_drain_too() {
    let limits = Limits { head_timeout: Duration::from_millis(200), ..Limits::default() };
    let mut server = Running::start(limits, None);
    let mut peer = server.connect().await;
    peer.say(GET).await.until("body 0").await;
    peer.say("GET / HT").await;
    server.stop();
    peer.rest().await;
    assert_eq!(server.ended().await.cut, 0);
}
