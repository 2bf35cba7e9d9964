//! The life of one connection: handshake, requests, and an end that is either its own, ours, or late.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::activity::{Activity, Late};
use crate::guarded::Guarded;
use crate::peer::Peer;
use crate::service::PerConnection;
use crate::socket::Stream;
use crate::stats::Event;
use crate::{Limits, PeerCertificate, Stats};

/// A boxed error, as HTTP wants it.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How far the listener's end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Serving,
    /// Finish what is in flight, begin nothing new.
    Draining,
    /// Drop everything.
    Closing,
}

/// What all connections of a listener share.
pub(crate) struct Shared<S> {
    pub(crate) service: S,
    pub(crate) http: Builder<TokioExecutor>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) limits: Limits,
    pub(crate) stats: Stats,
}

/// The HTTP settings that follow from the limits.
pub(crate) fn http(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // our own watch judges heads: this one would count the idle time before a head as part of it
        .header_read_timeout(None)
        .max_buf_size(limits.head_bytes.max(MIN_HEAD_BYTES));
    if limits.headers != DEFAULT_HEADERS {
        builder.http1().max_headers(limits.headers);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(limits.pending_resets)
        .max_local_error_reset_streams(limits.provoked_resets)
        .initial_stream_window_size(H2_STREAM_WINDOW)
        .initial_connection_window_size(H2_CONNECTION_WINDOW)
        .max_send_buf_size(H2_SEND_BUFFER)
        .keep_alive_interval(limits.ping)
        .keep_alive_timeout(limits.ping);
    builder
}

/// Serves one accepted connection to its end.
pub(crate) async fn connection<S, B>(
    shared: Arc<Shared<S>>,
    stream: Stream,
    peer: Peer,
    phase: watch::Receiver<Phase>,
) where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let stream = match stream {
        Stream::Tcp(stream) => stream,
        #[cfg(unix)]
        Stream::Unix(stream) => return requests(&shared, stream, peer, None, phase).await,
    };
    // small answers must not wait for the peer's acknowledgement of the last one
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, peer = %peer, "TCP_NODELAY refused");
    }
    match &shared.tls {
        None => requests(&shared, stream, peer, None, phase).await,
        Some(acceptor) => {
            if let Some(stream) = handshake(&shared, acceptor, stream, peer, &phase).await {
                let certificate = PeerCertificate::of(stream.get_ref().1);
                requests(&shared, stream, peer, certificate, phase).await;
            }
        }
    }
}

async fn handshake<S>(
    shared: &Shared<S>,
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    peer: Peer,
    phase: &watch::Receiver<Phase>,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut ending = phase.clone();
    let shaken = tokio::select! {
        shaken = timeout(shared.limits.handshake_timeout, acceptor.accept(stream)) => shaken,
        // nothing was asked yet, so nothing is lost
        _ = ending.wait_for(|p| *p > Phase::Serving) => return None,
    };
    match shaken {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            shared.stats.count(Event::HandshakeFailure);
            tracing::debug!(%error, peer = %peer, "TLS handshake failed");
            None
        }
        Err(_) => {
            shared.stats.count(Event::HandshakeTimeout);
            tracing::debug!(peer = %peer, "TLS handshake timed out");
            None
        }
    }
}

async fn requests<S, B, I>(
    shared: &Shared<S>,
    stream: I,
    peer: Peer,
    certificate: Option<PeerCertificate>,
    phase: watch::Receiver<Phase>,
) where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Shared { service, http, limits, stats, .. } = shared;
    let activity = Activity::start();
    let stream = TokioIo::new(Guarded::new(stream, Arc::clone(&activity), stats.clone()));
    let service = PerConnection {
        service: service.clone(),
        peer,
        certificate,
        activity: Arc::clone(&activity),
        stats: stats.clone(),
    };
    let mut conversation = pin!(http.serve_connection(stream, service));
    let mut draining = phase.clone();
    let mut closing = phase;

    let late = tokio::select! {
        biased;
        ended = conversation.as_mut() => return log(ended, peer),
        late = activity.until_late(limits) => Some(late),
        _ = draining.wait_for(|p| *p > Phase::Serving) => None,
    };
    if let Some(late) = late {
        stats.count(late.into());
        tracing::debug!(?late, peer = %peer, "connection timed out");
        if late != Late::Idle {
            return;
        }
    }
    // the last words: HTTP/1.1 closes after the answer in work, HTTP/2 says GOAWAY
    conversation.as_mut().graceful_shutdown();
    let last_words = async {
        match late {
            Some(_) => sleep(GOODBYE).await,
            None => stats.count(activity.until_late(limits).await.into()),
        }
    };
    tokio::select! {
        biased;
        ended = conversation => log(ended, peer),
        () = last_words => {}
        _ = closing.wait_for(|p| *p == Phase::Closing) => {
            stats.count(Event::Cut);
            tracing::debug!(peer = %peer, "connection cut off at the end of the drain");
        }
    }
}

fn log(ended: Result<(), BoxError>, peer: Peer) {
    if let Err(error) = ended {
        let reset =
            error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::ConnectionReset);
        if reset {
            tracing::trace!(peer = %peer, "connection reset by its peer");
        } else {
            tracing::debug!(%error, peer = %peer, "connection ended");
        }
    }
}

/// For a GOAWAY to be sent and heard on an idle connection.
const GOODBYE: Duration = Duration::from_secs(2);

/// What the HTTP/1.1 parser needs at least.
const MIN_HEAD_BYTES: usize = 8192;

/// The parser's own default, for which it needs no allocation.
const DEFAULT_HEADERS: usize = 100;

/// Token requests are small; these windows bound what a thousand connections can make us hold.
const H2_STREAM_WINDOW: u32 = 64 * 1024;
const H2_CONNECTION_WINDOW: u32 = 256 * 1024;
const H2_SEND_BUFFER: usize = 64 * 1024;
