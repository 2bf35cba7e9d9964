//! Realms and APIs with their scopes.

use serde::{Deserialize, Serialize};

use super::{Change, change};
use crate::time::UnixTime;

/// `POST /admin/v1/realms`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRealm {
    /// 1 to 63 characters of `a-z`, `A-Z`, `0-9`, `-`, `_` and `.`, unique.
    pub name: String,
    /// `rfc9068` (the default), `keycloak` or `auth0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The issuer identifier, when it is not `{public-url}/realms/{name}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Exact `host[:port]` values whose root-level dialect URLs mean this realm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<String>>,
    /// `keycloak` or `fidesops`: what scopes the realm starts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Which foreign URLs are open: of `keycloak`, `auth0` and `fidesops`; absent = those that profile and template name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialects: Option<Vec<String>>,
    /// The signing algorithm, when it is not the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Token lifetime in seconds, when it is not the profile's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<i64>,
}

/// `PATCH /admin/v1/realms/{realm}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RealmPatch {
    /// See [`NewRealm::issuer`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub issuer: Change<String>,
    /// See [`NewRealm::hosts`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub hosts: Change<Vec<String>>,
    /// See [`NewRealm::dialects`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub dialects: Change<Vec<String>>,
    /// See [`NewRealm::profile`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub profile: Change<String>,
    /// See [`NewRealm::algorithm`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub algorithm: Change<String>,
    /// See [`NewRealm::token_lifetime`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub token_lifetime: Change<i64>,
    /// Whether tokens are issued; `null` is refused.
    #[serde(skip_serializing_if = "Change::is_keep", deserialize_with = "change::set")]
    pub enabled: Change<bool>,
}

/// A realm as every answer shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RealmBody {
    /// The name in every URL.
    pub name: String,
    /// The issuer identifier in effect.
    pub issuer: String,
    /// The token profile.
    pub profile: String,
    /// The template that it was made from.
    pub template: Option<String>,
    /// The open dialects.
    pub dialects: Vec<String>,
    /// The host names bound to it.
    pub hosts: Vec<String>,
    /// The signing algorithm in effect.
    pub algorithm: String,
    /// The token lifetime in effect, in seconds.
    pub token_lifetime: i64,
    /// Whether tokens are issued.
    pub enabled: bool,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it was last changed.
    pub updated_at: UnixTime,
}

/// `POST /admin/v1/realms/{realm}/apis`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewApi {
    /// The audience of its tokens.
    pub identifier: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its scopes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<NewScope>,
    /// Token lifetime in seconds, when it is not the realm's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<i64>,
    /// Signing algorithm, when it is not the realm's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Token profile, when it is not the realm's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

/// `PATCH /admin/v1/realms/{realm}/apis/{api}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiPatch {
    /// See [`NewApi::name`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub name: Change<String>,
    /// See [`NewApi::token_lifetime`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub token_lifetime: Change<i64>,
    /// See [`NewApi::algorithm`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub algorithm: Change<String>,
    /// See [`NewApi::profile`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub profile: Change<String>,
    /// Whether tokens for it are issued; `null` is refused.
    #[serde(skip_serializing_if = "Change::is_keep", deserialize_with = "change::set")]
    pub enabled: Change<bool>,
}

/// An API as every answer shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiBody {
    /// Our own id of it, for proxies that decode slashes in paths.
    pub id: String,
    /// The audience of its tokens.
    pub identifier: String,
    /// `default` or `admin` for the built-in ones.
    pub builtin: Option<String>,
    /// A name for people.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<ScopeBody>,
    /// Token lifetime in seconds where it has its own.
    pub token_lifetime: Option<i64>,
    /// Signing algorithm where it has its own.
    pub algorithm: Option<String>,
    /// Token profile where it has its own.
    pub profile: Option<String>,
    /// Whether tokens for it are issued.
    pub enabled: bool,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it was last changed.
    pub updated_at: UnixTime,
}

/// A scope of an API, and `POST …/apis/{api}/scopes`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an array of objects with name and description")]
pub struct NewScope {
    /// Its name (RFC 6749 §3.3).
    pub name: String,
    /// What it permits, for people.
    #[serde(default)]
    pub description: String,
}

/// A scope as every answer shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScopeBody {
    /// Its name.
    pub name: String,
    /// What it permits, for people.
    pub description: String,
}

/// `PATCH …/apis/{api}/scopes/{scope}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScopePatch {
    /// See [`NewScope::description`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub description: Change<String>,
}
