//! What is registered, in memory: the view that the token path reads, fed by the store's change feed.
//!
//! A change made here or elsewhere reaches the view in one way only: `Registry::catch_up` reads the feed, and what it
//! names, under one lock. So a load can never put something old over something new, and when an administrative command
//! returns, the next request sees what it did.

mod audiences;
mod clients;
mod document;
mod entry;
mod realms;
mod view;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use countersign_proto::client_id::ClientId;
use countersign_proto::time::UnixTime;
use tokio::sync::Mutex;

pub(crate) use self::audiences::{Audiences, base};
use self::clients::{Clients, Lookup};
pub use self::document::{Document, Slot};
pub(crate) use self::entry::{ClientEntry, GrantView, SECRET, Uuid};
use self::realms::{Realms, Stored};
pub(crate) use self::view::default_issuer;
pub use self::view::{ApiView, RealmView};
use crate::keys::Vault;
use crate::refusal::Fault;
use crate::store::{Change, RealmName, SecretUse, Store, StoreError, Touched};

/// All realms and clients as they are now.
pub(crate) struct Registry {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    public_url: String,
    realms: ArcSwap<Realms>,
    clients: Clients,
    /// The last revision that was applied.
    applied: AtomicI64,
    /// Counts what is applied, from before it begins.
    epoch: AtomicU64,
    /// The feed was not read to its end: something may be committed that is not seen here.
    behind: AtomicBool,
    feed: Mutex<()>,
}

