//! `/admin/v1/realms/{realm}/audit`.

use axum::extract::State;

use super::answer::{Answer, ok};
use super::caller::Caller;
use super::query::PageQuery;
use super::url::InUrl;
use crate::state::AppState;

pub(super) async fn list(
    State(app): State<AppState>,
    Caller(by): Caller,
    InUrl(realm): InUrl<String>,
    page: PageQuery,
) -> Answer {
    ok(&app.issuer().list_audit(&by, &realm, &page.ask()).await?)
}
