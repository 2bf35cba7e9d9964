//! The second listener: whether we live, whether we serve, and what we count. Never on the public one.

mod health;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use countersign_issuer::issuer::Issuer;
use http::StatusCode;
use http::header::CONTENT_TYPE;

pub use health::Readiness;

use crate::middleware::{Figure, Metrics, encode};

/// What the second listener tells about.
#[derive(Clone)]
pub struct OpsState {
    /// Whose realms and clients are counted.
    pub issuer: Arc<Issuer>,
    /// What the application counts.
    pub metrics: Metrics,
    /// Whether it serves.
    pub readiness: Readiness,
}

/// The routes of the second listener.
pub fn ops(state: OpsState) -> Router {
    Router::new()
        .route("/livez", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics))
        .with_state(state)
}

/// `GET /metrics`, in the text format of OpenMetrics.
async fn metrics(State(state): State<OpsState>) -> Response {
    let sizes = state.issuer.sizes();
    let gauges = state.metrics.gauges();
    gauges.realms.set(i64::try_from(sizes.realms).unwrap_or(i64::MAX));
    gauges.clients.set(i64::try_from(sizes.clients).unwrap_or(i64::MAX));
    told(state.metrics.encode())
}

/// The answer of a `/metrics` that tells these figures alone, for who is no authorization server.
#[must_use]
pub fn open_metrics(figures: Vec<Figure>) -> Response {
    told(encode(figures))
}

fn told(text: Result<String, std::fmt::Error>) -> Response {
    match text {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
