//! Fetches, one at a time, and keeps what came; the common part of handles, background and fetches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::runtime;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tracing::{debug, info, warn};

use super::flights::Flights;
use super::kept::Kept;
use super::settings::Spread;
use super::source::{Fetched, Source};
use super::{JwksSettings, KeysState};
use crate::discovery::{DiscoveryError, PublishedKeys};
use crate::{Endpoint, HttpClient};

/// The keys of one issuer and all that is needed to fetch them.
pub(super) struct Keeper {
    pub issuer: String,
    pub kept: ArcSwapOption<Kept>,
    /// The generation of the kept keys while somebody sees to it that they are not too old; 0 when nobody does.
    watched: AtomicU64,
    pub introspection: ArcSwapOption<Endpoint>,
    http: Arc<HttpClient>,
    source: Source,
    settings: JwksSettings,
    spread: Spread,
    flights: Mutex<Flights>,
    /// Counts the fetches that ended; sent after all else is in place.
    ended: watch::Sender<u64>,
    runtime: runtime::Handle,
}

impl Keeper {
    pub(super) fn new(http: Arc<HttpClient>, issuer: &str, source: Source, settings: JwksSettings) -> Self {
        Self {
            issuer: issuer.to_owned(),
            kept: ArcSwapOption::empty(),
            watched: AtomicU64::new(0),
            introspection: ArcSwapOption::empty(),
            http,
            source,
            settings,
            spread: Spread::default(),
            flights: Mutex::new(Flights::new()),
            ended: watch::Sender::new(0),
            runtime: runtime::Handle::current(),
        }
    }

    /// Starts a fetch in a task of its own, unless there is one.
    pub(super) fn start(self: &Arc<Self>) {
        if self.flights().begin() {
            self.fly();
        }
    }

    /// See [`RemoteJwks::refresh`](super::RemoteJwks::refresh).
    pub(super) async fn refresh(self: &Arc<Self>) -> bool {
        let mut ended = self.ended();
        let begun = {
            let mut flights = self.flights();
            if !flights.is_flying() && flights.is_cooling(self.settings.cool_down) {
                return ended.has_changed().unwrap_or(false);
            }
            flights.begin()
        };
        if begun {
            self.fly();
        }
        ended.changed().await.is_ok()
    }

    pub(super) async fn ready(&self) {
        let mut ended = self.ended();
        while !self.kept.load().as_ref().is_some_and(|kept| kept.is_usable()) {
            // the sender lives as long as we do
            drop(ended.changed().await);
        }
    }

    /// The generation of the keys, if they can be used. While they are watched it is read without a look at the clock.
    pub(super) fn generation(&self) -> Option<u64> {
        match self.watched.load(Ordering::Acquire) {
            0 => self.kept.load().as_ref().filter(|kept| kept.is_usable()).map(|kept| kept.generation),
            generation => Some(generation),
        }
    }

    /// Takes on to call this again when what is kept is another, and at the time that is returned, when it is too old.
    pub(super) fn watch(&self) -> Option<Instant> {
        let _turn = self.flights();
        let kept = self.kept.load();
        let usable = kept.as_ref().filter(|kept| kept.is_usable());
        self.watched.store(usable.map_or(0, |kept| kept.generation), Ordering::Release);
        usable.map(|kept| kept.usable_until)
    }

    /// Nobody watches any more.
    pub(super) fn unwatch(&self) {
        self.watched.store(0, Ordering::Release);
    }

    fn replace(&self, kept: Kept) {
        let _turn = self.flights();
        self.unwatch(); // first, so that no key outlives its set
        self.kept.store(Some(Arc::new(kept)));
    }

    /// When the next fetch is due by itself; `None` while there is one.
    pub(super) fn due(&self) -> Option<Instant> {
        let flights = self.flights();
        (!flights.is_flying()).then_some(flights.due)
    }

    /// Sees the fetches that end from now on.
    pub(super) fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    pub(super) fn state(&self) -> KeysState {
        let kept = self.kept.load();
        let kept = kept.as_ref();
        KeysState {
            generation: kept.filter(|kept| kept.is_usable()).map(|kept| kept.generation),
            keys: kept.map_or(0, |kept| kept.len()),
            age: kept.map(|kept| kept.fetched.elapsed()),
            error: self.flights().error.clone(),
        }
    }

    /// Ends the fetch that there may be; nobody waits for it any more.
    pub(super) fn abandon(&self) {
        let task = self.flights().task.take();
        if let Some(task) = task {
            task.abort();
        }
    }

    /// Called without the lock: a runtime that is shutting down drops the task, and with it the flight, at once.
    fn fly(self: &Arc<Self>) {
        let flight = Flight(Some(Arc::clone(self)));
        let task = self.runtime.spawn(flight.fly());
        self.flights().task = Some(task.abort_handle());
    }

