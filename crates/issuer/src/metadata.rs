//! What we publish about a realm: its keys, and what works where (RFC 8414).

use countersign_proto::jose::JwkSet;
use countersign_proto::metadata::ServerMetadata;
use countersign_proto::token::CLIENT_CREDENTIALS;

use crate::api::BuiltIn;
use crate::client::AuthMethod;
use crate::registry::RealmView;

/// The native JWKS of a realm.
pub(crate) fn jwks(realm: &RealmView) -> Vec<u8> {
    let set: JwkSet = realm.keys().into_iter().map(|key| key.jwk.clone()).collect();
    serde_json::to_vec(&set).unwrap_or_default()
}

/// The native metadata of a realm, its endpoints under the public URL.
pub(crate) fn native(realm: &RealmView) -> Vec<u8> {
    let endpoint = |name: &str| format!("{}/realms/{}/oauth2/{name}", realm.public_url(), realm.name());
    let metadata = ServerMetadata {
        issuer: realm.issuer().to_owned(),
        token_endpoint: endpoint("token"),
        jwks_uri: endpoint("jwks"),
        scopes_supported: scopes(realm),
        response_types_supported: Vec::new(),
        grant_types_supported: vec![CLIENT_CREDENTIALS.to_owned()],
        token_endpoint_auth_methods_supported: AuthMethod::ALL.iter().map(ToString::to_string).collect(),
        ..ServerMetadata::default()
    };
    serde_json::to_vec(&metadata).unwrap_or_default()
}

/// The scopes of all enabled APIs but `admin`, each once; the operators' own names are nobody else's business there.
fn scopes(realm: &RealmView) -> Vec<String> {
    let mut names: Vec<String> = realm
        .apis()
        .iter()
        .filter(|api| api.api().enabled && api.api().builtin != Some(BuiltIn::Admin))
        .flat_map(|api| api.scope_names().map(str::to_owned))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
