//! `/admin/v1/realms/{realm}/apis/{api}/scopes`.

use axum::extract::State;
use countersign_proto::admin::{NewScope, ScopePatch};

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
    InUrl((realm, api)): InUrl<(String, String)>,
    page: PageQuery,
) -> Answer {
    ok(&app.issuer().list_scopes(&by, &realm, &api, &page.ask())?)
}

pub(super) async fn create(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, api)): InUrl<(String, String)>,
    Sent(new): Sent<NewScope>,
) -> Answer {
    let scope = app.issuer().create_scope(&by, &realm, &api, new).await?;
    created(&scope, path(&["realms", &realm, "apis", &api, "scopes", &scope.body.name]))
}

pub(super) async fn read(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, api, scope)): InUrl<(String, String, String)>,
) -> Answer {
    shown(&app.issuer().read_scope(&by, &realm, &api, &scope)?)
}

pub(super) async fn update(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, api, scope)): InUrl<(String, String, String)>,
    IfMatch(expected): IfMatch,
    Merged(patch): Merged<ScopePatch>,
) -> Answer {
    shown(&app.issuer().update_scope(&by, &realm, &api, &scope, patch, expected).await?)
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, api, scope)): InUrl<(String, String, String)>,
    IfMatch(expected): IfMatch,
) -> Answer {
    app.issuer().delete_scope(&by, &realm, &api, &scope, expected).await?;
    gone()
}
