//! The admin API, `/admin/v1/…`: one file per noun, each a thin door on the command of the same name.
//!
//! Everything in here answers in JSON, errors as problems (RFC 9457), and is kept by no cache. Who calls is proven once,
//! in [`enter`], before anything else of the request is read; what they may do is the command's to judge.

mod answer;
mod apis;
mod audit;
mod caller;
mod clients;
mod enter;
mod grants;
mod keys;
mod precondition;
mod problem;
mod query;
mod realms;
mod scopes;
mod secrets;
mod sent;
mod url;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::state::AppState;

/// All URLs of the admin API.
pub(crate) fn router(app: &AppState) -> Router<AppState> {
    let routes = Router::new()
        .route("/realms", get(realms::list).post(realms::create))
        .route("/realms/{realm}", get(realms::read).patch(realms::update).delete(realms::delete))
        .route("/realms/{realm}/apis", get(apis::list).post(apis::create))
        .route("/realms/{realm}/apis/{api}", get(apis::read).patch(apis::update).delete(apis::delete))
        .route("/realms/{realm}/apis/{api}/scopes", get(scopes::list).post(scopes::create))
        .route(
            "/realms/{realm}/apis/{api}/scopes/{scope}",
            get(scopes::read).patch(scopes::update).delete(scopes::delete),
        )
        .route("/realms/{realm}/clients", get(clients::list).post(clients::create))
        .route(
            "/realms/{realm}/clients/{client_id}",
            get(clients::read).patch(clients::update).delete(clients::delete),
        )
        .route("/realms/{realm}/clients/{client_id}/secrets", get(secrets::list).post(secrets::create))
        .route("/realms/{realm}/clients/{client_id}/secrets/{id}", get(secrets::read).delete(secrets::delete))
        .route("/realms/{realm}/clients/{client_id}/grants", get(grants::list))
        .route(
            "/realms/{realm}/clients/{client_id}/grants/{api}",
            get(grants::read).put(grants::put).delete(grants::delete),
        )
        .route("/realms/{realm}/keys", get(keys::list).post(keys::create))
        .route("/realms/{realm}/keys/rotate", post(keys::rotate))
        .route("/realms/{realm}/keys/{kid}", get(keys::read))
        .route("/realms/{realm}/keys/{kid}/retire", post(keys::retire))
        .route("/realms/{realm}/audit", get(audit::list))
        .fallback(problem::nothing_here)
        .method_not_allowed_fallback(problem::other_method)
        .layer(from_fn_with_state(app.clone(), enter::enter));
    Router::new().nest("/admin/v1", routes)
}
