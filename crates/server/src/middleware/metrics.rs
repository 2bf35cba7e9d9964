//! What is counted, with labels from bounded sets only.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::figures::{Figure, PREFIX, Source};
use super::told::Told;

/// All counts of one server; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

/// The counts themselves.
pub(crate) struct Inner {
    registry: Registry,
    requests: Family<Served, Counter>,
    durations: Family<Endpoint, Histogram, fn() -> Histogram>,
    tokens: Family<Token, Counter>,
    realms_seen: AtomicUsize,
    refusals: Family<Refused, Counter>,
    faults: Counter,
    pub(crate) in_work: Gauge,
    pub(crate) realms: Gauge,
    pub(crate) clients: Gauge,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Served {
    endpoint: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Endpoint {
    endpoint: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Token {
    realm: String,
    profile: &'static str,
    door: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Refused {
    reason: &'static str,
    door: &'static str,
}

impl Metrics {
    /// Counts that all stand at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::beside(Vec::new)
    }

    /// The same, with the figures that others count told beside them; they are asked for at each scrape.
    #[must_use]
    pub fn beside(figures: impl Fn() -> Vec<Figure> + Send + Sync + 'static) -> Self {
        let mut inner = Inner {
            registry: Registry::with_prefix(PREFIX),
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            tokens: Family::default(),
            realms_seen: AtomicUsize::new(0),
            refusals: Family::default(),
            faults: Counter::default(),
            in_work: Gauge::default(),
            realms: Gauge::default(),
            clients: Gauge::default(),
        };
        inner.register();
        inner.registry.register_collector(Box::new(Source(figures)));
        Self(Arc::new(inner))
    }

    /// Everything in the text format of OpenMetrics.
    ///
    /// # Errors
    /// Never in practice: writing to a string does not fail.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(16 * 1024);
        text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }

    /// The gauges that others set.
    pub(crate) fn gauges(&self) -> &Inner {
        &self.0
    }

    /// Counts one answered request.
    pub(super) fn count(&self, endpoint: &str, status: StatusCode, took: Duration, told: &Told) {
        let endpoint = endpoint.to_owned();
        self.0.requests.get_or_create(&Served { endpoint: endpoint.clone(), status: status.as_u16() }).inc();
        self.0.durations.get_or_create(&Endpoint { endpoint }).observe(took.as_secs_f64());
        if told.issued {
            self.count_token(told);
        }
        if let Some(reason) = told.reason {
            self.0.refusals.get_or_create(&Refused { reason, door: told.door }).inc();
        }
        if told.cause.is_some() {
            self.0.faults.inc();
        }
    }

    fn count_token(&self, told: &Told) {
        let (realm, profile) = match &told.realm {
            Some(realm) => (realm.name(), realm.realm().profile.as_str()),
            None => ("", ""),
        };
        let mut labels = Token { realm: realm.to_owned(), profile, door: told.door };
        if let Some(tokens) = self.0.tokens.get(&labels) {
            tokens.inc();
            return;
        }
        // Realms come and go; the series of this process do not grow without bound.
        if self.0.realms_seen.fetch_add(1, Ordering::Relaxed) >= MAX_REALM_SERIES {
            labels.realm = "other".to_owned();
        }
        self.0.tokens.get_or_create(&labels).inc();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Inner {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Answered requests", self.requests.clone());
        registry.register("request_seconds", "Time from head to answer", self.durations.clone());
        registry.register("tokens_issued", "Access tokens issued", self.tokens.clone());
        registry.register("refusals", "Refused requests, by their true reason", self.refusals.clone());
        registry.register("faults", "Requests that failed on our side", self.faults.clone());
        registry.register("token_requests_in_work", "Token requests being worked on", self.in_work.clone());
        registry.register("realms", "Realms in memory", self.realms.clone());
        registry.register("clients", "Clients in memory", self.clients.clone());
    }
}

/// 50 µs to 1.6 s, each bucket twice the one before.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_05, 2.0, 16))
}

const MAX_REALM_SERIES: usize = 200;
