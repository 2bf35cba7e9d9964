//! The changes that a store can make, each atomic.

use countersign_proto::scope::ScopeName;
use countersign_proto::time::UnixTime;

use crate::api::{Api, Scope};
use crate::client::{Client, Grant, SecretRecord};
use crate::keys::{KeyRecord, KeyState};
use crate::realm::Realm;

/// One change. Rows carry `revision` and ignore what the caller put there; `expected` is the revision that the
/// touched row must have (`If-Match`), `None` = any.
///
/// What is created in a realm belongs to that realm, whatever its `realm_id` says. Does not check: lengths and characters
/// (PostgreSQL keeps no U+0000 and indexes no name above 2 KiB); that is the caller's.
#[derive(Clone, Debug)]
pub enum Command {
    /// A realm with its first APIs and keys.
    CreateRealm {
        /// The realm.
        realm: Realm,
        /// Its built-in APIs.
        apis: Vec<Api>,
        /// Its first keys.
        keys: Vec<KeyRecord>,
    },
    /// Replaces every column of a realm but id, name, template and creation, and its hosts; adds keys.
    UpdateRealm {
        /// The realm as it shall be.
        realm: Realm,
        /// Keys that the change needs.
        keys: Vec<KeyRecord>,
        /// See [`Command`].
        expected: Option<i64>,
    },
    /// Removes a realm with all that it has.
    DeleteRealm {
        /// Its id.
        realm_id: String,
        /// See [`Command`].
        expected: Option<i64>,
    },
    /// An API with its first scopes; adds keys.
    CreateApi {
        /// The API.
        api: Api,
        /// Keys that it needs.
        keys: Vec<KeyRecord>,
    },
    /// Replaces every column of an API but id, realm, identifier, built-in mark, creation, and not its scopes; adds keys.
    UpdateApi {
        /// The API as it shall be.
        api: Api,
        /// Keys that the change needs.
        keys: Vec<KeyRecord>,
        /// See [`Command`].
        expected: Option<i64>,
    },
    /// Removes an API with its scopes and all grants on it; clients whose default API it was have none.
    DeleteApi {
        /// The realm.
        realm_id: String,
        /// Its id.
        api_id: String,
        /// See [`Command`].
        expected: Option<i64>,
    },
    /// Adds a scope to an API (and sets the API's revision and `updated_at`).
    CreateScope {
        /// The realm.
        realm_id: String,
        /// The API's id.
        api_id: String,
        /// The scope.
        scope: Scope,
        /// When.
        at: UnixTime,
    },
    /// Changes the description of a scope.
    UpdateScope {
        /// The realm.
        realm_id: String,
        /// The API's id.
        api_id: String,
        /// The scope as it shall be.
        scope: Scope,
        /// When.
        at: UnixTime,
    },
    /// Removes a scope from its API and from every grant on it.
    DeleteScope {
        /// The realm.
        realm_id: String,
        /// The API's id.
        api_id: String,
        /// The scope's name.
        name: ScopeName,
        /// When.
        at: UnixTime,
    },
    /// A client with its first secrets and grants.
    CreateClient {
        /// The client.
        client: Client,
        /// Its first secrets.
        secrets: Vec<SecretRecord>,
        /// Its first grants.
        grants: Vec<Grant>,
    },
    /// Replaces every column of a client but id, realm, client id and creation.
    UpdateClient {
        /// The client as it shall be.
        client: Client,
        /// See [`Command`].
        expected: Option<i64>,
    },
    /// Removes a client with its secrets and grants.
    DeleteClient {
        /// The realm.
        realm_id: String,
        /// The client id.
        client_id: String,
        /// See [`Command`].
        expected: Option<i64>,
    },
    /// Adds a secret to a client; with `alone`, removes all others in the same change.
    CreateSecret {
        /// The realm.
        realm_id: String,
        /// The client id.
        client_id: String,
        /// The secret.
        secret: SecretRecord,
        /// Whether it replaces every other secret of the client.
        alone: bool,
    },
    /// Removes a secret from a client.
    DeleteSecret {
        /// The realm.
        realm_id: String,
        /// The client id.
        client_id: String,
        /// The secret's id.
        secret_id: String,
    },
    /// Sets a client's grant on an API; the first grant of a client without a default API sets that too.
    PutGrant {
        /// The realm.
        realm_id: String,
        /// The client id.
        client_id: String,
        /// The grant as it shall be.
        grant: Grant,
    },
    /// Takes a grant from a client; if it was on the client's default API, the client has none any more.
    DeleteGrant {
        /// The realm.
        realm_id: String,
        /// The client id.
        client_id: String,
        /// The API's id.
        api_id: String,
    },
    /// Adds a signing key.
    CreateKey {
        /// The key.
        key: KeyRecord,
    },
    /// Moves keys from state to state.
    MoveKeys {
        /// The realm.
        realm_id: String,
        /// The moves, all or none.
        moves: Vec<KeyMove>,
        /// When.
        at: UnixTime,
    },
    /// Removes a retired key that is not published any more.
    DeleteKey {
        /// The realm.
        realm_id: String,
        /// Its id.
        kid: String,
        /// When: it must have left the JWKS by then.
        at: UnixTime,
    },
}

/// One key's change of state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMove {
    /// Which key.
    pub kid: String,
    /// The state that it must be in.
    pub from: KeyState,
    /// The state that it comes into.
    pub to: KeyState,
    /// When it leaves the JWKS, for a retired key.
    pub published_until: Option<UnixTime>,
}
