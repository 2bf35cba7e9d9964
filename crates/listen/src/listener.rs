//! The listener: bind, configure, serve until told to end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::accept::{Door, Told};
use crate::connection::{BoxError, Phase, Shared, connection, http};
#[cfg(unix)]
use crate::crowd::{Crowd, Known};
use crate::socket::{Socket, Stream};
use crate::tls::Tls;
use crate::{BindError, Limits, Stats, Workers, bind};

/// Bound sockets and how to serve on them.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<Socket>,
    tls: Option<Tls>,
    workers: Option<Workers>,
    limits: Limits,
    stats: Stats,
    #[cfg(unix)]
    known: Option<Known>,
}

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// Connections that were open when the end was asked for and came to their own.
    pub finished: u64,
    /// Connections that were cut off at the drain timeout.
    pub cut: u64,
}

impl Listener {
    /// Binds all addresses, in the clear and with the default limits; addresses with port 0 share one free port.
    ///
    /// # Errors
    /// A [`BindError`] that names the first address that failed and says what to do; then none is bound.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, BindError> {
        bind::bind(addresses).map(Self::on_tcp)
    }

    /// Binds `127.0.0.1` and `[::1]` at the same port, as a default that nobody asked for: a host without `[::1]`
    /// gets a warning and the first alone.
    ///
    /// # Errors
    /// As [`Listener::bind`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn bind_loopback(port: u16) -> Result<Self, BindError> {
        bind::bind_loopback(port).map(Self::on_tcp)
    }

    /// Listens on a unix socket that somebody bound, and gave the permissions that it shall have; requests learn of
    /// their [`PeerProcess`](crate::PeerProcess) in place of an address.
    #[cfg(unix)]
    #[must_use]
    pub fn on_unix_socket(socket: tokio::net::UnixListener) -> Self {
        Self::on(vec![Socket::Unix(socket)])
    }

    /// Has the connections of a unix socket counted by user: one whom the service knows, by `known`, may hold a quarter of
    /// [`Limits::connections`], and all others together a thirty-second; what goes beyond is closed when it comes.
    ///
    /// Does not check: what they ask for; it is the service that lets them in.
    #[cfg(unix)]
    #[must_use]
    pub fn with_known_users(
        mut self,
        known: impl Fn(&crate::PeerProcess) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.known = Some(Known::new(known));
        self
    }

    /// Serves HTTPS with this certificate instead of HTTP; not on a unix socket, which nobody can listen in on.
    #[must_use]
    pub fn with_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Serves the connections on these threads instead of the runtime that `serve` runs on: fair under load. What comes over
    /// a unix socket stays on the latter.
    #[must_use]
    pub fn with_workers(mut self, workers: Workers) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Replaces the default limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The addresses that are listened on, with their real ports; none for a unix socket.
    #[must_use]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(Socket::local_addr).collect()
    }

    /// A handle on the counters, valid as long as anyone holds it.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// Serves until `shutdown` is done; then takes no new connection, finishes what is in flight within the drain
    /// timeout, and cuts off the rest. While it serves, a changed certificate is taken up within a second.
    pub async fn serve<S, B>(self, service: S, shutdown: impl Future<Output = ()>) -> Ended
    where
        S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError> + Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        #[cfg(unix)]
        let crowd = self.known.clone().map(|known| Crowd::new(known, self.limits.connections));
        let Self { sockets, tls, workers, limits, stats, .. } = self;
        let (phase, _) = watch::channel(Phase::Serving);
        let phase = Arc::new(phase);
        let room = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
        let shared = Arc::new(Shared {
            service,
            http: http(&limits),
            tls: tls.as_ref().map(Tls::acceptor),
            limits,
            stats: stats.clone(),
        });

        let mut helpers = JoinSet::new();
        if let Some(tls) = tls {
            helpers.spawn(follow(tls));
        }
        for socket in sockets {
            let door = Door {
                socket,
                room: Arc::clone(&room),
                stats: stats.clone(),
                #[cfg(unix)]
                crowd: crowd.clone(),
                told: Told::default(),
            };
            helpers.spawn(accept(door, workers.clone(), Arc::clone(&shared), Arc::clone(&phase)));
        }
        shutdown.await;
        helpers.shutdown().await; // closes the sockets

        let before = stats.read();
        let drain_timeout = shared.limits.drain_timeout;
        phase.send_replace(Phase::Draining);
        if timeout(drain_timeout, phase.closed()).await.is_err() {
            phase.send_replace(Phase::Closing);
            phase.closed().await;
        }
        let cut = stats.read().cut - before.cut;
        Ended { finished: before.open.saturating_sub(cut), cut }
    }

    fn on_tcp(sockets: Vec<tokio::net::TcpListener>) -> Self {
        Self::on(sockets.into_iter().map(Socket::Tcp).collect())
    }

    fn on(sockets: Vec<Socket>) -> Self {
        Self {
            sockets,
            tls: None,
            workers: None,
            limits: Limits::default(),
            stats: Stats::default(),
            #[cfg(unix)]
            known: None,
        }
    }
}

async fn accept<S, B>(
    door: Door,
    workers: Option<Workers>,
    shared: Arc<Shared<S>>,
    phase: Arc<watch::Sender<Phase>>,
) where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    while let Some((stream, peer, place)) = door.next().await {
        let open = shared.stats.open();
        // each connection holds a receiver: the drain is over when none is left
        let (shared, phase) = (Arc::clone(&shared), phase.subscribe());
        let serve = async move |stream| {
            connection(shared, stream, peer, phase).await;
            drop((open, place));
        };
        match (&workers, stream) {
            (Some(workers), Stream::Tcp(stream)) => {
                workers.serve(stream, |stream| serve(Stream::Tcp(stream)));
            }
            (_, stream) => drop(tokio::spawn(serve(stream))),
        }
    }
}

/// Takes up a changed certificate.
async fn follow(tls: Tls) {
    let mut tick = interval(RELOAD_EVERY);
    loop {
        tick.tick().await;
        let tls = tls.clone();
        // files may lie on a slow mount; the outcome is logged where it happens
        let _ = tokio::task::spawn_blocking(move || tls.reload_if_changed()).await;
    }
}

const RELOAD_EVERY: Duration = Duration::from_secs(1);
