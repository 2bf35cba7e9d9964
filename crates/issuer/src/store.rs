//! Where what is registered is kept: the trait that every database keeps, and the commands that cross it.
//!
//! Commands, not transactions: each [`Command`] is one atomic change that commits together with its audit record and
//! with one increment of the store's revision. Reads return whole records. Nothing on the token path calls any of it
//! unless a client is not in memory.

mod command;
#[cfg(feature = "laws")]
pub mod laws;

use async_trait::async_trait;
use countersign_proto::time::UnixTime;

pub use self::command::{Command, KeyMove};
use crate::api::Api;
use crate::audit::AuditRecord;
use crate::client::ClientRecord;
use crate::keys::KeyRecord;
use crate::realm::Realm;

/// What is registered, and what happened. `laws` holds what every implementation must keep.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Takes the database for this process alone, until the store is dropped.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another process has it.
    async fn take(&self) -> Result<(), StoreError>;

    /// Leaves the database in order: waits for what is under way, then writes all that was changed to where a copy of
    /// the database finds it. Nothing can be asked afterwards; a store with nothing to leave does nothing.
    async fn close(&self) {}

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn ping(&self) -> Result<(), StoreError>;

    /// The value kept under `key`, after keeping `value` there if nothing was.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn keep(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, StoreError>;

    /// Keeps `value` under `key` in the place of what was kept there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn keep_instead(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;

    /// The number of the last change; 0 in a new database.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn revision(&self) -> Result<i64, StoreError>;

    /// What was touched after `revision`, oldest first, at most `limit` changes; each revision has exactly one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn changes_since(&self, revision: i64, limit: u32) -> Result<Vec<Change>, StoreError>;

    /// All realms by name with their APIs and keys, and the revision at which they were read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn realms(&self) -> Result<(i64, Vec<RealmRecord>), StoreError>;

    /// The id and name of every realm, by name, and the revision at which they were read: what there is to know of
    /// realms while another is damaged.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn realm_names(&self) -> Result<(i64, Vec<RealmName>), StoreError>;

    /// One realm with its APIs and keys.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn realm(&self, id: &str) -> Result<Option<RealmRecord>, StoreError>;

    /// One client of a realm, by its client id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn client(&self, realm_id: &str, client_id: &str) -> Result<Option<ClientRecord>, StoreError>;

    /// Clients of a realm in the order of their client ids (bytewise), those after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn clients(
        &self,
        realm_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ClientRecord>, StoreError>;

    /// The ids of the clients that [`Self::clients`] reads: what there is to know of them while one is damaged.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn client_ids(
        &self,
        realm_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// How many clients a realm has.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn count_clients(&self, realm_id: &str) -> Result<i64, StoreError>;

    /// An audit trail, newest first, records older than `before`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn audit(
        &self,
        trail: Trail<'_>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError>;

    /// Makes one change: all of it, with its audit record and one increment of the revision, or nothing.
    ///
    /// The revision that it made stands in the touched rows, in the change feed and as the audit record's id. Revisions
    /// are committed in their order, without gaps.
    ///
    /// Secrets and grants are part of their client: a command that adds, changes or removes them sets the client's
    /// `revision`, and its `updated_at` to the time of the audit record. Keys are not part of their realm in this sense.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a name is taken, [`StoreError::Missing`] when what it touches is not there,
    /// [`StoreError::Stale`] when it is at another revision than the command expects.
    async fn execute(&self, command: Command, audit: AuditRecord) -> Result<i64, StoreError>;

    /// Keeps when secrets were last used, in one transaction, without a revision: nobody has to hear of it.
    ///
    /// A time before the one that is kept changes nothing, and so does a secret that is gone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn record_use(&self, uses: &[SecretUse]) -> Result<(), StoreError>;
}

/// A realm with all that it has but its clients.
#[derive(Clone, Debug, PartialEq)]
pub struct RealmRecord {
    /// The realm.
    pub realm: Realm,
    /// Its APIs, oldest first, the built-in ones among them.
    pub apis: Vec<Api>,
    /// Its signing keys, oldest first.
    pub keys: Vec<KeyRecord>,
}

/// Whose audit trail; records tell of a realm by its name, which may have had other realms before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trail<'a> {
    /// Of every realm that ever had this name.
    OfName(&'a str),
    /// Of one realm, from the record of its creation on: nothing once it is gone, whoever has its name then.
    OfRealm(&'a RealmName),
}

/// What a realm is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealmName {
    /// Its id.
    pub id: String,
    /// The name in every URL.
    pub name: String,
}

/// One line of the change feed: what must be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The revision that the change made.
    pub revision: i64,
    /// The realm that it happened in.
    pub realm_id: String,
    /// What it touched.
    pub touched: Touched,
}

/// What a change touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// The realm itself, its APIs or its keys; or it is gone.
    Realm,
    /// The client with this client id, its secrets or its grants; or it is gone.
    Client(String),
    /// The grants of every client on the API with this id (and the realm).
    Grants(String),
}

/// A secret that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUse {
    /// Its id.
    pub secret_id: String,
    /// When.
    pub at: UnixTime,
}

/// Why a store did not do as it was told.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A name that must be unique is taken.
    #[error("{0} is taken already")]
    Conflict(Unique),
    /// What the command touches is not there.
    #[error("what was to be changed is not there any more")]
    Missing,
    /// What the command touches was changed in between.
    #[error("it was changed in between")]
    Stale,
    /// Another process has the database.
    #[error("{0}")]
    Taken(String),
    /// The database cannot be reached, or cannot do it now.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row that cannot be read: damage, or another program's doing.
    #[error("the database holds what cannot be read: {0}")]
    Corrupt(String),
}

/// What must be unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unique {
    /// A realm's name.
    RealmName,
    /// A realm's given issuer.
    Issuer,
    /// A host bound to a realm.
    Host,
    /// An API's identifier in its realm.
    ApiIdentifier,
    /// A scope's name in its API.
    ScopeName,
    /// A client's id in its realm.
    ClientId,
    /// Any other key.
    Other,
}

impl std::fmt::Display for Unique {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::RealmName => "the realm name",
            Self::Issuer => "the issuer",
            Self::Host => "the host",
            Self::ApiIdentifier => "the API identifier",
            Self::ScopeName => "the scope name",
            Self::ClientId => "the client id",
            Self::Other => "the name",
        })
    }
}
