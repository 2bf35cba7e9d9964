//! `/admin/v1/realms/{realm}/keys`.

use axum::extract::State;
use countersign_proto::admin::{NewKey, RetireKey, RotateKeys};

use super::answer::{Answer, ok, placed};
use super::caller::Caller;
use super::query::PageQuery;
use super::sent::Sent;
use super::url::{InUrl, path};
use crate::state::AppState;

pub(super) async fn list(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
    page: PageQuery,
) -> Answer {
    ok(&app.issuer().list_keys(&by, &realm, &page.ask())?)
}

pub(super) async fn create(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
    Sent(new): Sent<NewKey>,
) -> Answer {
    let key = app.issuer().create_key(&by, &realm, new).await?;
    placed(&key, path(&["realms", &realm, "keys", &key.kid]))
}

pub(super) async fn read(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, kid)): InUrl<(String, String)>,
) -> Answer {
    ok(&app.issuer().read_key(&by, &realm, &kid)?)
}

pub(super) async fn rotate(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
    Sent(rotate): Sent<RotateKeys>,
) -> Answer {
    ok(&app.issuer().rotate_keys(&by, &realm, rotate).await?)
}

pub(super) async fn retire(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, kid)): InUrl<(String, String)>,
    Sent(retire): Sent<RetireKey>,
) -> Answer {
    ok(&app.issuer().retire_key(&by, &realm, &kid, retire).await?)
}
