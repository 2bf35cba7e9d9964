//! A full house, and several doors.

use std::num::NonZeroUsize;

use countersign_listen::{Limits, Listener, Workers};
use tokio::sync::{mpsc, oneshot};

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
    let (stop, stopped) = oneshot::channel::<()>();
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

/// Connections are spread over the workers, and the drain waits for what they have in flight.
#[tokio::test]
async fn workers_share_the_connections_and_finish_them() {
    let workers = Workers::start(NonZeroUsize::new(2).unwrap()).unwrap();
    let listener = Listener::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap().with_workers(workers);
    let address = listener.local_addrs()[0];
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let service = tower::service_fn(move |_| {
        let (release, released) = oneshot::channel::<()>();
        arrived.send((std::thread::current().name().unwrap().to_owned(), release)).unwrap();
        async move {
            let _ = released.await;
            Ok::<_, std::convert::Infallible>(http::Response::new(
                http_body_util::Empty::<bytes::Bytes>::new(),
            ))
        }
    });
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(listener.serve(service, async move {
        let _ = stopped.await;
    }));
    let (mut peers, mut names, mut releases) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..4 {
        let mut peer = Peer(tokio::net::TcpStream::connect(address).await.unwrap());
        peer.say(GET).await;
        peers.push(peer);
        let (name, release) = soon(arrivals.recv()).await.unwrap();
        names.push(name);
        releases.push(release);
    }
    names.sort();
    assert_eq!(names, ["listen-0", "listen-0", "listen-1", "listen-1"]);
    stop.send(()).unwrap();
    // the doors are shut before the drain begins
    soon(async { while tokio::net::TcpStream::connect(address).await.is_ok() {} }).await;
    for release in releases {
        release.send(()).unwrap();
    }
    for mut peer in peers {
        let heard = peer.rest_as_text().await;
        assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
    }
    let ended = soon(serving).await.unwrap();
    assert_eq!((ended.finished, ended.cut), (4, 0));
}
