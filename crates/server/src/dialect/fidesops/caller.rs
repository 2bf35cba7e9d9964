//! Who calls client management, and what it may do: the root, or a client of the realm with the scope of the route.

use std::sync::Arc;

use countersign_issuer::admin::{Administrator, Right};
use countersign_issuer::api::BuiltIn;
use countersign_issuer::client::ClientRecord;
use countersign_issuer::issuer::{OwnToken, OwnTokenError};
use countersign_issuer::realm::SYSTEM;
use countersign_issuer::refusal::Fault;
use countersign_issuer::registry::{ApiView, RealmView};
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::answer::No;
use crate::middleware::RequestId;
use crate::state::AppState;

/// A caller that may use the route that it called.
pub(super) struct Caller {
    pub(super) by: Administrator,
    /// The scopes that it holds on the default API, in its token and still now; `None` for root, which holds all.
    held: Option<Vec<String>>,
}

impl Caller {
    /// Judges the bearer token of a request (dialects c.3) for a route that needs `scope`.
    pub(super) async fn of(
        app: &AppState,
        realm: &Arc<RealmView>,
        headers: &HeaderMap,
        id: &RequestId,
        scope: &str,
    ) -> Result<Self, No> {
        let token = bearer(headers).ok_or(No::Unauthenticated)?;
        if let Some(root) = root(app, realm, token).await? {
            let by = Administrator::door(&actor(&root), realm.name(), Right::ALL, id.as_str());
            return Ok(Self { by, held: None });
        }
        let api = default_api(realm)?;
        let token = verified(app, realm, token, api.identifier()).await?.ok_or(No::NotAuthorized)?;
        let record = app.issuer().client_record(realm, &token.client_id).await;
        let record = record?.ok_or(No::NotAuthorized)?;
        let now = scopes_on(&record, api.id());
        let all_still_held = token.scopes.iter().all(|scope| now.iter().any(|held| held == scope));
        if !all_still_held || !token.scopes.iter().any(|held| held == scope) {
            return Err(No::NotAuthorized);
        }
        let rights = [Right::ClientRead, Right::ClientWrite];
        let by = Administrator::door(&actor(&token), realm.name(), &rights, id.as_str());
        Ok(Self { by, held: Some(token.scopes) })
    }

    /// The scopes among these that the caller does not hold, and so may not give.
    pub(super) fn missing<'a>(&self, scopes: &'a [String]) -> Vec<&'a str> {
        let lacks = |scope: &&String| self.held.as_ref().is_some_and(|held| !held.contains(scope));
        scopes.iter().filter(lacks).map(String::as_str).collect()
    }

    /// Whether it may change this client: one that holds nothing more than the caller does.
    pub(super) fn may_touch(&self, realm: &RealmView, record: &ClientRecord) -> Result<(), No> {
        let Some(held) = &self.held else { return Ok(()) };
        let default = default_api(realm)?;
        let within = record.grants.iter().all(|grant| {
            let mut scopes = grant.default.iter().chain(&grant.optional);
            grant.api_id == default.id() && scopes.all(|scope| held.iter().any(|held| held == scope.as_str()))
        });
        if within { Ok(()) } else { Err(No::NotAuthorized) }
    }
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

/// The root client of `system`, if the token is one that it got here and it still has every right.
async fn root(app: &AppState, realm: &Arc<RealmView>, token: &str) -> Result<Option<OwnToken>, No> {
    let Some(door) = realm.root_door() else { return Ok(None) };
    let Some(token) = verified(app, realm, token, door.identifier()).await? else { return Ok(None) };
    let Some(system) = app.issuer().realm(SYSTEM) else { return Ok(None) };
    let Some(admin) = system.builtin(BuiltIn::Admin) else { return Ok(None) };
    let record = app.issuer().client_record(&system, &token.client_id).await;
    let held = record?.map(|record| scopes_on(&record, admin.id()));
    let is_root =
        held.is_some_and(|held| Right::ALL.iter().all(|right| held.iter().any(|h| h == right.as_str())));
    Ok(is_root.then_some(token))
}

async fn verified(
    app: &AppState,
    realm: &Arc<RealmView>,
    token: &str,
    audience: &str,
) -> Result<Option<OwnToken>, No> {
    match app.issuer().verify(realm, token, audience).await {
        Ok(token) => Ok(Some(token)),
        Err(OwnTokenError::Fault(fault)) => Err(fault.into()),
        Err(_) => Ok(None),
    }
}

fn actor(token: &OwnToken) -> String {
    format!("{}@{}", token.client_id, token.client_realm)
}

/// The token of exactly one `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}
