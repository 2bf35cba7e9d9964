//! `/api/v1/oauth/scope` and `/api/v1/oauth/client/{id}/scope`.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use countersign_issuer::admin::Administrator;
use countersign_issuer::registry::RealmView;
use countersign_proto::admin::GrantPut;
use http::HeaderMap;

use super::answer::{self, No};
use super::caller::{Call, caller, default_api, scopes_on};
use super::door::Door;
use super::{body, clients};
use crate::state::AppState;

/// `GET /scope`: the registry.
pub(crate) async fn registry(
    State(app): State<AppState>,
    Door(realm): Door,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, No> {
    caller(&app, &realm, &headers, &call, "scope:read").await?;
    let names: Vec<&str> = default_api(&realm)?.scope_names().collect();
    Ok(answer::ok(&names))
}

/// `GET /client/{id}/scope`: its scopes, none for a client that is not there.
pub(crate) async fn read(
    State(app): State<AppState>,
    Door(realm): Door,
    Path(client_id): Path<String>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, No> {
    caller(&app, &realm, &headers, &call, "client:read").await?;
    let record = clients::record(&app, &realm, &client_id).await?;
    let api = default_api(&realm)?;
    Ok(answer::ok(&record.map(|record| scopes_on(&record, api.id())).unwrap_or_default()))
}

/// `PUT /client/{id}/scope`: replaces them; `null`, also for a client that is not there.
pub(crate) async fn update(
    State(app): State<AppState>,
    Door(realm): Door,
    Path(client_id): Path<String>,
    call: Call,
    request: Request,
) -> Result<Response, No> {
    let by = caller(&app, &realm, request.headers(), &call, "client:update").await?;
    let wanted = body::read(request).await?;
    let Some(record) = clients::record(&app, &realm, &client_id).await? else { return Ok(answer::null()) };
    let scopes = wanted.scopes.unwrap_or_default();
    check(&realm, &by, &scopes)?;
    put(&app, &realm, &by, &client_id, scopes, Some(record.client.revision)).await?;
    Ok(answer::null())
}

/// Whether the caller may give these scopes: they exist, and it holds them.
pub(super) fn check(realm: &RealmView, by: &Administrator, scopes: &[String]) -> Result<(), No> {
    let api = default_api(realm)?;
    if scopes.iter().any(|scope| !api.has_scope(scope)) {
        let all: Vec<&str> = api.scope_names().collect();
        let text = format!("Invalid Scope. Scopes must be one of {}.", python_list(&all));
        return Err(No::InvalidScope(text));
    }
    Ok(by.may_give(scopes)?)
}

/// Makes these the client's default scopes on the default API, if it has not changed since it was judged.
pub(super) async fn put(
    app: &AppState,
    realm: &RealmView,
    by: &Administrator,
    client_id: &str,
    scopes: Vec<String>,
    expected: Option<i64>,
) -> Result<(), No> {
    let grant = GrantPut { default: scopes, optional: Vec::new() };
    let put = app.issuer().put_grant(by, realm.name(), client_id, "default", grant, expected).await;
    put?;
    Ok(())
}

/// As Python prints a list of strings.
pub(super) fn python_list<S: std::fmt::Display>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("[{}]", quoted.join(", "))
}
