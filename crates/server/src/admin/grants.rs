//! `/admin/v1/realms/{realm}/clients/{client_id}/grants`.

use axum::extract::State;
use countersign_issuer::admin::At;
use countersign_proto::admin::GrantPut;

use super::answer::{Answer, created, gone, ok, shown};
use super::caller::Caller;
use super::precondition::IfMatch;
use super::query::PageQuery;
use super::sent::Whole;
use super::url::{InUrl, path};
use crate::state::AppState;

pub(super) async fn list(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id)): InUrl<(String, String)>,
    page: PageQuery,
) -> Answer {
    ok(&app.issuer().list_grants(&by, &realm, &client_id, &page.ask()).await?)
}

pub(super) async fn read(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id, api)): InUrl<(String, String, String)>,
) -> Answer {
    shown(&app.issuer().read_grant(&by, &realm, &client_id, &api).await?)
}

/// 201 where there was none, else 200 (RFC 9110 §9.3.4).
pub(super) async fn put(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id, api)): InUrl<(String, String, String)>,
    IfMatch(expected): IfMatch,
    Whole(grant): Whole<GrantPut>,
) -> Answer {
    let At { body: set, revision } =
        app.issuer().put_grant(&by, &realm, &client_id, &api, grant, expected).await?;
    let grant = At { body: set.grant, revision };
    if set.created {
        created(&grant, path(&["realms", &realm, "clients", &client_id, "grants", &grant.body.api_id]))
    } else {
        shown(&grant)
    }
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id, api)): InUrl<(String, String, String)>,
    IfMatch(expected): IfMatch,
) -> Answer {
    app.issuer().delete_grant(&by, &realm, &client_id, &api, expected).await?;
    gone()
}
