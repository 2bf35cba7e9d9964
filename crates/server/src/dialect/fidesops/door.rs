//! The realm that stands for a fidesops installation: the one bound to the request's host, else the default realm.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use countersign_issuer::realm::Dialect;
use countersign_issuer::registry::RealmView;
use http::request::Parts;

use super::answer;
use crate::extract::host::host;
use crate::extract::realm::unreadable;
use crate::state::AppState;

/// The realm; 404 where there is none, or it does not speak this dialect.
pub(crate) struct Door(pub(super) Arc<RealmView>);

impl FromRequestParts<AppState> for Door {
    type Rejection = Response;

    async fn from_request_parts(head: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let realm = app.issuer().realm_at(&host(head)).filter(|realm| realm.opens(Dialect::Fidesops));
        let realm = realm.ok_or_else(answer::not_found)?;
        unreadable(&realm).map_or(Ok(Self(realm)), Err)
    }
}
