//! A running listener, and a peer that says exactly what it is told to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign_listen::tls::Tls;
use countersign_listen::{Counts, Ended, Limits, Listener, PeerAddr, PeerCertificate, Stats};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// A listener that serves the test service until it is stopped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) stats: Stats,
    /// Answers one held request.
    pub(crate) release: Arc<Notify>,
    /// Told when a request is held.
    pub(crate) held: Arc<Notify>,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Ended>,
}

impl Running {
    pub(crate) fn start(limits: Limits, tls: Option<Tls>) -> Self {
        let mut listener = Listener::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap().with_limits(limits);
        if let Some(tls) = tls {
            listener = listener.with_tls(tls);
        }
        let address = listener.local_addrs()[0];
        let stats = listener.stats();
        let (release, held) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let service = tower::service_fn({
            let (release, held) = (Arc::clone(&release), Arc::clone(&held));
            move |request| answer(request, Arc::clone(&release), Arc::clone(&held))
        });
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(listener.serve(service, async move {
            let _ = stopped.await;
        }));
        Self { address, stats, release, held, stop: Some(stop), ended }
    }

    pub(crate) fn plain() -> Self {
        Self::start(Limits::default(), None)
    }

    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(crate) async fn ended(self) -> Ended {
        soon(self.ended).await.unwrap()
    }

    pub(crate) async fn connect(&self) -> Peer<TcpStream> {
        Peer(TcpStream::connect(self.address).await.unwrap())
    }

    /// Waits until the counters say so.
    pub(crate) async fn until(&self, so: impl Fn(&Counts) -> bool) {
        soon(async {
            while !so(&self.stats.read()) {
                sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
}

/// `/` says what the service knows of the request; `/certificate` whose it is; `/hold` waits to be released; `/large` does not fit any buffer.
async fn answer(
    request: Request<Incoming>,
    release: Arc<Notify>,
    held: Arc<Notify>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let peer = request.extensions().get::<PeerAddr>().unwrap().0.ip();
    let text = match request.uri().path() {
        "/hold" => {
            held.notify_one();
            release.notified().await;
            Bytes::from_static(b"released")
        }
        "/certificate" => match request.extensions().get::<PeerCertificate>() {
            Some(certificate) => Bytes::from(format!("certificate {:x?}.", certificate.der())),
            None => Bytes::from_static(b"no certificate."),
        },
        "/large" => Bytes::from(vec![b'x'; 64 << 20]),
        _ => {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map(|b| b.to_bytes().len());
            let body = body.map_or_else(|_| "broken".to_owned(), |n| n.to_string());
            Bytes::from(format!("{} {} {peer} body {body}", head.method, head.uri.path()))
        }
    };
    Ok(Response::new(Full::new(text)))
}

/// The other end of a connection.
pub(crate) struct Peer<I>(pub(crate) I);

impl<I: AsyncRead + AsyncWrite + Unpin> Peer<I> {
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.write_all(bytes.as_ref()).await.unwrap();
        self.0.flush().await.unwrap();
        self
    }

    /// Everything until the connection closes, in whatever way.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        soon(async {
            let mut piece = [0; 4096];
            while let Ok(1..) =
                self.0.read(&mut piece).await.inspect(|n| heard.extend_from_slice(&piece[..*n]))
            {}
        })
        .await;
        heard
    }

    pub(crate) async fn rest_as_text(&mut self) -> String {
        String::from_utf8(self.rest().await).unwrap()
    }

    /// What was heard up to and including `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        soon(async {
            while !heard.ends_with(end.as_bytes()) {
                heard.push(self.0.read_u8().await.unwrap());
            }
        })
        .await;
        String::from_utf8(heard).unwrap()
    }
}

/// Bounds every wait of a test, far beyond what it takes.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(20), future).await.expect("nothing happened for 20 s")
}

/// Limits that end what this test is about at once, and nothing else.
pub(crate) fn at_once(set: impl FnOnce(&mut Limits, Duration)) -> Limits {
    let mut limits = Limits::default();
    set(&mut limits, Duration::from_millis(50));
    limits
}