    async fn fetch(&self) -> Result<Fetched, Failure> {
        let within = self.settings.timeout;
        match timeout(within, self.source.fetch(&self.http, &self.issuer)).await {
            Ok(fetched) => fetched.map_err(Failure::from),
            Err(_) => Err(Failure {
                text: format!("metadata and {} did not come within {within:?}", self.source.what()),
                retry_after: None,
                takes_back: false,
            }),
        }
    }

    /// Takes what came, and says so to all who wait.
    fn land(&self, fetched: Result<Fetched, Failure>) {
        let outcome = fetched.and_then(|fetched| match fetched {
            Fetched::Keys(keys) => self.keep(&keys),
            Fetched::Introspection(endpoint) => {
                self.introspection.store(Some(Arc::new(endpoint)));
                Ok(self.settings.after_success(None, &self.spread))
            }
        });
        if outcome.as_ref().is_err_and(|failure| failure.takes_back) {
            self.introspection.store(None);
        }
        // nobody else writes this during a flight
        let failures = self.flights().failures;
        let (wait, error) = match outcome {
            Ok(wait) => (wait, None),
            Err(Failure { text, retry_after, .. }) => {
                let nth = failures.saturating_add(1);
                (self.settings.after_failure(nth, retry_after, &self.spread), Some(text))
            }
        };
        self.log(failures, error.as_deref());
        self.end(wait, error);
    }

    fn end(&self, wait: Duration, error: Option<String>) {
        self.flights().end(later(Instant::now(), wait), error);
        self.ended.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Puts the keys in place of the former ones, and says how long to wait for the next.
    fn keep(&self, keys: &PublishedKeys) -> Result<Duration, Failure> {
        let now = Instant::now();
        let former = self.kept.load();
        // while all is well there is no gap, whatever the settings
        let good_for = self.settings.stale.max(self.settings.refresh.saturating_add(self.settings.timeout));
        let until = later(now, good_for);
        let kept = Kept::new(&self.issuer, &keys.set, former.as_deref(), now, until);
        let (count, generation) = (kept.len(), kept.generation);
        self.replace(kept);
        if former.as_ref().is_none_or(|former| former.generation != generation) {
            info!(issuer = self.issuer, keys = count, "the issuer's keys are new");
            for skipped in keys.set.skipped() {
                debug!(issuer = self.issuer, kid = skipped.kid, reason = %skipped.reason, "a key is left out");
            }
        }
        if count > 0 {
            return Ok(self.settings.after_success(keys.max_age, &self.spread));
        }
        let reason =
            keys.set.skipped().first().map(|skipped| format!(", the first because {}", skipped.reason));
        let (all, reason) = (keys.set.skipped().len(), reason.unwrap_or_default());
        let text = match all {
            0 => "the set has no keys".to_owned(),
            all => format!("the set has no key that can be used: {all} were left out{reason}"),
        };
        Err(Failure { text, retry_after: None, takes_back: false })
    }

    /// Once at the beginning of an outage, and once at its end.
    fn log(&self, failures: u32, error: Option<&str>) {
        let (issuer, what) = (&self.issuer, self.source.what());
        match (error, failures) {
            (Some(error), 0) => warn!(issuer, error, "the issuer's {what} cannot be fetched; trying on"),
            (Some(error), failures) => debug!(issuer, error, failures, "still no {what}"),
            (None, 0) => {}
            (None, failures) => info!(issuer, failures, "the issuer's {what} can be fetched again"),
        }
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a fetch failed.
struct Failure {
    text: String,
    retry_after: Option<Duration>,
    /// Whether it is the metadata that says that there is no place to introspect, or none that may be called.
    takes_back: bool,
}

impl From<DiscoveryError> for Failure {
    fn from(error: DiscoveryError) -> Self {
        let retry_after = match &error {
            DiscoveryError::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        let takes_back = matches!(
            error,
            DiscoveryError::NoIntrospection { .. }
                | DiscoveryError::Member { .. }
                | DiscoveryError::Fragment { .. }
                | DiscoveryError::Elsewhere { .. }
        );
        Self { text: error.to_string(), retry_after, takes_back }
    }
}

/// A fetch on its way; when it is cut off, by the end of its runtime or a panic, it has failed, so that nobody waits on.
struct Flight(Option<Arc<Keeper>>);

impl Flight {
    async fn fly(mut self) {
        let Some(keeper) = self.0.as_ref() else { return };
        // on the heap, because the exchanges of HTTP are large and the task is moved
        let fetched = Box::pin(keeper.fetch()).await;
        keeper.land(fetched);
        self.0 = None;
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(keeper) = self.0.take() {
            let wait = keeper.settings.after_failure(1, None, &keeper.spread);
            keeper.end(wait, Some("the fetch was cut off".to_owned()));
        }
    }
}

/// Times are settings, and may be longer than a clock counts.
fn later(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).or_else(|| now.checked_add(A_YEAR)).unwrap_or(now)
}

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
