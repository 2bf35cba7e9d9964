//! Who calls client management: the bearer of a token that the issuer lets do what the route does.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;
use countersign_issuer::admin::Administrator;
use countersign_issuer::api::BuiltIn;
use countersign_issuer::client::ClientRecord;
use countersign_issuer::issuer::OwnTokenError;
use countersign_issuer::refusal::Fault;
use countersign_issuer::registry::{ApiView, RealmView};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::answer::{DOOR, No};
use super::door::Door;
use crate::middleware::{RequestId, Told};
use crate::respond;
use crate::state::AppState;

/// One call: its id, and a place where its caller is noted for the log once it is known.
#[derive(Clone)]
pub(crate) struct Call {
    id: RequestId,
    client: Arc<OnceLock<Arc<str>>>,
}

/// Around every route of client management: completes what the log is told with the realm and the caller.
pub(crate) async fn told(Door(realm): Door, call: Call, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(call.clone());
    let mut response = next.run(request).await;
    let told = response.extensions_mut().remove::<Told>().unwrap_or_default();
    let client_id = call.client.get().cloned();
    Told { door: DOOR, realm: Some(realm), client_id, ..told }.within(response)
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(head: &mut Parts, state: &S) -> Result<Self, Infallible> {
        match head.extensions.get::<Self>() {
            Some(call) => Ok(call.clone()),
            None => {
                Ok(Self { id: RequestId::from_request_parts(head, state).await?, client: Arc::default() })
            }
        }
    }
}

/// Judges the bearer token of a request (dialects c.3) for a route that needs `scope`.
pub(super) async fn caller(
    app: &AppState,
    realm: &Arc<RealmView>,
    headers: &HeaderMap,
    call: &Call,
    scope: &'static str,
) -> Result<Administrator, No> {
    let token = bearer(headers).ok_or(No::Unauthenticated)?;
    let judged = app.issuer().manager(realm, token, scope, call.id.as_str()).await;
    let by = judged.map_err(|error| match (respond::token_reason(&error), error) {
        (_, OwnTokenError::Fault(fault)) => No::Fault(fault),
        (reason, _) => No::NotAuthorized(reason.unwrap_or("token_not_accepted")),
    })?;
    let _ = call.client.set(by.actor().into());
    Ok(by)
}

/// The scopes that a client may have on an API.
pub(super) fn scopes_on(record: &ClientRecord, api_id: &str) -> Vec<String> {
    let grants = record.grants.iter().filter(|grant| grant.api_id == api_id);
    grants.flat_map(|grant| grant.default.iter().chain(&grant.optional)).map(ToString::to_string).collect()
}

/// The API whose scopes are this dialect's registry.
pub(super) fn default_api(realm: &RealmView) -> Result<&Arc<ApiView>, No> {
    let missing = || Fault::Broken(format!("the realm {} has no default API", realm.name()));
    Ok(realm.builtin(BuiltIn::Default).ok_or_else(missing)?)
}

/// The token of exactly one `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
