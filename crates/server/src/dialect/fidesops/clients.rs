//! `/api/v1/oauth/client` and below: clients of the realm, with scopes of its default API.

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use countersign_issuer::admin::{AdminError, Administrator, PageAsk};
use countersign_issuer::client::ClientRecord;
use countersign_issuer::registry::RealmView;
use countersign_proto::admin::{Change, ClientBody, ClientPatch, NewClient};
use http::HeaderMap;
use serde::Serialize;
use serde_json::json;

use super::answer::{self, No};
use super::caller::{Call, caller, default_api, scopes_on};
use super::door::Door;
use super::{body, scopes};
use crate::state::AppState;

/// A client as fides shows it.
#[derive(Serialize)]
struct Item {
    client_id: String,
    name: String,
    description: String,
    scopes: Vec<String>,
}

/// `POST /client`.
pub(crate) async fn create(
    State(app): State<AppState>,
    Door(realm): Door,
    call: Call,
    request: Request,
) -> Result<Response, No> {
    let by = caller(&app, &realm, request.headers(), &call, "client:create").await?;
    let wanted = body::read(request).await?;
    let names = wanted.scopes.unwrap_or_default();
    scopes::check(&realm, &by, &names)?;
    let new = NewClient { name: wanted.name, description: wanted.description, ..NewClient::default() };
    let made = app.issuer().create_client(&by, realm.name(), new).await?;
    let client_id = made.body.client.client_id;
    // Its secret is known to nobody until this has succeeded too.
    scopes::put(&app, &realm, &by, &client_id, names, None).await?;
    Ok(answer::ok(&json!({"client_id": client_id, "client_secret": made.body.secret})))
}

/// `GET /client?page=&size=`, in the order of the client ids.
pub(crate) async fn list(
    State(app): State<AppState>,
    Door(realm): Door,
    RawQuery(query): RawQuery,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, No> {
    let by = caller(&app, &realm, &headers, &call, "client:read").await?;
    let (page, size) = page_of(query.as_deref().unwrap_or_default())?;
    let total = app.issuer().count_clients(&realm).await?;
    let items = items(&app, &realm, &by, page, size).await?;
    let pages = total.saturating_add(size - 1) / size;
    Ok(answer::ok(&json!({"items": items, "total": total, "page": page, "size": size, "pages": pages})))
}

/// `GET /client/{id}`.
pub(crate) async fn read(
    State(app): State<AppState>,
    Door(realm): Door,
    Path(client_id): Path<String>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, No> {
    caller(&app, &realm, &headers, &call, "client:read").await?;
    let record = record(&app, &realm, &client_id).await?.ok_or(No::UnknownClient)?;
    Ok(answer::ok(&item(&realm, &record)?))
}

/// `PUT /client/{id}`: name, description and scopes, each where it is said.
pub(crate) async fn update(
    State(app): State<AppState>,
    Door(realm): Door,
    Path(client_id): Path<String>,
    call: Call,
    request: Request,
) -> Result<Response, No> {
    let by = caller(&app, &realm, request.headers(), &call, "client:update").await?;
    let wanted = body::read(request).await?;
    let before = record(&app, &realm, &client_id).await?.ok_or(No::UnknownClient)?;
    scopes::check(&realm, &by, wanted.scopes.as_deref().unwrap_or_default())?;
    let set = |value: Option<String>| value.map_or(Change::Keep, Change::Set);
    let patch = ClientPatch {
        name: set(wanted.name),
        description: set(wanted.description),
        ..ClientPatch::default()
    };
    let expected = Some(before.client.revision);
    let updated = app.issuer().update_client(&by, realm.name(), &client_id, patch, expected).await;
    let revision = updated?.revision;
    if let Some(names) = wanted.scopes {
        scopes::put(&app, &realm, &by, &client_id, names, Some(revision)).await?;
    }
    let after = record(&app, &realm, &client_id).await?.ok_or(No::UnknownClient)?;
    Ok(answer::ok(&item(&realm, &after)?))
}

/// `DELETE /client/{id}`: `null`, also for a client that is not there.
pub(crate) async fn delete(
    State(app): State<AppState>,
    Door(realm): Door,
    Path(client_id): Path<String>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, No> {
    let by = caller(&app, &realm, &headers, &call, "client:delete").await?;
    match app.issuer().delete_client(&by, realm.name(), &client_id, None).await {
        Ok(()) | Err(AdminError::NotFound(_)) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(answer::null())
}

/// `POST /client/{id}/secret`: a new secret, the only one from now on.
pub(crate) async fn new_secret(
    State(app): State<AppState>,
    Door(realm): Door,
    Path(client_id): Path<String>,
    call: Call,
    headers: HeaderMap,
) -> Result<Response, No> {
    let by = caller(&app, &realm, &headers, &call, "client:update").await?;
    let secret = app.issuer().replace_secrets(&by, realm.name(), &client_id).await?;
    let answer = json!({"client_id": client_id, "client_secret": secret.expose()});
    Ok(answer::ok(&answer))
}

/// The client as it is stored.
pub(super) async fn record(
    app: &AppState,
    realm: &RealmView,
    client_id: &str,
) -> Result<Option<ClientRecord>, No> {
    Ok(app.issuer().client_record(realm, client_id).await?)
}

fn item(realm: &RealmView, record: &ClientRecord) -> Result<Item, No> {
    Ok(Item {
        client_id: record.client.client_id.to_string(),
        name: record.client.name.clone(),
        description: record.client.description.clone(),
        scopes: scopes_on(record, default_api(realm)?.id()),
    })
}

/// One page, found by walking there in large steps.
async fn items(
    app: &AppState,
    realm: &RealmView,
    by: &Administrator,
    page: i64,
    size: i64,
) -> Result<Vec<Item>, No> {
    let api = default_api(realm)?.id().to_owned();
    let (mut skip, mut cursor, mut items) = ((page - 1) * size, None::<String>, Vec::new());
    loop {
        let limit = if skip > 0 { skip.min(STEP) } else { size };
        let ask = PageAsk { limit: Some(limit), cursor: cursor.as_deref() };
        let step = app.issuer().list_clients(by, realm.name(), &ask).await?;
        if skip > 0 {
            skip -= limit;
        } else {
            items.extend(step.items.into_iter().map(|client| shown(client, &api)));
            return Ok(items);
        }
        match step.next {
            Some(next) => cursor = Some(next),
            None => return Ok(items),
        }
    }
}

fn shown(client: ClientBody, api_id: &str) -> Item {
    let grants = client.grants.into_iter().filter(|grant| grant.api_id == api_id);
    let scopes = grants.flat_map(|grant| grant.default.into_iter().chain(grant.optional)).collect();
    Item { client_id: client.client_id, name: client.name, description: client.description, scopes }
}

/// `page` from 1, `size` from 1 to 100.
fn page_of(query: &str) -> Result<(i64, i64), No> {
    let (mut page, mut size) = (1, 50);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let (slot, most) = match &*name {
            "page" => (&mut page, MAX_PAGE),
            "size" => (&mut size, 100),
            _ => continue,
        };
        *slot = value
            .parse()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| No::invalid(&["query", &name], "value is not a valid integer in range"))?;
    }
    Ok((page, size))
}

const STEP: i64 = 1000;
const MAX_PAGE: i64 = 1_000_000;
