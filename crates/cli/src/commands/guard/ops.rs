//! A guard's health and metrics.

use std::fmt::Write;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use countersign_guard::Verifier;

/// `/livez`, `/readyz` (200 once the keys are there) and `/metrics`.
pub(super) fn app(verifier: Verifier) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(verifier)
}

async fn ready(State(verifier): State<Verifier>) -> impl IntoResponse {
    let waiting: String = verifier
        .waiting_for()
        .map(|(issuer, why)| {
            format!("waiting for the keys of {issuer}: {}\n", why.as_deref().unwrap_or("no answer yet"))
        })
        .collect();
    if waiting.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, waiting)
    }
}

/// In the text format of OpenMetrics.
async fn metrics(State(verifier): State<Verifier>) -> impl IntoResponse {
    let mut text = String::from(
        "# HELP countersign_guard_allowed Requests that were let in.\n# TYPE countersign_guard_allowed counter\n",
    );
    // writing to a string does not fail
    let _ = writeln!(text, "countersign_guard_allowed_total {}", verifier.allowed());
    text.push_str(
        "# HELP countersign_guard_refused Requests that were refused, by their true reason.\n\
         # TYPE countersign_guard_refused counter\n",
    );
    for (reason, count) in verifier.refused() {
        let _ = writeln!(text, "countersign_guard_refused_total{{reason=\"{}\"}} {count}", reason.as_str());
    }
    text.push_str("# EOF\n");
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
}