impl Registry {
    /// Reads all realms; clients are loaded by [`Self::load_clients`], and until then asked for one by one.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        public_url: String,
        max_clients: usize,
        now: UnixTime,
    ) -> Result<Self, Fault> {
        let (revision, records) = stored(&*store).await?;
        let realms = Realms::read(records, &public_url, &vault, now);
        Ok(Self {
            store,
            vault,
            public_url,
            realms: ArcSwap::from_pointee(realms),
            clients: Clients::new(max_clients),
            applied: AtomicI64::new(revision),
            epoch: AtomicU64::new(0),
            behind: AtomicBool::new(false),
            feed: Mutex::new(()),
        })
    }

    /// The realm of this name.
    pub(crate) fn realm(&self, name: &str) -> Option<Arc<RealmView>> {
        self.realms.load().by_name(name).cloned()
    }

    /// The realm that this exact `host[:port]` is bound to.
    pub(crate) fn realm_at(&self, host: &str) -> Option<Arc<RealmView>> {
        self.realms.load().at_host(host).cloned()
    }

    /// The realm with this issuer identifier.
    pub(crate) fn realm_by_issuer(&self, issuer: &str) -> Option<Arc<RealmView>> {
        self.realms.load().by_issuer(issuer).cloned()
    }

    /// All realms, by name.
    pub(crate) fn realms(&self) -> Vec<Arc<RealmView>> {
        self.realms.load().all().cloned().collect()
    }

    /// The client, from memory; from the store only while clients are being loaded, or when there are too many of them.
    pub(crate) async fn client(
        &self,
        realm: &RealmView,
        id: &str,
    ) -> Result<Option<Arc<ClientEntry>>, Fault> {
        match self.clients.get(realm.slot(), id) {
            Lookup::Found(entry) => Ok(Some(entry)),
            Lookup::Absent => Ok(None),
            Lookup::Ask => Box::pin(self.ask(realm, id)).await,
        }
    }

    async fn ask(&self, realm: &RealmView, id: &str) -> Result<Option<Arc<ClientEntry>>, Fault> {
        if ClientId::check(id).is_err() {
            // No client can have this id: nothing to ask a database for, nor to remember.
            return Ok(None);
        }
        let before = self.epoch.load(Ordering::Acquire);
        let record = self.store.client(realm.id(), id).await?;
        let entry = record.map(|record| self.clients.entry(realm.slot(), &self.vault, record));
        self.clients.remember(realm.slot(), id, entry.clone());
        if self.epoch.load(Ordering::Acquire) != before {
            // Something was committed while we asked: what was remembered may be old.
            self.clients.forget(realm.slot(), id);
        }
        Ok(entry)
    }

    /// Loads every client, a page at a time, so that changes and look-ups go on in between.
    pub(crate) async fn load_clients(&self) -> Result<(), Fault> {
        for realm in self.realms() {
            let mut after: Option<String> = None;
            loop {
                let _feed = self.feed.lock().await;
                if self.clients.is_crowded()
                    || self.realm(realm.name()).is_none_or(|now| now.id() != realm.id())
                {
                    break;
                }
                let page = self.page(&realm, after.as_deref()).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                for (id, entry) in page {
                    match entry {
                        Some(entry) => self.clients.load(entry),
                        None => self.clients.damage(realm.slot(), &id),
                    }
                }
            }
        }
        // No change crowds the clients between the question whether they are crowded and its answer.
        let _feed = self.feed.lock().await;
        self.clients.finish_loading();
        Ok(())
    }

    /// Reads what the change feed names, until there is nothing new.
    pub(crate) async fn catch_up(&self, now: UnixTime) -> Result<(), Fault> {
        let _feed = self.feed.lock().await;
        self.behind.store(true, Ordering::Release);
        loop {
            let since = self.applied.load(Ordering::Acquire);
            let changes = self.store.changes_since(since, PAGE).await?;
            let Some(last) = changes.last().map(|change| change.revision) else {
                self.behind.store(false, Ordering::Release);
                return Ok(());
            };

            self.epoch.fetch_add(1, Ordering::AcqRel);
            self.apply(changes, now).await?;
            self.applied.store(last, Ordering::Release);
        }
    }

    /// Whether the last [`Self::catch_up`] failed, or is under way.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }

    /// The secrets that were used since the last call, at most one mention each.
    pub(crate) fn take_uses(&self) -> Vec<SecretUse> {
        self.clients.take_uses()
    }

    /// Remembers that a secret was used; once a minute and secret this takes a lock.
    pub(crate) fn used(&self, entry: &ClientEntry, secret: usize, now: UnixTime) {
        self.clients.used(entry, secret, now);
    }

    /// How many realms there are.
    pub(crate) fn realm_count(&self) -> usize {
        self.realms.load().all().count()
    }

    /// How many clients are in memory.
    pub(crate) fn clients_in_memory(&self) -> usize {
        self.clients.len()
    }

    /// Makes the views of realms whose retired keys have left the JWKS since they were made.
    pub(crate) async fn expire_documents(&self, now: UnixTime) -> Result<(), Fault> {
        let _feed = self.feed.lock().await;
        for realm in self.realms() {
            if realm.stale_at().is_some_and(|at| at <= now) {
                self.reread_realm(realm.id(), now).await?;
            }
        }
        Ok(())
    }

    async fn apply(&self, changes: Vec<Change>, now: UnixTime) -> Result<(), Fault> {
        let mut realms_done: Vec<String> = Vec::new();
        for change in changes {
            if !matches!(change.touched, Touched::Client(_)) && !realms_done.contains(&change.realm_id) {
                self.reread_realm(&change.realm_id, now).await?;
                realms_done.push(change.realm_id.clone());
            }
            let Some(realm) = self.realms.load().by_id(&change.realm_id).cloned() else { continue };
            match change.touched {
                Touched::Realm => {}
                Touched::Client(id) => self.reread_client(&realm, &id).await?,
                Touched::Grants(api_id) => self.reread_granted(&realm, &api_id).await?,
            }
        }
        Ok(())
    }

    async fn reread_realm(&self, realm_id: &str, now: UnixTime) -> Result<(), Fault> {
        let stored = stored_realm(&*self.store, realm_id).await?;
        let realms = self.realms.load();
        if stored.is_none()
            && let Some(gone) = realms.by_id(realm_id)
        {
            self.clients.drop_realm(gone.slot());
        }
        let next = realms.with(realm_id, stored, &self.public_url, &self.vault, now);
        self.realms.store(Arc::new(next));
        Ok(())
    }

    async fn reread_client(&self, realm: &RealmView, id: &str) -> Result<(), Fault> {
        match self.stored_client(realm, id).await? {
            Some(Some(entry)) => self.clients.replace(entry),
            Some(None) => self.clients.damage(realm.slot(), id),
            None => self.clients.remove(realm.slot(), id),
        }
        Ok(())
    }

    /// Reads the clients that have a grant on an API: one by one while they are few, else with all of their realm, which
    /// takes a thousandth of the questions.
    async fn reread_granted(&self, realm: &RealmView, api_id: &str) -> Result<(), Fault> {
        let ids: HashSet<String> = self.clients.granted_on(realm.slot(), api_id).into_iter().collect();
        if ids.len() <= FEW {
            for id in &ids {
                self.reread_client(realm, id).await?;
            }
            return Ok(());
        }
        let mut after: Option<String> = None;
        loop {
            let page = self.page(realm, after.as_deref()).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (id, entry) in page.into_iter().filter(|(id, _)| ids.contains(id)) {
                match entry {
                    Some(entry) => self.clients.replace(entry),
                    None => self.clients.damage(realm.slot(), &id),
                }
            }
        }
    }

    /// The client as it is stored: `Some(None)` when it is there and cannot be read.
    async fn stored_client(
        &self,
        realm: &RealmView,
        id: &str,
    ) -> Result<Option<Option<Arc<ClientEntry>>>, Fault> {
        match self.store.client(realm.id(), id).await {
            Ok(record) => {
                Ok(record.map(|record| Some(self.clients.entry(realm.slot(), &self.vault, record))))
            }
            Err(StoreError::Corrupt(why)) => {
                tracing::error!(realm = realm.name(), client_id = id, why, "a client cannot be read");
                Ok(Some(None))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A page of clients by their ids; `None` stands for one that cannot be read.
    async fn page(
        &self,
        realm: &RealmView,
        after: Option<&str>,
    ) -> Result<Vec<(String, Option<Arc<ClientEntry>>)>, Fault> {
        match self.store.clients(realm.id(), after, PAGE).await {
            Ok(page) => {
                let entry = |record| self.clients.entry(realm.slot(), &self.vault, record);
                Ok(page.into_iter().map(entry).map(|entry| (entry.id().to_owned(), Some(entry))).collect())
            }
            Err(StoreError::Corrupt(_)) => {
                let ids = self.store.client_ids(realm.id(), after, PAGE).await?;
                let mut page = Vec::with_capacity(ids.len());
                for id in ids {
                    // One that is gone meanwhile is asked for like one that cannot be read, until the feed names it.
                    let entry = self.stored_client(realm, &id).await?.flatten();
                    page.push((id, entry));
                }
                Ok(page)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// All realms; when one of them cannot be read, the others one by one.
async fn stored(store: &dyn Store) -> Result<(i64, Vec<Stored>), Fault> {
    match store.realms().await {
        Ok((revision, records)) => Ok((revision, records.into_iter().map(Stored::Whole).collect())),
        Err(StoreError::Corrupt(_)) => {
            // What is read may be newer than this revision; the feed then names it once more.
            let (revision, names) = store.realm_names().await?;
            let mut records = Vec::with_capacity(names.len());
            for name in names {
                records.extend(one_stored(store, name).await?);
            }
            Ok((revision, records))
        }
        Err(error) => Err(error.into()),
    }
}

/// One realm, when it is there.
async fn stored_realm(store: &dyn Store, realm_id: &str) -> Result<Option<Stored>, Fault> {
    match store.realm(realm_id).await {
        Ok(record) => Ok(record.map(Stored::Whole)),
        Err(StoreError::Corrupt(_)) => {
            let (_, names) = store.realm_names().await?;
            match names.into_iter().find(|name| name.id == realm_id) {
                Some(name) => one_stored(store, name).await,
                None => Ok(None),
            }
        }
        Err(error) => Err(error.into()),
    }
}

async fn one_stored(store: &dyn Store, name: RealmName) -> Result<Option<Stored>, Fault> {
    match store.realm(&name.id).await {
        Ok(record) => Ok(record.map(Stored::Whole)),
        Err(StoreError::Corrupt(why)) => Ok(Some(Stored::Damaged(name, why))),
        Err(error) => Err(error.into()),
    }
}

const PAGE: u32 = 1000;
const FEW: usize = 16;
