//! Who calls, as [`super::enter`] proved it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use countersign_issuer::admin::Administrator;
use countersign_issuer::refusal::Fault;
use http::request::Parts;

use super::problem::Trouble;
use crate::state::AppState;

/// The proven caller of a request.
#[derive(Clone)]
pub(super) struct Caller(pub(super) Arc<Administrator>);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Trouble;

    async fn from_request_parts(head: &mut Parts, _: &AppState) -> Result<Self, Trouble> {
        let missing = || Fault::Broken("a route of the admin API stands outside of its entrance".to_owned());
        head.extensions.get().cloned().ok_or_else(|| missing().into())
    }
}
