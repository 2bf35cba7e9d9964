//! Every URL that we answer, grouped by who calls.

use axum::Router;
use axum::routing::{MethodRouter, any, get, post};

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
        router = both(router, &path, keycloak::takes("POST").post(keycloak::token::token));
    }
    router = both(router, "/oauth/token", auth0::takes("POST").post(auth0::token::token));
    both(router, "/api/v1/oauth/token", fidesops::takes("POST").post(fidesops::token::token))
}

/// APIs and libraries that verify tokens.
fn verifiers() -> Router<AppState> {
    let mut router = Router::new()
        .route("/realms/{realm}/oauth2/jwks", document(get(documents::jwks)))
        .route("/.well-known/oauth-authorization-server/realms/{realm}", document(get(documents::metadata)))
        .route(
            "/.well-known/jwks.json",
            auth0::takes(READ).get(auth0::documents::keys).options(auth0::preflight),
        );
    let inserted = any(documents::inserted_otherwise).get(documents::inserted);
    for well_known in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        router = router
            .route(well_known, inserted.clone())
            .route(&format!("{well_known}/{{*path}}"), inserted.clone());
    }
    for prefix in KEYCLOAK {
        let realm = format!("{prefix}/realms/{{realm}}");
        let certs = keycloak::takes(READ).get(keycloak::documents::certs).options(keycloak::preflight);
        router = both(router, &realm, keycloak::takes("GET,HEAD").get(keycloak::documents::realm));
        router = both(router, &format!("{realm}/protocol/openid-connect/certs"), certs);
        router = router
            .route(&format!("{realm}/protocol/{{protocol}}"), any(keycloak::protocol_unknown))
            .route(&format!("{realm}/{{*rest}}"), any(keycloak::unknown_path));
    }
    for name in ["openid-configuration", "oauth-authorization-server"] {
        let path = format!("/realms/{{realm}}/.well-known/{name}");
        router = both(router, &path, document(get(documents::discovery)));
        let handler = keycloak::takes(READ).get(keycloak::documents::metadata).options(keycloak::preflight);
        router = both(router, &format!("/auth{path}"), handler);
    }
    router
}

/// People and their tools.
fn administrators(state: &AppState) -> Router<AppState> {
    let mut router = admin::router(state);
    let told = axum::middleware::from_fn_with_state(state.clone(), fidesops::told);
    let clients =
        fidesops::takes("GET,HEAD,POST").get(fidesops::clients::list).post(fidesops::clients::create);
    let client = fidesops::takes("GET,HEAD,PUT,DELETE")
        .get(fidesops::clients::read)
        .put(fidesops::clients::update)
        .delete(fidesops::clients::delete);
    let scope = fidesops::takes("GET,HEAD,PUT").get(fidesops::scopes::read).put(fidesops::scopes::update);
    let secret = fidesops::takes("POST").post(fidesops::clients::new_secret);
    let registry = fidesops::takes("GET,HEAD").get(fidesops::scopes::registry);
    for (path, handler) in [
        ("/api/v1/oauth/client", clients),
        ("/api/v1/oauth/client/{id}", client),
        ("/api/v1/oauth/client/{id}/scope", scope),
        ("/api/v1/oauth/client/{id}/secret", secret),
        ("/api/v1/oauth/scope", registry),
    ] {
        router = both(router, path, handler.layer(told.clone()));
    }
    router.route("/api/v1/oauth/{*rest}", any(fidesops::unknown_path))
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

/// With and without a slash at the end.
fn both(router: Router<AppState>, path: &str, handler: MethodRouter<AppState>) -> Router<AppState> {
    router.route(path, handler.clone()).route(&format!("{path}/"), handler)
}

/// The methods of a document that browsers of any origin may fetch.
pub(crate) const READ: &str = "GET,HEAD,OPTIONS";

/// Keycloak stood below `/auth` until its release 17, and does where it is told to.
const KEYCLOAK: [&str; 2] = ["", "/auth"];
