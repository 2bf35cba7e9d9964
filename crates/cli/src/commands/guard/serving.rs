//! A guard's life: sockets first, then keys in the background, then requests, to an orderly end.

use std::net::SocketAddr;

use countersign_guard::{Verifier, VerifierBuilder};
use countersign_listen::{Limits, Listener, Workers};
use countersign_server::config::{Log, LogFormat};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use serde_json::json;
use tokio::sync::watch;

use super::super::serve::{panicked, shutdown};
use super::file::File;
use super::given::{Given, Place};
use super::ops;
use crate::failure::Failure;
use crate::output::Output;

/// A guard whose sockets are bound.
pub(super) struct Serving {
    listener: Listener,
    ops: Listener,
    at: Vec<SocketAddr>,
    ops_at: SocketAddr,
    is_tls: bool,
    _logs: crate::logs::Writing,
}

impl Serving {
    /// Begins to log, and binds.
    pub(super) fn begin(given: &Given, file: &File) -> Result<Self, Failure> {
        let format = if given.log_format == "json" { LogFormat::Json } else { LogFormat::Pretty };
        let logs = crate::logs::begin(&Log { format, level: given.log_level.clone() })?;
        std::panic::set_hook(Box::new(panicked));
        let Place { listen, ops, tls } = given.place(file)?;
        let workers = Workers::start_on_all_processors().map_err(Failure::new)?;
        let is_tls = tls.is_some();
        let listener = Listener::bind(&listen)?.with_workers(workers);
        let listener = match tls {
            Some(tls) => listener.with_tls(tls),
            None => listener,
        };
        let ops = Listener::bind(&[ops])?.with_limits(Limits { connections: OPS, ..Limits::default() });
        let ops_at =
            ops.local_addrs().first().copied().ok_or_else(|| Failure::new("no address to listen on"))?;
        Ok(Self { at: listener.local_addrs(), listener, ops, ops_at, is_tls, _logs: logs })
    }

    /// Whether TLS ends here.
    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The verifier, told under which URL callers know the API: as somebody said, or where it listens on loopback.
    pub(super) fn verifier(
        &self,
        mut builder: VerifierBuilder,
        given: &Given,
        file: &File,
    ) -> Result<Verifier, Failure> {
        if given.knows_certificates(file) {
            builder = builder.takes_certificates();
        }
        let scheme = if self.is_tls { "https" } else { "http" };
        builder = match (given.public_url(file), self.at.first()) {
            (Some(url), _) => builder.public_url(url),
            (None, Some(at)) if at.ip().is_loopback() => builder
                .public_url(format!("{scheme}://{at}"))
                .or_url(format!("{scheme}://localhost:{}", at.port())),
            (None, _) => {
                tracing::warn!(
                    "without --public-url URL, no DPoP proof can be judged and no metadata is served"
                );
                builder
            }
        };
        builder.build().map_err(Failure::new)
    }

    /// Serves until a signal ends it.
    pub(super) async fn run<S, B>(self, service: S, verifier: Verifier, output: Output) -> Result<(), Failure>
    where
        S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<tower::BoxError> + Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<tower::BoxError>,
    {
        let shutdown = shutdown()?;
        let Self { listener, ops, at, ops_at, is_tls, _logs } = self;
        tracing::info!(listen = ?at, ops = %ops_at, tls = is_tls, version = env!("CARGO_PKG_VERSION"), "guarding");
        if output.is_json() {
            let line = json!({ "listen": at, "ops": ops_at, "pid": std::process::id() });
            output.text(&line.to_string());
        }
        let (stop, stopped) = watch::channel(false);
        let until = || {
            let mut stopped = stopped.clone();
            async move {
                // the sender outlives both
                let _ = stopped.wait_for(|stopped| *stopped).await;
            }
        };
        let conduct = async {
            shutdown.await;
            stop.send_replace(true);
        };
        let ops = ops.serve(ops::app(verifier), until());
        let (ended, _, ()) = tokio::join!(listener.serve(service, until()), ops, conduct);
        tracing::info!(finished = ended.finished, cut = ended.cut, "ended");
        Ok(())
    }
}

/// Connections to the ops listener at a time.
const OPS: usize = 64;
