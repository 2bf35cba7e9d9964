//! The realm that a Keycloak URL names, if it has this dialect open.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use countersign_issuer::realm::Dialect;
use countersign_issuer::registry::RealmView;
use http::request::Parts;

use super::answer;
use crate::extract::realm::{named, unreadable};
use crate::respond;
use crate::state::AppState;

/// The realm. Where there is none, Keycloak's 404 at Keycloak's own URLs; else, and where the realm does not speak this
/// dialect, our own.
pub(crate) struct Door(pub(super) Arc<RealmView>);

impl FromRequestParts<AppState> for Door {
    type Rejection = Response;

    async fn from_request_parts(head: &mut Parts, app: &AppState) -> Result<Self, Response> {
        match named(head, app).await {
            Some(realm) if realm.opens(Dialect::Keycloak) => unreadable(&realm).map_or(Ok(Self(realm)), Err),
            None if is_theirs(head.uri.path()) => Err(answer::no_realm()),
            _ => Err(respond::not_found()),
        }
    }
}

/// Whether a URL is one that Keycloak alone has: whoever calls it without a realm expects its words, while a slip in one
/// of ours must not send its caller hunting in the wrong place.
fn is_theirs(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let below = path.strip_prefix("/realms/").and_then(|rest| rest.split_once('/'));
    below.is_none_or(|(_, rest)| rest == "protocol" || rest.starts_with("protocol/"))
}
