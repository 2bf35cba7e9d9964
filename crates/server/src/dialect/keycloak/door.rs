//! The realm that a Keycloak URL names, if it has this dialect open.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use countersign_issuer::realm::Dialect;
use countersign_issuer::registry::RealmView;
use http::request::Parts;

use super::answer;
use crate::extract::realm::{named, unreadable};
use crate::state::AppState;

/// The realm; where there is none, or it does not speak this dialect, Keycloak's 404 for a realm that is not there.
pub(crate) struct Door(pub(super) Arc<RealmView>);

impl FromRequestParts<AppState> for Door {
    type Rejection = Response;

    async fn from_request_parts(head: &mut Parts, app: &AppState) -> Result<Self, Response> {
        match named(head, app).await.filter(|realm| realm.opens(Dialect::Keycloak)) {
            Some(realm) => unreadable(&realm).map_or(Ok(Self(realm)), Err),
            None => Err(answer::no_realm()),
        }
    }
}
