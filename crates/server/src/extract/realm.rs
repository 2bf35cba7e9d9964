//! The realm that a native URL names.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::Response;
use countersign_issuer::registry::RealmView;
use http::request::Parts;

use crate::respond;
use crate::state::AppState;

/// The realm named by `{realm}` in the URL; 404 where there is none.
pub(crate) struct RealmInUrl(pub(crate) Arc<RealmView>);

impl FromRequestParts<AppState> for RealmInUrl {
    type Rejection = Response;

    async fn from_request_parts(head: &mut Parts, app: &AppState) -> Result<Self, Response> {
        named(head, app).await.map(Self).ok_or_else(respond::not_found)
    }
}

/// The realm that the URL names, if there is such a one.
pub(crate) async fn named(head: &mut Parts, app: &AppState) -> Option<Arc<RealmView>> {
    let parameters = RawPathParams::from_request_parts(head, app).await.ok()?;
    let (_, name) = parameters.iter().find(|(name, _)| *name == "realm")?;
    app.issuer().realm(name)
}
