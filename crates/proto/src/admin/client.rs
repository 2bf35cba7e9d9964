//! Clients, their secrets and their grants.

use serde::{Deserialize, Serialize};

use super::{Change, change};
use crate::time::UnixTime;

/// `POST /admin/v1/realms/{realm}/clients`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewClient {
    /// The client id; absent = one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The secret; absent = one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Whether it gets tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// When it stops getting tokens, in epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixTime>,
    /// `client_secret_basic` or `client_secret_post` (RFC 7591 §2); absent = either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// Networks that it may call from, such as `10.0.0.0/8`; empty = any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_cidrs: Option<Vec<String>>,
    /// Token lifetime in seconds, when it is not the API's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<i64>,
    /// Claims that stand in all its tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<serde_json::Map<String, serde_json::Value>>,
}

/// `PATCH /admin/v1/realms/{realm}/clients/{client_id}`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientPatch {
    /// See [`NewClient::name`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub name: Change<String>,
    /// See [`NewClient::description`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub description: Change<String>,
    /// See [`NewClient::enabled`]; `null` is refused.
    #[serde(skip_serializing_if = "Change::is_keep", deserialize_with = "change::set")]
    pub enabled: Change<bool>,
    /// See [`NewClient::expires_at`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub expires_at: Change<UnixTime>,
    /// The API that is meant when a request names none: identifier, id, `default` or `admin`.
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub default_api: Change<String>,
    /// See [`NewClient::token_endpoint_auth_method`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub token_endpoint_auth_method: Change<String>,
    /// See [`NewClient::allowed_cidrs`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub allowed_cidrs: Change<Vec<String>>,
    /// See [`NewClient::token_lifetime`].
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub token_lifetime: Change<i64>,
    /// See [`NewClient::claims`]; merged into those that are there, member by member (RFC 7396).
    #[serde(skip_serializing_if = "Change::is_keep")]
    pub claims: Change<serde_json::Map<String, serde_json::Value>>,
}

/// A client as every answer shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientBody {
    /// The client id.
    pub client_id: String,
    /// A name for people.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Whether it gets tokens.
    pub enabled: bool,
    /// When it stops getting tokens.
    pub expires_at: Option<UnixTime>,
    /// The identifier of the API that is meant when a request names none.
    pub default_api: Option<String>,
    /// The only method that it may use; absent = a secret by Basic or body.
    pub token_endpoint_auth_method: Option<String>,
    /// Networks that it may call from; empty = any.
    pub allowed_cidrs: Vec<String>,
    /// Token lifetime in seconds where it has its own.
    pub token_lifetime: Option<i64>,
    /// Claims that stand in all its tokens.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// Its secrets, without the secrets.
    pub secrets: Vec<SecretBody>,
    /// What it may have.
    pub grants: Vec<GrantBody>,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it was last changed.
    pub updated_at: UnixTime,
}

/// The answer to [`NewClient`]: the client, and its secret this once.
#[derive(Clone, Serialize, Deserialize)]
pub struct ClientCreated {
    /// The client.
    #[serde(flatten)]
    pub client: ClientBody,
    /// The secret; it is not kept and cannot be shown again.
    pub secret: String,
    /// Advice on a given secret that is shorter than it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// `POST …/clients/{client_id}/secrets`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewSecret {
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it stops working, in epoch seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UnixTime>,
    /// The secret; absent = one is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A secret as every answer shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecretBody {
    /// Our own id of it.
    pub id: String,
    /// A name for people.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it stops working.
    pub expires_at: Option<UnixTime>,
    /// When it was last used, to within a minute.
    pub last_used_at: Option<UnixTime>,
}

/// The answer to [`NewSecret`].
#[derive(Clone, Serialize, Deserialize)]
pub struct SecretCreated {
    /// Our own id of it.
    pub id: String,
    /// The secret; it is not kept and cannot be shown again.
    pub secret: String,
    /// A name for people.
    pub label: Option<String>,
    /// When it stops working.
    pub expires_at: Option<UnixTime>,
    /// Advice on a given secret that is shorter than it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// `PUT …/clients/{client_id}/grants/{api}`: exactly what the client gets there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GrantPut {
    /// Scopes that stand in a token whose request names none.
    pub default: Vec<String>,
    /// Scopes that it may ask for besides.
    pub optional: Vec<String>,
}

/// A grant as every answer shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GrantBody {
    /// The identifier of the API.
    pub api: String,
    /// Our own id of the API.
    pub api_id: String,
    /// Scopes that stand in a token whose request names none.
    pub default: Vec<String>,
    /// Scopes that it may ask for besides.
    pub optional: Vec<String>,
}
