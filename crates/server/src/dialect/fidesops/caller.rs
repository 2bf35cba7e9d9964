//! Who calls client management: the bearer of a token that the issuer lets do what the route does.

use std::sync::Arc;

use countersign_issuer::admin::Administrator;
use countersign_issuer::api::BuiltIn;
use countersign_issuer::client::ClientRecord;
use countersign_issuer::issuer::OwnTokenError;
use countersign_issuer::refusal::Fault;
use countersign_issuer::registry::{ApiView, RealmView};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::answer::No;
use crate::middleware::RequestId;
use crate::state::AppState;

/// Judges the bearer token of a request (dialects c.3) for a route that needs `scope`.
pub(super) async fn caller(
    app: &AppState,
    realm: &Arc<RealmView>,
    headers: &HeaderMap,
    id: &RequestId,
    scope: &'static str,
) -> Result<Administrator, No> {
    let token = bearer(headers).ok_or(No::Unauthenticated)?;
    app.issuer().manager(realm, token, scope, id.as_str()).await.map_err(|error| match error {
        OwnTokenError::Fault(fault) => No::Fault(fault),
        OwnTokenError::Invalid(_) | OwnTokenError::Standing => No::NotAuthorized,
    })
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
