//! `/livez` and `/readyz`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use countersign_issuer::issuer::Issuer;
use countersign_issuer::realm::SYSTEM;
use http::StatusCode;

use super::OpsState;

/// Whether the server takes requests; set by whoever starts and ends it, clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// It listens and serves from now on.
    pub fn serving(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// It is about to end, or not there yet.
    pub fn not_serving(&self) {
        self.0.store(false, Ordering::Release);
    }

    fn is_serving(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// `GET /livez`: the process answers.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: 200 while tokens are issued. A database that is away does not matter, since they come from memory; one
/// that another server has does, since what is in memory is then old.
pub(super) async fn ready(State(state): State<OpsState>) -> (StatusCode, &'static str) {
    if !state.readiness.is_serving() {
        return (StatusCode::SERVICE_UNAVAILABLE, "not serving\n");
    }
    if state.issuer.is_ousted() {
        return (StatusCode::SERVICE_UNAVAILABLE, "another server has the database\n");
    }
    match can_sign(&state.issuer) {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "no key to sign with\n"),
    }
}

/// threats 7: no "yes" while no token can be issued.
fn can_sign(issuer: &Issuer) -> bool {
    issuer.realm(SYSTEM).is_some_and(|system| system.signs_with(system.realm().signing_algorithm()))
}
