//! The port of an issuer: it can be closed with all connections, and opened again at the same place.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};

use super::reply::ReplyBody;
use super::state::State;
use super::{Document, Reply, introspection};

pub(super) struct Door {
    address: SocketAddr,
    position: Mutex<Position>,
}

enum Position {
    Open(JoinHandle<()>),
    /// A socket that does not listen: calls are refused, and nobody else gets the port.
    Closed(TcpSocket),
    /// Between the two.
    Moving,
}

impl Door {
    pub(super) fn bind() -> (Self, SocketAddr) {
        let socket = bind("127.0.0.1:0".parse().expect("an address"));
        let address = socket.local_addr().expect("a bound socket");
        (Self { address, position: Mutex::new(Position::Closed(socket)) }, address)
    }

    pub(super) fn open(&self, state: Arc<State>) {
        let mut position = self.position.lock().expect("no test panicked here");
        if let Position::Closed(_) = *position
            && let Position::Closed(socket) = std::mem::replace(&mut *position, Position::Moving)
        {
            let listener = socket.listen(1024).expect("the port is ours");
            *position = Position::Open(tokio::spawn(serve(listener, state)));
        }
    }

    pub(super) async fn close(&self) {
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

    pub(super) fn abort(&self) {
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
async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = Arc::clone(&state);
        let service = service_fn(move |request| respond(Arc::clone(&state), request));
        connections.spawn(async move {
            let builder = auto::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn respond(state: Arc<State>, request: Request<Incoming>) -> Result<Response<ReplyBody>, Infallible> {
    let path = request.uri().path();
    let Some(document) = Document::ALL.into_iter().find(|document| state.path_of(*document) == path) else {
        return Ok(Reply::status(404).response().await);
    };
    let reply = match state.desk(document).arrive().await {
        Some(reply) => reply,
        None if document == Document::Introspection => introspection::answer(&state, request).await,
        None if request.method() == http::Method::GET => Reply::json(&state.document(document)),
        None => Reply::status(405).header("allow", "GET"),
    };
    Ok(reply.response().await)
}
