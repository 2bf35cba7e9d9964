//! Every URL that we answer, grouped by who calls.

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::admin;
use crate::dialect::{auth0, fidesops, keycloak};
use crate::middleware::FrontLayer;
use crate::oauth::{documents, token};
use crate::respond;
use crate::state::AppState;

/// The whole application on one listener.
pub fn app(state: AppState) -> Router {
    finish(clients().merge(verifiers()).merge(administrators(&state)), state)
}

/// The application where administration has a listener of its own.
pub fn app_without_admin(state: AppState) -> Router {
    finish(clients().merge(verifiers()), state)
}

/// Administration alone, with the endpoints that its callers need to get their tokens.
pub fn admin_app(state: AppState) -> Router {
    app(state)
}

/// Machines that take tokens.
fn clients() -> Router<AppState> {
    let native = post(token::token).fallback(respond::other_method);
    let mut router = Router::new().route("/realms/{realm}/oauth2/token", native);
    for prefix in KEYCLOAK {
        let path = format!("{prefix}/realms/{{realm}}/protocol/openid-connect/token");
        router = both(router, &path, post(keycloak::token::token).fallback(keycloak::wrong_method));
    }
    router = both(router, "/oauth/token", post(auth0::token::token).fallback(auth0::wrong_method));
    both(router, "/api/v1/oauth/token", post(fidesops::token::token).fallback(fidesops::wrong_method))
}

/// APIs and libraries that verify tokens.
fn verifiers() -> Router<AppState> {
    let mut router = Router::new()
        .route("/realms/{realm}/oauth2/jwks", document(get(documents::jwks)))
        .route("/.well-known/oauth-authorization-server/realms/{realm}", document(get(documents::metadata)))
        .route(
            "/.well-known/jwks.json",
            get(auth0::documents::keys).options(auth0::preflight).fallback(auth0::wrong_method),
        );
    let inserted = get(documents::inserted).fallback(documents::inserted_otherwise);
    for well_known in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        router = router
            .route(well_known, inserted.clone())
            .route(&format!("{well_known}/{{*path}}"), inserted.clone());
    }
    for prefix in KEYCLOAK {
        let realm = format!("{prefix}/realms/{{realm}}");
        let certs = foreign(get(keycloak::documents::certs)).options(keycloak::preflight);
        router = both(router, &realm, foreign(get(keycloak::documents::realm)));
        router = both(router, &format!("{realm}/protocol/openid-connect/certs"), certs);
        router = router
            .route(&format!("{realm}/protocol/{{protocol}}"), axum::routing::any(keycloak::protocol_unknown))
            .route(&format!("{realm}/{{*rest}}"), axum::routing::any(keycloak::unknown_path));
    }
    for name in ["openid-configuration", "oauth-authorization-server"] {
        let path = format!("/realms/{{realm}}/.well-known/{name}");
        router = both(router, &path, document(get(documents::discovery)));
        let handler = foreign(get(keycloak::documents::metadata)).options(keycloak::preflight);
        router = both(router, &format!("/auth{path}"), handler);
    }
    router
}

/// People and their tools.
fn administrators(state: &AppState) -> Router<AppState> {
    let mut router = admin::router(state);
    let told = axum::middleware::from_fn_with_state(state.clone(), fidesops::told);
    let fidesops =
        |handler: MethodRouter<AppState>| handler.fallback(fidesops::wrong_method).layer(told.clone());
    let clients = get(fidesops::clients::list).post(fidesops::clients::create);
    let client =
        get(fidesops::clients::read).put(fidesops::clients::update).delete(fidesops::clients::delete);
    let scope = get(fidesops::scopes::read).put(fidesops::scopes::update);
    router = both(router, "/api/v1/oauth/client", fidesops(clients));
    router = both(router, "/api/v1/oauth/client/{id}", fidesops(client));
    router = both(router, "/api/v1/oauth/client/{id}/scope", fidesops(scope));
    router = both(router, "/api/v1/oauth/client/{id}/secret", fidesops(post(fidesops::clients::new_secret)));
    let rest = axum::routing::any(fidesops::unknown_path);
    router = router.route("/api/v1/oauth/{*rest}", rest);
    both(router, "/api/v1/oauth/scope", fidesops(get(fidesops::scopes::registry)))
}

fn finish(router: Router<AppState>, state: AppState) -> Router {
    router
        .fallback(documents::appended)
        .method_not_allowed_fallback(respond::other_method)
        .layer(FrontLayer(state.clone()))
        .with_state(state)
}

/// A document that browsers of any origin may fetch.
fn document(handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    handler.options(respond::preflight).fallback(respond::other_method)
}

/// A URL of Keycloak's, with its answer to other methods.
fn foreign(handler: MethodRouter<AppState>) -> MethodRouter<AppState> {
    handler.fallback(keycloak::wrong_method)
}

/// With and without a slash at the end.
fn both(router: Router<AppState>, path: &str, handler: MethodRouter<AppState>) -> Router<AppState> {
    router.route(path, handler.clone()).route(&format!("{path}/"), handler)
}

/// Keycloak stood below `/auth` until its release 17, and does where it is told to.
const KEYCLOAK: [&str; 2] = ["", "/auth"];
