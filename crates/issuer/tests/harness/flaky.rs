//! A store whose change feed fails or hangs, and whose rows are damaged, when a test says so.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_issuer::audit::AuditRecord;
use countersign_issuer::client::ClientRecord;
use countersign_issuer::store::{
    Change, Command, RealmName, RealmRecord, SecretUse, Store, StoreError, Trail,
};
use tokio::sync::{Notify, Semaphore};

/// A store, and what is wrong with it.
pub(crate) struct Flaky {
    inner: Arc<dyn Store>,
    /// The feed answers with an error.
    pub(crate) feed_fails: AtomicBool,
    /// The feed waits for a permit of this.
    pub(crate) feed_gate: Semaphore,
    /// Told when the feed waits.
    pub(crate) feed_waits: Notify,
    /// Another server has the database.
    pub(crate) taken: AtomicBool,
    /// Clients cannot be read by pages.
    pub(crate) pages_fail: AtomicBool,
    /// How often a client was asked for.
    pub(crate) asked: AtomicUsize,
    damaged: Mutex<HashSet<String>>,
    held: Mutex<HashMap<String, Arc<Gate>>>,
}

/// Holds one answer back.
pub(crate) struct Gate {
    /// Told when an answer is held.
    pub(crate) holds: Notify,
    /// Lets the answer go when it has a permit.
    pub(crate) open: Semaphore,
}

impl Flaky {
    pub(crate) fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            feed_fails: AtomicBool::new(false),
            feed_gate: Semaphore::new(Semaphore::MAX_PERMITS),
            feed_waits: Notify::new(),
            taken: AtomicBool::new(false),
            pages_fail: AtomicBool::new(false),
            asked: AtomicUsize::new(0),
            damaged: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// Damages the realm with this id, the keys of that one (`keys ` and the id), or the clients with this client id.
    pub(crate) fn damage(&self, what: impl Into<String>) {
        self.damaged.lock().unwrap().insert(what.into());
    }

    /// Holds back what is read next of the clients with this client id.
    pub(crate) fn hold(&self, client_id: &str) -> Arc<Gate> {
        let gate = Arc::new(Gate { holds: Notify::new(), open: Semaphore::new(0) });
        self.held.lock().unwrap().insert(client_id.to_owned(), Arc::clone(&gate));
        gate
    }

    pub(crate) fn mend(&self) {
        self.damaged.lock().unwrap().clear();
    }

    fn realm_as_stored(&self, mut record: RealmRecord) -> Result<RealmRecord, StoreError> {
        self.sound(&record.realm.id)?;
        if self.sound(&format!("keys {}", record.realm.id)).is_err() {
            for key in &mut record.keys {
                key.public_jwk = "{}".to_owned();
            }
        }
        Ok(record)
    }

    fn sound(&self, what: &str) -> Result<(), StoreError> {
        match self.damaged.lock().unwrap().contains(what) {
            true => Err(StoreError::Corrupt(what.to_owned())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Store for Flaky {
    async fn take(&self) -> Result<(), StoreError> {
        self.inner.take().await
    }
    async fn ping(&self) -> Result<(), StoreError> {
        match self.taken.load(Ordering::SeqCst) {
            true => Err(StoreError::Taken("another has it".to_owned())),
            false => self.inner.ping().await,
        }
    }
    async fn keep(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.inner.keep(key, value).await
    }

    async fn keep_instead(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.inner.keep_instead(key, value).await
    }
    async fn revision(&self) -> Result<i64, StoreError> {
        self.inner.revision().await
    }
    async fn changes_since(&self, revision: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
        if self.feed_fails.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the feed fails".into()));
        }
        self.feed_waits.notify_one();
        let _permit = self.feed_gate.acquire().await.unwrap();
        self.inner.changes_since(revision, limit).await
    }
    async fn realms(&self) -> Result<(i64, Vec<RealmRecord>), StoreError> {
        let (revision, records) = self.inner.realms().await?;
        let records: Result<_, _> = records.into_iter().map(|record| self.realm_as_stored(record)).collect();
        Ok((revision, records?))
    }
    async fn realm_names(&self) -> Result<(i64, Vec<RealmName>), StoreError> {
        self.inner.realm_names().await
    }
    async fn realm(&self, id: &str) -> Result<Option<RealmRecord>, StoreError> {
        self.inner.realm(id).await?.map(|record| self.realm_as_stored(record)).transpose()
    }
    async fn client(&self, realm_id: &str, client_id: &str) -> Result<Option<ClientRecord>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.sound(client_id)?;
        let record = self.inner.client(realm_id, client_id).await;
        let gate = self.held.lock().unwrap().remove(client_id);
        if let Some(gate) = gate {
            gate.holds.notify_one();
            let _permit = gate.open.acquire().await.unwrap();
        }
        record
    }
    async fn clients(
        &self,
        realm_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ClientRecord>, StoreError> {
        if self.pages_fail.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("pages fail".into()));
        }
        let page = self.inner.clients(realm_id, after, limit).await?;
        page.iter().try_for_each(|record| self.sound(record.client.client_id.as_str()))?;
        Ok(page)
    }
    async fn client_ids(
        &self,
        realm_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        self.inner.client_ids(realm_id, after, limit).await
    }
    async fn count_clients(&self, realm_id: &str) -> Result<i64, StoreError> {
        self.inner.count_clients(realm_id).await
    }
    async fn audit(
        &self,
        trail: Trail<'_>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        self.inner.audit(trail, before, limit).await
    }
    async fn execute(&self, command: Command, audit: AuditRecord) -> Result<i64, StoreError> {
        self.inner.execute(command, audit).await
    }
    async fn record_use(&self, uses: &[SecretUse]) -> Result<(), StoreError> {
        self.inner.record_use(uses).await
    }
}
