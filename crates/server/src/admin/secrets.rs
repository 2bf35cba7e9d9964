//! `/admin/v1/realms/{realm}/clients/{client_id}/secrets`.

use axum::extract::State;
use countersign_issuer::admin::PageAsk;
use countersign_proto::admin::NewSecret;

use super::answer::{Answer, created, gone, ok};
use super::caller::Caller;
use super::precondition::IfMatch;
use super::problem::{NOT_FOUND, Trouble};
use super::query::PageQuery;
use super::sent::Sent;
use super::url::{InUrl, path};
use crate::state::AppState;

pub(super) async fn list(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id)): InUrl<(String, String)>,
    page: PageQuery,
) -> Answer {
    ok(&app.issuer().list_secrets(&by, &realm, &client_id, &page.ask()).await?)
}

pub(super) async fn create(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id)): InUrl<(String, String)>,
    Sent(new): Sent<NewSecret>,
) -> Answer {
    let secret = app.issuer().create_secret(&by, &realm, &client_id, new).await?;
    created(&secret, path(&["realms", &realm, "clients", &client_id, "secrets", &secret.body.id]))
}

pub(super) async fn read(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id, id)): InUrl<(String, String, String)>,
) -> Answer {
    // a client has fewer secrets than a page
    let secrets = app.issuer().list_secrets(&by, &realm, &client_id, &PageAsk::default()).await?;
    let missing =
        || Trouble::new(&NOT_FOUND, format!("there is no secret {id:?} of the client {client_id:?}"));
    ok(&secrets.items.into_iter().find(|secret| secret.id == id).ok_or_else(missing)?)
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl((realm, client_id, id)): InUrl<(String, String, String)>,
    IfMatch(expected): IfMatch,
) -> Answer {
    app.issuer().delete_secret(&by, &realm, &client_id, &id, expected).await?;
    gone()
}
