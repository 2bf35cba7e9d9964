//! The realm that a native URL names.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::response::Response;
use countersign_issuer::registry::RealmView;
use http::request::Parts;

use crate::middleware::Told;
use crate::respond;
use crate::state::AppState;

/// The realm named by `{realm}` in the URL; 404 where there is none, 500 where it is stored damaged.
pub(crate) struct RealmInUrl(pub(crate) Arc<RealmView>);

impl FromRequestParts<AppState> for RealmInUrl {
    type Rejection = Response;

    async fn from_request_parts(head: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let realm = named(head, app).await.ok_or_else(respond::not_found)?;
        unreadable(&realm).map_or(Ok(Self(realm)), Err)
    }
}

/// The answer where what is stored of a realm cannot be read: even its JWKS would be a wrong one.
pub(crate) fn unreadable(realm: &Arc<RealmView>) -> Option<Response> {
    let fault = realm.readable().err()?;
    let told =
        Told { realm: Some(Arc::clone(realm)), cause: Some(respond::cause(&fault)), ..Told::default() };
    Some(told.within(respond::broken(&fault)))
}

/// The realm that the URL names, if there is such a one.
pub(crate) async fn named(head: &mut Parts, app: &AppState) -> Option<Arc<RealmView>> {
    let parameters = RawPathParams::from_request_parts(head, app).await.ok()?;
    let (_, name) = parameters.iter().find(|(name, _)| *name == "realm")?;
    app.issuer().realm(name)
}
