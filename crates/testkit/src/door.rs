//! A port of loopback behind which an issuer or an API answers: it can be closed with all connections, and opened again
//! at the same place.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::reply::ReplyBody;

pub(crate) struct Door {
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    position: Mutex<Position>,
}

/// What answers behind a door, told the certificates that the connection came with.
pub(crate) type Service = Arc<dyn Fn(Request<Incoming>, Chain) -> Answering + Send + Sync>;
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response<ReplyBody>> + Send>>;
/// A client's certificate, and those above it; empty when it showed none.
pub(crate) type Chain = Arc<[CertificateDer<'static>]>;

enum Position {
    Open(JoinHandle<()>),
    /// A socket that does not listen: calls are refused, and nobody else gets the port.
    Closed(TcpSocket),
    /// Between the two.
    Moving,
}

impl Door {
    /// A door that is closed yet, at a port that nobody else has.
    pub(crate) fn bind(tls: Option<Arc<ServerConfig>>) -> Self {
        let socket = bind("127.0.0.1:0".parse().expect("an address"));
        let address = socket.local_addr().expect("a bound socket");
        Self { address, tls: tls.map(TlsAcceptor::from), position: Mutex::new(Position::Closed(socket)) }
    }

    /// Scheme, address and port.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn open(&self, service: Service) {
        let mut position = self.position.lock().expect("no test panicked here");
        if let Position::Closed(_) = *position
            && let Position::Closed(socket) = std::mem::replace(&mut *position, Position::Moving)
        {
            let listener = socket.listen(1024).expect("the port is ours");
            *position = Position::Open(tokio::spawn(serve(listener, self.tls.clone(), service)));
        }
    }

    pub(crate) async fn close(&self) {
        let before =
            std::mem::replace(&mut *self.position.lock().expect("no test panicked here"), Position::Moving);
        let closed = match before {
            Position::Open(serving) => {
                serving.abort();
                let _ = serving.await;
                Position::Closed(bind(self.address))
            }
            other => other,
        };
        *self.position.lock().expect("no test panicked here") = closed;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Ok(position) = self.position.lock()
            && let Position::Open(serving) = &*position
        {
            serving.abort();
        }
    }
}

fn bind(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    // The last listener's connections may still be in TIME_WAIT.
    socket.set_reuseaddr(true).expect("an option of every socket");
    socket.bind(address).expect("a free port");
    socket
}

/// Serves until it is dropped, and its connections with it.
async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, service: Service) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        connections.spawn(connection(stream, tls.clone(), Arc::clone(&service)));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, service: Service) {
    // Heads and bodies are written apart, and nobody is to wait for the other's acknowledgement.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return exchange(stream, Chain::default(), service).await };
    if let Ok(stream) = tls.accept(stream).await {
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let chain = chain.iter().map(|one| one.clone().into_owned()).collect();
        exchange(stream, chain, service).await;
    }
}

async fn exchange(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, chain: Chain, service: Service) {
    let service = service_fn(move |request| {
        let answering = service(request, Arc::clone(&chain));
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}
