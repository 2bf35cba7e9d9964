//! What a client is: a registered caller with its secrets and grants, never a user behind it.

use std::fmt;

use countersign_proto::client_id::ClientId;
use countersign_proto::scope::ScopeName;
use countersign_proto::time::UnixTime;
use ipnet::IpNet;

use crate::realm::words;

/// A client as it is stored, without secrets and grants.
#[derive(Clone, Debug, PartialEq)]
pub struct Client {
    /// A UUID: our id of it, and the `sub` of Keycloak-shaped tokens.
    pub id: String,
    /// The realm that it belongs to.
    pub realm_id: String,
    /// The client identifier; unique in its realm.
    pub client_id: ClientId,
    /// A name for people.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Whether it gets tokens.
    pub enabled: bool,
    /// When it stops getting tokens.
    pub expires_at: Option<UnixTime>,
    /// The id of the API that is meant when a request names none.
    pub default_api: Option<String>,
    /// The only method that it may use; `None` = a secret by Basic or body (choice C1).
    pub token_endpoint_auth_method: Option<AuthMethod>,
    /// Networks that it may call from; empty = any.
    pub allowed_cidrs: Vec<IpNet>,
    /// Token lifetime in seconds where it is not the API's.
    pub token_lifetime: Option<i64>,
    /// Claims that stand in all its tokens.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it was last changed.
    pub updated_at: UnixTime,
    /// The store's revision at its last change; its ETag.
    pub revision: i64,
}

/// A client with all that it has: what one look-up reads.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientRecord {
    /// The client.
    pub client: Client,
    /// Its secrets, oldest first.
    pub secrets: Vec<SecretRecord>,
    /// Its grants, oldest first.
    pub grants: Vec<Grant>,
}

/// What is kept of a secret: enough to check it, not enough to use it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretRecord {
    /// Our id of it, `sec_` and 20 hex digits.
    pub id: String,
    /// HMAC-SHA-256 of the secret under the pepper.
    pub digest: [u8; 32],
    /// Which pepper.
    pub pepper: String,
    /// A name for people.
    pub label: Option<String>,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it stops working.
    pub expires_at: Option<UnixTime>,
    /// When it was last used, to within a minute.
    pub last_used_at: Option<UnixTime>,
}

/// All but the digest.
impl fmt::Debug for SecretRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, digest: _, pepper, label, created_at, expires_at, last_used_at } = self;
        f.debug_struct("SecretRecord")
            .field("id", id)
            .field("pepper", pepper)
            .field("label", label)
            .field("created_at", created_at)
            .field("expires_at", expires_at)
            .field("last_used_at", last_used_at)
            .finish_non_exhaustive()
    }
}

/// The row client x API: exactly what the client gets there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The id of the API.
    pub api_id: String,
    /// Scopes of a token whose request names none.
    pub default: Vec<ScopeName>,
    /// Scopes that it may ask for besides.
    pub optional: Vec<ScopeName>,
}

/// A client authentication method, by its registered name (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
}

words!(AuthMethod { ClientSecretBasic = "client_secret_basic", ClientSecretPost = "client_secret_post" });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{KeyRecord, KeyState};
    use crate::store::Command;

    /// threats 8, secrets in logs: a command that is written for debugging holds neither digest nor sealed key.
    #[test]
    fn commands_show_no_secret() {
        let secret = SecretRecord {
            id: "sec".to_owned(),
            digest: [222; 32],
            pepper: String::new(),
            label: None,
            created_at: UnixTime(1),
            expires_at: None,
            last_used_at: None,
        };
        let key = KeyRecord {
            kid: "k".to_owned(),
            realm_id: "r".to_owned(),
            algorithm: countersign_proto::jose::Algorithm::ES256,
            state: KeyState::Active,
            sealed: vec![222; 32],
            sealed_by: String::new(),
            public_jwk: String::new(),
            created_at: UnixTime(1),
            changed_at: UnixTime(1),
            published_until: None,
        };
        let (realm_id, client_id) = ("r".to_owned(), "svc".to_owned());
        for command in
            [Command::CreateSecret { realm_id, client_id, secret, alone: true }, Command::CreateKey { key }]
        {
            let text = format!("{command:?}");
            assert!(!text.contains("222"), "{text}");
        }
    }
}
