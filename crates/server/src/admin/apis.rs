//! `/admin/v1/realms/{realm}/apis`; `{api}` is an identifier, an id, `default` or `admin`.

use axum::extract::State;
use countersign_proto::admin::{ApiPatch, NewApi};

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
    ok(&app.issuer().list_apis(&by, &realm, &page.ask())?)
}

pub(super) async fn create(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
    Sent(new): Sent<NewApi>,
) -> Answer {
    let api = app.issuer().create_api(&by, &realm, new).await?;
    created(&api, path(&["realms", &realm, "apis", &api.body.id]))
}

pub(super) async fn read(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, api)): InUrl<(String, String)>,
) -> Answer {
    shown(&app.issuer().read_api(&by, &realm, &api)?)
}

pub(super) async fn update(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, api)): InUrl<(String, String)>,
    IfMatch(expected): IfMatch,
    Merged(patch): Merged<ApiPatch>,
) -> Answer {
    shown(&app.issuer().update_api(&by, &realm, &api, patch, expected).await?)
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, api)): InUrl<(String, String)>,
    IfMatch(expected): IfMatch,
) -> Answer {
    app.issuer().delete_api(&by, &realm, &api, expected).await?;
    gone()
}
