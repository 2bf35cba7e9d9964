//! A database that can be taken away and given back.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use countersign_issuer::audit::AuditRecord;
use countersign_issuer::client::ClientRecord;
use countersign_issuer::store::{
    Change, Command, RealmName, RealmRecord, SecretUse, Store, StoreError, Trail,
};

/// The switch; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Outage(Arc<AtomicBool>);

impl Outage {
    /// From now on every call of the store fails.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// The store answers again.
    pub fn end(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// The same store behind this switch.
    pub fn before(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(Switched { store, outage: self.clone() })
    }
}

struct Switched {
    store: Arc<dyn Store>,
    outage: Outage,
}

impl Switched {
    fn reach(&self) -> Result<&dyn Store, StoreError> {
        match self.outage.0.load(Ordering::Acquire) {
            true => Err(StoreError::Unavailable(Box::new(io::Error::other(
                "taken away by a test: TOPSECRETCAUSE",
            )))),
            false => Ok(&*self.store),
        }
    }
}

#[async_trait]
impl Store for Switched {
    async fn take(&self) -> Result<(), StoreError> {
        self.reach()?.take().await
    }

    async fn close(&self) {
        self.store.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.reach()?.ping().await
    }

    async fn keep(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.reach()?.keep(key, value).await
    }

    async fn keep_instead(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.reach()?.keep_instead(key, value).await
    }

    async fn revision(&self) -> Result<i64, StoreError> {
        self.reach()?.revision().await
    }

    async fn changes_since(&self, revision: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.reach()?.changes_since(revision, limit).await
    }

    async fn realms(&self) -> Result<(i64, Vec<RealmRecord>), StoreError> {
        self.reach()?.realms().await
    }

    async fn realm_names(&self) -> Result<(i64, Vec<RealmName>), StoreError> {
        self.reach()?.realm_names().await
    }

    async fn realm(&self, id: &str) -> Result<Option<RealmRecord>, StoreError> {
        self.reach()?.realm(id).await
    }

    async fn client(&self, realm_id: &str, client_id: &str) -> Result<Option<ClientRecord>, StoreError> {
        self.reach()?.client(realm_id, client_id).await
    }

    async fn clients(
        &self,
        realm_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ClientRecord>, StoreError> {
        self.reach()?.clients(realm_id, after, limit).await
    }

    async fn client_ids(
        &self,
        realm_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        self.reach()?.client_ids(realm_id, after, limit).await
    }

    async fn count_clients(&self, realm_id: &str) -> Result<i64, StoreError> {
        self.reach()?.count_clients(realm_id).await
    }

    async fn audit(
        &self,
        trail: Trail<'_>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.reach()?.audit(trail, before, limit).await
    }

    async fn execute(&self, command: Command, audit: AuditRecord) -> Result<i64, StoreError> {
        self.reach()?.execute(command, audit).await
    }

    async fn record_use(&self, uses: &[SecretUse]) -> Result<(), StoreError> {
        self.reach()?.record_use(uses).await
    }
}
