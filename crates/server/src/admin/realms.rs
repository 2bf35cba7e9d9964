//! `/admin/v1/realms`.

use axum::extract::State;
use countersign_proto::admin::{NewRealm, RealmPatch};

use super::answer::{Answer, created, gone, ok, shown};
use super::caller::Caller;
use super::precondition::IfMatch;
use super::query::PageQuery;
use super::sent::{Merged, Sent};
use super::url::{InUrl, path};
use crate::state::AppState;

pub(super) async fn list(State(app): State<AppState>, Caller(by): Caller, page: PageQuery) -> Answer {
    ok(&app.issuer().list_realms(&by, &page.ask())?)
}

pub(super) async fn create(
    State(app): State<AppState>,
    Caller(by): Caller,
    Sent(new): Sent<NewRealm>,
) -> Answer {
    let realm = app.issuer().create_realm(&by, new).await?;
    created(&realm, path(&["realms", &realm.body.name]))
}

pub(super) async fn read(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
) -> Answer {
    shown(&app.issuer().read_realm(&by, &realm)?)
}

pub(super) async fn update(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
    IfMatch(expected): IfMatch,
    Merged(patch): Merged<RealmPatch>,
) -> Answer {
    shown(&app.issuer().update_realm(&by, &realm, patch, expected).await?)
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
    IfMatch(expected): IfMatch,
) -> Answer {
    app.issuer().delete_realm(&by, &realm, expected).await?;
    gone()
}
