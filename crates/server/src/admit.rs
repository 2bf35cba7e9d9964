//! The gate before token requests: how a flood gets quick refusals instead of slow answers.
//!
//! A request passes the gate with its body already read, so that a slow sender holds no place inside.

use std::pin::Pin;
use std::time::Duration;

use axum::response::Response;

use crate::middleware::Metrics;
use crate::respond;
use crate::state::AppState;

/// Decides when the work on a token request begins, or that it does not.
///
/// Keys, metadata and health never pass it.
pub trait Admit: Send + Sync + 'static {
    /// Does the work when its turn comes.
    ///
    /// The future ends with [`Overloaded`] when there is no room; then `work` was not polled.
    fn admit<'a>(
        &'a self,
        work: Work<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Overloaded>> + Send + 'a>>;
}

/// The work on one request.
pub type Work<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// There is no room for this request now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overloaded {
    /// When to try again, in whole seconds, at least one.
    pub retry_after: Duration,
}

/// Admits everything at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unbounded;

impl Admit for Unbounded {
    fn admit<'a>(
        &'a self,
        work: Work<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Overloaded>> + Send + 'a>> {
        Box::pin(async move { Ok(work.await) })
    }
}

impl AppState {
    /// Passes the work on a token request through the gate.
    pub(crate) async fn admit(&self, work: impl Future<Output = Response> + Send) -> Response {
        let work = async {
            let _in_work = InWork::begin(self.metrics());
            work.await
        };
        match self.admission().admit(Box::pin(work)).await {
            Ok(response) => response,
            Err(overloaded) => respond::overloaded(overloaded),
        }
    }
}

/// Counts a request as in work until it is dropped.
struct InWork<'a>(&'a Metrics);

impl<'a> InWork<'a> {
    fn begin(metrics: &'a Metrics) -> Self {
        metrics.gauges().in_work.inc();
        Self(metrics)
    }
}

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.gauges().in_work.dec();
    }
}
