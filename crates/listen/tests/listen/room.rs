//! A full house, and several doors.

use countersign_listen::{Limits, Listener};

use crate::harness::{Peer, Running, soon};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn beyond_the_last_place_connections_wait_and_are_served_later() {
    let server = Running::start(Limits { connections: 1, ..Limits::default() }, None);
    let mut first = server.connect().await;
    first.say(GET).await.until("body 0").await;
    let mut second = server.connect().await;
    second.say(GET).await;
    server.until(|c| c.full == 1).await;
    first.say(GET).await.until("body 0").await;
    assert_eq!(server.stats.read().accepted, 1);
    drop(first);
    second.until("body 0").await;
    assert_eq!(server.stats.read().accepted, 2);
}

#[tokio::test]
async fn one_listener_serves_all_its_addresses() {
    let listener = Listener::bind_loopback(0).unwrap();
    let addresses = listener.local_addrs();
    let service = tower::service_fn(|_| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(listener.serve(service, async move {
        let _ = stopped.await;
    }));
    for address in addresses {
        let mut peer = Peer(tokio::net::TcpStream::connect(address).await.unwrap());
        let heard = peer.say(GET).await.until("\r\n\r\n").await;
        assert!(heard.starts_with("HTTP/1.1 200 "), "{address}: {heard}");
    }
    stop.send(()).unwrap();
    soon(serving).await.unwrap();
}

#[tokio::test]
async fn the_port_is_free_again_after_the_end() {
    let mut server = Running::plain();
    let address = server.address;
    let mut peer = server.connect().await;
    peer.say(GET).await.until("body 0").await;
    server.stop();
    server.ended().await;
    Listener::bind(&[address]).unwrap();
}
