//! A guard's health and metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use countersign_guard::Verifier;
use countersign_guard::proxy::Proxy;
use countersign_listen::Stats;
use countersign_server::{Figure, Labels, Standing, open_metrics};

use crate::output::clean;
use crate::wire::figures::connections;

/// What the second listener tells about.
#[derive(Clone)]
pub(super) struct Health {
    pub(super) verifier: Verifier,
    /// The proxy, where it is one.
    pub(super) proxy: Option<Proxy>,
    /// The counters of each listener, by its name.
    pub(super) listeners: Vec<(&'static str, Stats)>,
    /// Whether the guard is about to end.
    pub(super) ending: Arc<AtomicBool>,
}

/// `/livez`, `/readyz` (200 once the keys are there, until the end begins) and `/metrics`.
pub(super) fn app(health: Health) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn ready(State(health): State<Health>) -> (StatusCode, String) {
    let waiting: String = health
        .verifier
        .waiting_for()
        .map(|(issuer, why)| {
            format!("waiting for {issuer}: {}\n", clean(why.as_deref().unwrap_or("no answer yet")))
        })
        .collect();
    if health.ending.load(Ordering::Acquire) {
        (StatusCode::SERVICE_UNAVAILABLE, "ending\n".to_owned())
    } else if waiting.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, waiting)
    }
}

async fn metrics(State(health): State<Health>) -> Response {
    let Health { verifier, proxy, listeners, .. } = health;
    let waiting = verifier.waiting_for().count();
    let mut figures = vec![
        Figure {
            name: "guard_allowed",
            help: "Requests that were let in",
            standing: Standing::Total(vec![(Labels::new(), verifier.allowed())]),
        },
        Figure {
            name: "guard_refused",
            help: "Requests that were refused, by their true reason",
            standing: Standing::Total(
                verifier
                    .refused()
                    .map(|(reason, count)| (vec![("reason", reason.as_str())], count))
                    .collect(),
            ),
        },
        Figure {
            name: "guard_issuers_waited_for",
            help: "Issuers whose keys are not there",
            standing: Standing::Level(vec![(Labels::new(), u64::try_from(waiting).unwrap_or(u64::MAX))]),
        },
    ];
    if let Some(proxy) = proxy {
        figures.push(Figure {
            name: "guard_upstream_failures",
            help: "Requests that were let in and got no answer of the upstream, or none that came whole",
            standing: Standing::Total(
                proxy.upstream_failures().map(|(reason, count)| (vec![("reason", reason)], count)).collect(),
            ),
        });
        figures.push(Figure {
            name: "guard_broken_bodies",
            help: "Requests that were let in whose callers did not send their bodies whole",
            standing: Standing::Total(vec![(Labels::new(), proxy.broken_bodies())]),
        });
    }
    let counts: Vec<_> = listeners.iter().map(|(name, stats)| (*name, stats.read())).collect();
    figures.extend(connections(&counts));
    open_metrics(figures)
}
