//! The realm that stands for an Auth0 tenant: the one bound to the request's host, else the default realm.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use axum::routing::{MethodRouter, any};
use countersign_issuer::realm::Dialect;
use countersign_issuer::registry::RealmView;
use http::request::Parts;

use crate::extract::host::host;
use crate::extract::realm::unreadable;
use crate::respond;
use crate::state::AppState;

/// The realm; 404 where there is none, or it does not speak this dialect.
pub(crate) struct Door(pub(super) Arc<RealmView>);

impl FromRequestParts<AppState> for Door {
    type Rejection = Response;

    async fn from_request_parts(head: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let realm = app.issuer().realm_at(&host(head)).filter(|realm| realm.opens(Dialect::Auth0));
        let realm = realm.ok_or_else(respond::not_found)?;
        unreadable(&realm).map_or(Ok(Self(realm)), Err)
    }
}

/// What a browser asks before it reads the keys; nothing where the dialect is closed.
pub(crate) async fn preflight(_: Door) -> Response {
    respond::preflight().await
}

/// One of Auth0's URLs, to be given what it does for each of these methods; others are answered where the dialect is
/// open.
pub(crate) fn takes(methods: &'static str) -> MethodRouter<AppState> {
    any(async move |_: Door| respond::allowing(methods, respond::other_method().await))
}
