//! HTTP/2: over TLS, in the clear with prior knowledge, and as attackers use it.

use bytes::Bytes;
use countersign_listen::Limits;
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::harness::{Running, at_once, soon};
use crate::tls::dev;

/// The preface and an empty SETTINGS frame (RFC 9113 section 3.4).
pub(crate) const OPENING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// What an HTTP/2 connection begins with, before the first frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

type Sender = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

async fn client<I: AsyncRead + AsyncWrite + Unpin + Send + 'static>(io: I) -> Sender {
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(format!("https://localhost{path}")).body(Full::default()).unwrap()
}

async fn text(sender: &mut Sender, path: &str) -> String {
    let answer = soon(sender.send_request(get(path))).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn it_is_spoken_over_tls_when_both_want_it() {
    let fixture = dev();
    let server = Running::start(Limits::default(), Some(fixture.tls.clone()));
    let tls = fixture.connect_with(&server, |c| c.alpn_protocols = vec![b"h2".to_vec()]).await.unwrap().0;
    assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let mut sender = client(tls).await;
    assert_eq!(text(&mut sender, "/").await, "GET / 127.0.0.1 body 0");
}

#[tokio::test]
async fn it_is_spoken_in_the_clear_with_prior_knowledge() {
    let server = Running::plain();
    let mut sender = client(server.connect().await.0).await;
    assert_eq!(text(&mut sender, "/").await, "GET / 127.0.0.1 body 0");
}

#[tokio::test]
async fn a_request_in_work_is_finished_at_the_end() {
    let mut server = Running::plain();
    let mut sender = client(server.connect().await.0).await;
    let answer = tokio::spawn({
        let mut sender = sender.clone();
        async move { text(&mut sender, "/hold").await }
    });
    server.held.notified().await;
    server.stop();
    // GOAWAY: the client learns that nothing new is taken
    soon(async {
        while sender.ready().await.is_ok() && !sender.is_closed() {
            tokio::task::yield_now().await;
            if sender.send_request(get("/")).await.is_err() {
                break;
            }
        }
    })
    .await;
    server.release.notify_one();
    assert_eq!(soon(answer).await.unwrap(), "released");
    let ended = server.ended().await;
    assert_eq!((ended.finished, ended.cut), (1, 0));
}

#[tokio::test]
async fn a_header_list_beyond_the_limit_is_refused() {
    let server = Running::plain();
    let mut sender = client(server.connect().await.0).await;
    let mut request = get("/");
    for i in 0..40 {
        let name = http::HeaderName::try_from(format!("x-{i}")).unwrap();
        request.headers_mut().insert(name, "y".repeat(1000).parse().unwrap());
    }
    // the client learns our limit from SETTINGS and refuses itself, or we answer 431
    let refused = match soon(sender.send_request(request)).await {
        Ok(answer) => answer.status() == 431,
        Err(_) => true,
    };
    assert!(refused);
    assert_eq!(server.stats.read().requests, 0);
}

/// One frame (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET http:///` with an authority, as HPACK's static table spells it.
const GET: &[u8] = b"\x82\x86\x84\x41\x01a";

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

/// The error codes of the GOAWAY frames in what was heard.
fn goaways(mut heard: &[u8]) -> Vec<u32> {
    let mut codes = Vec::new();
    while let Some((head, after)) = heard.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some((payload, rest)) = after.split_at_checked(length) else { break };
        if head[3] == GOAWAY {
            codes.push(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        heard = rest;
    }
    codes
}

/// Threats section 5: a peer whose flow control gives an answer no room holds it for no longer than one that does not
/// read, however lively its connection is.
#[tokio::test]
async fn a_peer_that_gives_an_answer_no_room_is_cut_off() {
    let server = Running::start(at_once(|l, t| l.write_timeout = t), None);
    let mut peer = server.connect().await;
    let settings = frame(SETTINGS, 0, 0, b"\0\x04\0\0\0\0"); // SETTINGS_INITIAL_WINDOW_SIZE: 0
    let request = frame(HEADERS, 0x5, 1, GET);
    peer.say([PREFACE, &settings, &request].concat()).await;
    server.until(|c| c.requests == 1).await;
    soon(async {
        use tokio::io::AsyncWriteExt;
        while peer.0.write_all(&frame(PING, 0, 0, &[0; 8])).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    server.until(|c| c.write_timeouts == 1 && c.open == 0).await;
}

/// A handler that takes its time is not the peer's fault.
#[tokio::test]
async fn an_answer_that_is_not_there_yet_is_not_timed_out() {
    let server = Running::start(at_once(|l, t| l.write_timeout = t), None);
    let mut sender = client(server.connect().await.0).await;
    let answer = tokio::spawn(async move { text(&mut sender, "/hold").await });
    server.held.notified().await;
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    server.release.notify_one();
    assert_eq!(soon(answer).await.unwrap(), "released");
}

/// Threats section 5: rapid reset (CVE-2023-44487).
#[tokio::test]
async fn opening_and_resetting_streams_without_end_ends_the_connection() {
    let server = Running::plain();
    let mut peer = server.connect().await;
    let mut flood = OPENING.to_vec();
    for i in 0..5_000 {
        flood.extend(frame(HEADERS, 0x5, 2 * i + 1, GET));
        flood.extend(frame(RST_STREAM, 0, 2 * i + 1, &8u32.to_be_bytes()));
    }
    // the server may close while we still speak
    let _ = tokio::io::AsyncWriteExt::write_all(&mut peer.0, &flood).await;
    let heard = peer.rest().await;
    let codes = goaways(&heard);
    assert!(codes.contains(&ENHANCE_YOUR_CALM) || heard.is_empty(), "{codes:?}");
    server.until(|c| c.open == 0).await;
    assert!(server.stats.read().requests < 1_000, "{:?}", server.stats.read());
}

/// Threats section 5: CONTINUATION flood (RUSTSEC-2024-0332).
#[tokio::test]
async fn a_header_block_without_end_ends_the_connection() {
    let server = Running::plain();
    let mut peer = server.connect().await;
    let mut flood = [OPENING, &frame(HEADERS, 0x1, 1, GET)].concat();
    // a literal header without indexing, over and over
    let header = b"\x00\x03abc\x03def".repeat(1_000);
    for _ in 0..200 {
        flood.extend(frame(CONTINUATION, 0, 1, &header));
    }
    let _ = tokio::io::AsyncWriteExt::write_all(&mut peer.0, &flood).await;
    peer.rest().await;
    server.until(|c| c.open == 0).await;
    assert_eq!(server.stats.read().requests, 0);
}

/// Threats section 5: empty frames without end cost us work and the peer nothing (RUSTSEC-2026-0258).
#[tokio::test]
async fn empty_data_frames_without_end_end_the_connection() {
    let server = Running::plain();
    let mut peer = server.connect().await;
    // a POST that is held, so that nobody reads its body
    let hold = [b"\x83\x86\x04\x05/hold\x41\x01a".as_slice()].concat();
    let mut flood = [OPENING, &frame(HEADERS, 0x4, 1, &hold)].concat();
    for _ in 0..100_000 {
        flood.extend(frame(0, 0, 1, &[]));
    }
    let _ = tokio::io::AsyncWriteExt::write_all(&mut peer.0, &flood).await;
    let codes = goaways(&peer.rest().await);
    assert!(!codes.contains(&0), "{codes:?}");
    server.until(|c| c.open == 0).await;
}

const ENHANCE_YOUR_CALM: u32 = 11;
