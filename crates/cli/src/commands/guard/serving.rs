//! A guard's life: sockets first, then keys in the background, then requests, to an orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_guard::proxy::Proxy;
use countersign_guard::{Verifier, VerifierBuilder};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use serde_json::json;
use tokio::sync::watch;

use super::super::serve::{panicked, shutdown};
use super::demands::Judges;
use super::file::File;
use super::given::Given;
use super::ops::{self, Health};
use super::place::Place;
use super::trust;
use crate::failure::Failure;
use crate::output::Output;

/// A guard whose sockets are bound, and whose keys are on their way.
pub(super) struct Serving {
    place: Place,
    verifier: Verifier,
    _logs: crate::logs::Writing,
}

/// Which door it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Proxy,
    ForwardAuth {
        /// Whether it is told which request it is asked about.
        knows_request: bool,
    },
}

impl Serving {
    /// Begins to log, binds, and lets the verifier fetch keys.
    pub(super) fn begin(given: &Given, file: &File, door: Door) -> Result<Self, Failure> {
        if matches!(door, Door::ForwardAuth { .. }) && given.place.asks_for_certificates(file) {
            return Err(Failure::new(
                "who asks is a proxy, whose own certificate is not that of its callers",
            )
            .next(
                "leave --client-certs out; let the proxy hand them on, with --client-certs-from-header NAME",
            ));
        }
        let mut builder = given.trust.verifier(file)?;
        if let Some(tokens) = given.cached_tokens(file) {
            builder = builder.cached_tokens(tokens);
        }
        let url = given.public_url(file)?;
        let logs = crate::logs::begin(&given.log(file)?)?;
        std::panic::set_hook(Box::new(panicked));
        // a proxy needs one connection for the caller and one for the upstream
        let descriptors = if door == Door::Proxy { 2 } else { 1 };
        let place = given.place.bind(file, given.trust.allows_plain_http(file), descriptors)?;
        let own = match door {
            Door::Proxy => own_urls(&place.listener.local_addrs(), place.is_tls),
            Door::ForwardAuth { .. } => Vec::new(),
        };
        let knows_url = url.is_some() || !own.is_empty();
        builder = match (url, own.split_first()) {
            (Some(url), _) => builder.public_url(url),
            (None, Some((first, others))) => {
                others.iter().fold(builder.public_url(first), VerifierBuilder::or_url)
            }
            (None, None) => {
                tracing::info!(
                    "without --public-url URL, no DPoP proof can be judged and no metadata is told"
                );
                builder
            }
        };
        let judges = Judges {
            proofs: knows_url && door != Door::ForwardAuth { knows_request: false },
            certificates: given.knows_certificates(file),
        };
        builder = given.demands.put(builder, file, given.trust.bound_by(file), judges)?;
        Ok(Self { place, verifier: trust::build(builder)?, _logs: logs })
    }

    /// Whether TLS ends here.
    pub(super) fn is_tls(&self) -> bool {
        self.place.is_tls
    }

    /// Where requests come in.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.place.listener.local_addrs()
    }

    /// How many connections to an upstream the limit of open files leaves.
    pub(super) fn share(&self) -> usize {
        self.place.share
    }

    /// Who judges.
    pub(super) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Serves until a signal ends it; metrics tell of the proxy, where it is one.
    pub(super) async fn run<S, B>(
        self,
        service: S,
        proxy: Option<Proxy>,
        output: Output,
    ) -> Result<(), Failure>
    where
        S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<tower::BoxError> + Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<tower::BoxError>,
    {
        let shutdown = shutdown()?;
        let Self { place: Place { listener, ops, is_tls, .. }, verifier, _logs } = self;
        let at = listener.local_addrs();
        let ops_at =
            ops.local_addrs().first().copied().ok_or_else(|| Failure::new("--ops has no address"))?;
        tracing::info!(listen = ?at, ops = %ops_at, tls = is_tls, version = env!("CARGO_PKG_VERSION"), "guarding");
        if output.is_json() {
            let line = json!({ "listen": at, "ops": ops_at, "pid": std::process::id() });
            output.text(&line.to_string());
        }
        let ending = Arc::new(AtomicBool::new(false));
        let health = Health {
            verifier,
            proxy,
            listeners: vec![("public", listener.stats()), ("ops", ops.stats())],
            ending: Arc::clone(&ending),
        };
        let (ended, mut has_ended) = watch::channel(false);
        let until_told = async {
            shutdown.await;
            ending.store(true, Ordering::Release);
        };
        let serving = async {
            let how = listener.serve(service, until_told).await;
            ended.send_replace(true);
            how
        };
        // health is told for as long as anything is in flight
        let until_ended = async move {
            let _ = has_ended.wait_for(|ended| *ended).await;
        };
        let (how, _) = tokio::join!(serving, ops.serve(ops::app(health), until_ended));
        tracing::info!(finished = how.finished, cut = how.cut, "ended");
        Ok(())
    }
}

/// What callers on this machine call it, while nobody says otherwise; nothing where others can call it too.
fn own_urls(at: &[SocketAddr], is_tls: bool) -> Vec<String> {
    let scheme = if is_tls { "https" } else { "http" };
    let Some(first) = at.first() else { return Vec::new() };
    if !at.iter().all(|at| at.ip().is_loopback()) {
        return Vec::new();
    }
    let names = at.iter().map(ToString::to_string).chain([format!("localhost:{}", first.port())]);
    names.map(|name| format!("{scheme}://{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-9449-02: what listens at both addresses of `localhost` is called by either, and by that name.
    #[test]
    fn each_address_on_this_machine_is_a_url() {
        let own = |at: &[&str], is_tls| {
            own_urls(&at.iter().map(|at| at.parse().unwrap()).collect::<Vec<_>>(), is_tls)
        };
        assert_eq!(
            own(&["127.0.0.1:8081", "[::1]:8081"], false),
            ["http://127.0.0.1:8081", "http://[::1]:8081", "http://localhost:8081"]
        );
        assert_eq!(own(&["[::1]:8443"], true), ["https://[::1]:8443", "https://localhost:8443"]);
        assert!(own(&["0.0.0.0:8081"], false).is_empty() && own(&[], false).is_empty());
    }
}
