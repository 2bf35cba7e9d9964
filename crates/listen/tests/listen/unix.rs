//! A unix socket: its peers are processes, and the kernel says whose.

use std::convert::Infallible;
use std::num::NonZeroUsize;

use bytes::Bytes;
use countersign_listen::{Limits, Listener, PeerAddr, PeerProcess, Workers};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;

use crate::harness::{Peer, soon};

/// The peer is told in place of an address, with workers as without; the end is as orderly as any, and limits hold.
#[tokio::test]
async fn peers_are_told_by_their_processes() {
    for workers in [None, Some(Workers::start(NonZeroUsize::MIN).unwrap())] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let limits = Limits { headers: 2, ..Limits::default() };
        let mut listener = Listener::on_unix_socket(UnixListener::bind(&path).unwrap()).with_limits(limits);
        if let Some(workers) = workers {
            listener = listener.with_workers(workers);
        }
        assert!(listener.local_addrs().is_empty());
        let (stop, stopped) = oneshot::channel();
        let stats = listener.stats();
        let ended = tokio::spawn(listener.serve(tower::service_fn(who), async {
            let _ = stopped.await;
        }));

        let mut peer = Peer(UnixStream::connect(&path).await.unwrap());
        let heard = peer.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.until("false.").await;
        let own = peer.0.peer_cred().unwrap();
        assert!(heard.ends_with(&format!("{} {:?} false.", own.uid(), own.pid())), "{heard}");
        peer.say("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n").await;
        assert!(peer.rest_as_text().await.starts_with("HTTP/1.1 431 "));

        let mut idle = Peer(UnixStream::connect(&path).await.unwrap());
        soon(async {
            while stats.read().accepted < 2 {
                tokio::task::yield_now().await
            }
        })
        .await;
        stop.send(()).unwrap();
        assert_eq!(idle.rest().await, b"");
        assert_eq!(soon(ended).await.unwrap().cut, 0);
    }
}

/// A user whom nobody knows, or any single one, holds the silent connections of but a few, and others are served.
#[tokio::test]
async fn one_user_does_not_take_all_connections() {
    for (is_known, most) in [(false, 1), (true, 8)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let limits = Limits { connections: 32, ..Limits::default() };
        let listener = Listener::on_unix_socket(UnixListener::bind(&path).unwrap()).with_limits(limits);
        let listener = listener.with_known_users(move |_| is_known);
        let stats = listener.stats();
        let _serving = tokio::spawn(listener.serve(tower::service_fn(who), std::future::pending()));
        let mut silent = Vec::new();
        for _ in 0..most {
            silent.push(Peer(UnixStream::connect(&path).await.unwrap()));
        }
        for _ in 0..50 {
            assert_eq!(Peer(UnixStream::connect(&path).await.unwrap()).rest().await, b"");
        }
        assert_eq!((stats.read().accepted, stats.read().full), (most, 50));
        silent.pop();
        soon(async {
            while stats.read().open == most {
                tokio::task::yield_now().await
            }
        })
        .await;
        let mut peer = Peer(UnixStream::connect(&path).await.unwrap());
        assert!(peer.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.until("false.").await.contains(" 200 "));
    }
}

async fn who(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let process = request.extensions().get::<PeerProcess>().unwrap();
    let has_address = request.extensions().get::<PeerAddr>().is_some();
    let text = format!("{} {:?} {has_address}.", process.uid, process.pid);
    Ok(Response::new(Full::new(text.into())))
}
