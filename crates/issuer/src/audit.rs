//! What happened, in words that stay: one event per outcome, committed with the change that it tells of.

use std::fmt;

use countersign_proto::time::UnixTime;

use crate::realm::words;

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// Its place in the trail: the store's revision, set by the store.
    pub id: i64,
    /// When.
    pub at: UnixTime,
    /// What.
    pub event: AuditEvent,
    /// The name of the realm that it happened in.
    pub realm: String,
    /// Who: `{client_id}@{realm}`, or `offline` beside the database, or the server itself: `start` when it started,
    /// `server` later.
    pub actor: String,
    /// What it was done to.
    pub subject: String,
    /// The request that did it; empty where there was none.
    pub request_id: String,
    /// What else there is to know; never a secret.
    pub detail: serde_json::Value,
}

/// The outcomes that are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditEvent {
    /// A realm was made.
    RealmCreated,
    /// A realm was changed.
    RealmUpdated,
    /// A realm was removed with all that it had.
    RealmDeleted,
    /// An API was made.
    ApiCreated,
    /// An API was changed.
    ApiUpdated,
    /// An API was removed with its grants.
    ApiDeleted,
    /// A scope was added to an API.
    ScopeCreated,
    /// A scope's description was changed.
    ScopeUpdated,
    /// A scope was removed from its API and from all grants.
    ScopeDeleted,
    /// A client was made.
    ClientCreated,
    /// A client was changed.
    ClientUpdated,
    /// A client was removed.
    ClientDeleted,
    /// A secret was added to a client.
    SecretCreated,
    /// A secret was removed from a client.
    SecretDeleted,
    /// A client was given a grant, or its grant was changed.
    GrantPut,
    /// A grant was taken from a client.
    GrantDeleted,
    /// A signing key was made.
    KeyCreated,
    /// A signing key began to sign, and the one before it was retired.
    KeyRotated,
    /// A signing key was retired.
    KeyRetired,
    /// A retired signing key that had left the JWKS was removed.
    KeyDeleted,
    /// The root client's secret was replaced.
    RootReset,
}

words!(AuditEvent {
    RealmCreated = "realm.created",
    RealmUpdated = "realm.updated",
    RealmDeleted = "realm.deleted",
    ApiCreated = "api.created",
    ApiUpdated = "api.updated",
    ApiDeleted = "api.deleted",
    ScopeCreated = "scope.created",
    ScopeUpdated = "scope.updated",
    ScopeDeleted = "scope.deleted",
    ClientCreated = "client.created",
    ClientUpdated = "client.updated",
    ClientDeleted = "client.deleted",
    SecretCreated = "secret.created",
    SecretDeleted = "secret.deleted",
    GrantPut = "grant.put",
    GrantDeleted = "grant.deleted",
    KeyCreated = "key.created",
    KeyRotated = "key.rotated",
    KeyRetired = "key.retired",
    KeyDeleted = "key.deleted",
    RootReset = "root.reset",
});
