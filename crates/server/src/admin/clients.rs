//! `/admin/v1/realms/{realm}/clients`.

use axum::extract::State;
use countersign_proto::admin::{ClientPatch, NewClient};

use super::answer::{Answer, created, gone, ok, shown};
use super::caller::Caller;
use super::precondition::IfMatch;
use super::query::PageQuery;
use super::sent::{Merged, Sent};
use super::url::{InUrl, path};
use crate::state::AppState;

pub(super) async fn list(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
    page: PageQuery,
) -> Answer {
    ok(&app.issuer().list_clients(&by, &realm, &page.ask()).await?)
}

pub(super) async fn create(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
    Sent(new): Sent<NewClient>,
) -> Answer {
    let client = app.issuer().create_client(&by, &realm, new).await?;
    created(&client, path(&["realms", &realm, "clients", &client.body.client.client_id]))
}

pub(super) async fn read(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id)): InUrl<(String, String)>,
) -> Answer {
    shown(&app.issuer().read_client(&by, &realm, &client_id).await?)
}

pub(super) async fn update(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id)): InUrl<(String, String)>,
    IfMatch(expected): IfMatch,
    Merged(patch): Merged<ClientPatch>,
) -> Answer {
    shown(&app.issuer().update_client(&by, &realm, &client_id, patch, expected).await?)
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id)): InUrl<(String, String)>,
    IfMatch(expected): IfMatch,
) -> Answer {
    app.issuer().delete_client(&by, &realm, &client_id, expected).await?;
    gone()
}
