//! One line for each request, under the target `access`: what was asked of whom, what came of it, and why.
//!
//! Never in it: the query, any header, any body, any secret. What the caller chose freely (its client id) is only
//! there once it was authenticated, and is then one of our registered ids.

use std::time::Duration;

use http::StatusCode;

use super::front::Exchange;
use super::told::Told;

/// Writes the line; a fault's cause is a line of its own, written nowhere else.
pub(super) fn write(exchange: &Exchange, told: &Told, status: StatusCode, took: Duration) {
    if let Some(cause) = &told.cause {
        tracing::error!(
            target: "countersign::fault",
            request_id = exchange.id.as_str(),
            route = exchange.route(),
            cause = &**cause,
            "a request failed on our side"
        );
    }
    tracing::info!(
        target: "countersign::access",
        request_id = exchange.id.as_str(),
        method = exchange.method.as_str(),
        route = exchange.route(),
        status = status.as_u16(),
        us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        source = %exchange.source,
        realm = told.realm.as_ref().map(|realm| realm.name()),
        client = told.client_id.as_deref(),
        reason = told.reason,
    );
}
