//! Keycloak's public documents: `certs`, the realm's own page, and its discovery document less what is not here.

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_issuer::keys::KeyState;
use countersign_issuer::registry::{RealmView, Slot};
use countersign_proto::jose::Algorithm;
use countersign_proto::metadata::ServerMetadata;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde::Serialize;

use super::answer::with_headers;
use super::door::Door;
use crate::dialect::jwks::jwks;
use crate::oauth::documents;
use crate::respond::{self, Caching};
use crate::state::AppState;

/// `GET /realms/{realm}/protocol/openid-connect/certs`.
pub(crate) async fn certs(Door(realm): Door, headers: HeaderMap) -> Response {
    let document = realm.document(Slot::KeycloakCerts, || jwks(&realm, &JWK));
    with_headers(respond::document(&headers, document, Caching::shared("no-cache")))
}

/// `GET /realms/{realm}`.
pub(crate) async fn realm(Door(realm): Door, headers: HeaderMap) -> Response {
    let document = realm.document(Slot::KeycloakRealm, || to_json(&RealmPage::of(&realm)));
    let caching = Caching { control: "no-cache", cross_origin: false };
    let mut response = respond::document(&headers, document, caching);
    let media_type = HeaderValue::from_static("application/json;charset=UTF-8");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    with_headers(response)
}

/// `GET /auth/realms/{realm}/.well-known/…`, for those whose Keycloak stood under `/auth`.
///
/// A given issuer stands before a realm's name: its URL is what verifiers were told.
pub(crate) async fn metadata(
    State(app): State<AppState>,
    door: Result<Door, Response>,
    head: Parts,
) -> Response {
    if let Some(realm) = documents::below_its_issuer(&app, &head) {
        return documents::in_its_shape(&app, &realm, &head.headers);
    }
    match door {
        Ok(Door(realm)) => metadata_of(&app, &realm, &head.headers),
        Err(refused) => refused,
    }
}

/// The discovery document of a realm that has this dialect open.
pub(crate) fn metadata_of(_: &AppState, realm: &RealmView, headers: &HeaderMap) -> Response {
    let document = realm.document(Slot::KeycloakMetadata, || to_json(&Discovery::of(realm)));
    let caching = Caching::shared("no-cache, must-revalidate, no-transform, no-store");
    with_headers(respond::document(headers, document, caching))
}

/// `GET /realms/{realm}`, the members in Keycloak's order.
#[derive(Serialize)]
struct RealmPage<'a> {
    realm: &'a str,
    /// The key that signs with RS256, as base64 of its SubjectPublicKeyInfo, whatever else signs besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(rename = "token-service")]
    token_service: String,
    #[serde(rename = "account-service")]
    account_service: String,
    #[serde(rename = "tokens-not-before")]
    tokens_not_before: i64,
}

impl<'a> RealmPage<'a> {
    fn of(realm: &'a RealmView) -> Self {
        let base = base(realm);
        let key = realm
            .keys()
            .into_iter()
            .find(|key| key.state == KeyState::Active && key.jwk.algorithm() == Algorithm::RS256)
            .and_then(|key| key.jwk.spki_der().ok());
        Self {
            realm: realm.name(),
            public_key: key.map(|der| STANDARD.encode(der)),
            token_service: format!("{base}/protocol/openid-connect"),
            account_service: format!("{base}/account"),
            tokens_not_before: 0,
        }
    }
}

/// The discovery document, the members in Keycloak's order.
#[derive(Serialize)]
struct Discovery {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    grant_types_supported: Vec<String>,
    response_types_supported: Vec<String>,
    subject_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: Vec<String>,
    scopes_supported: Vec<String>,
}

impl Discovery {
    /// What works natively works here, under Keycloak's URLs, and `openid` is taken besides.
    fn of(realm: &RealmView) -> Self {
        let native: ServerMetadata = serde_json::from_slice(&realm.metadata().bytes).unwrap_or_default();
        let base = base(realm);
        let scopes = std::iter::once("openid".to_owned()).chain(native.scopes_supported).collect();
        Self {
            issuer: native.issuer,
            token_endpoint: format!("{base}/protocol/openid-connect/token"),
            jwks_uri: format!("{base}/protocol/openid-connect/certs"),
            grant_types_supported: native.grant_types_supported,
            response_types_supported: native.response_types_supported,
            subject_types_supported: ["public"],
            token_endpoint_auth_methods_supported: native.token_endpoint_auth_methods_supported,
            scopes_supported: scopes,
        }
    }
}

/// Where Keycloak's URLs of a realm begin: at its issuer where that is of Keycloak's form, so that an issuer kept from
/// an installation under `/auth` keeps its endpoints too; else under our public URL.
fn base(realm: &RealmView) -> String {
    let tail = format!("/realms/{}", realm.name());
    match realm.issuer().ends_with(&tail) {
        true => realm.issuer().to_owned(),
        false => format!("{}{tail}", realm.public_url()),
    }
}

fn to_json(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).unwrap_or_default()
}

const JWK: [&str; 12] = ["kid", "kty", "alg", "use", "x5c", "x5t", "x5t#S256", "n", "e", "crv", "x", "y"];
