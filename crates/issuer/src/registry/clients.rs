//! All clients in memory, or, beyond the configured number, those that are in use.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use countersign_proto::time::UnixTime;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::entry::{ClientEntry, Shared};
use crate::client::ClientRecord;
use crate::keys::Vault;
use crate::store::SecretUse;

/// The clients of all realms; a realm is known by its slot, a number that is never used again.
pub(super) struct Clients {
    shards: Box<[RwLock<Shard>]>,
    hasher: DefaultHashBuilder,
    shared: Shared,
    len: AtomicUsize,
    max: usize,
    /// Everything that the store has is here: what is not here does not exist.
    complete: AtomicBool,
    /// There are more than `max`: shards evict, and remember what does not exist.
    crowded: AtomicBool,
    uses: Mutex<Vec<SecretUse>>,
}

#[derive(Default)]
struct Shard {
    table: HashTable<Arc<ClientEntry>>,
    /// Ids that the store does not have; only while crowded, and bounded.
    absent: Vec<(u32, Box<str>)>,
    /// Ids of clients that the store has and cannot read.
    damaged: HashTable<(u32, Box<str>)>,
    /// Where the search for one to take out goes on.
    hand: usize,
}

/// What memory knows of a client.
pub(super) enum Lookup {
    /// It is here.
    Found(Arc<ClientEntry>),
    /// It does not exist.
    Absent,
    /// The store must be asked.
    Ask,
}

impl Clients {
    pub(super) fn new(max: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            hasher: DefaultHashBuilder::default(),
            shared: Shared::default(),
            len: AtomicUsize::new(0),
            max,
            complete: AtomicBool::new(false),
            crowded: AtomicBool::new(false),
            uses: Mutex::default(),
        }
    }

    pub(super) fn entry(&self, slot: u32, vault: &Vault, record: ClientRecord) -> Arc<ClientEntry> {
        Arc::new(ClientEntry::new(slot, record, vault, &self.shared))
    }

    pub(super) fn get(&self, slot: u32, id: &str) -> Lookup {
        let hash = self.hash(slot, id);
        self.read(hash, |shard| match shard.table.find(hash, |held| held.is(slot, id)) {
            Some(held) => Lookup::Found(Arc::clone(held)),
            None if shard.is_damaged(hash, slot, id) => Lookup::Ask,
            // Read after the search, while nothing can leave the shard: what was taken out for want of room before it
            // has made this false.
            None if self.complete.load(Ordering::Acquire) || shard.knows_absent(slot, id) => Lookup::Absent,
            None => Lookup::Ask,
        })
    }

    /// Puts a loaded client in, unless there is a newer one, or no room.
    pub(super) fn load(&self, entry: Arc<ClientEntry>) {
        if self.len() < self.max {
            self.put(entry);
        } else {
            self.crowd();
        }
    }

    /// Puts a changed client in.
    pub(super) fn replace(&self, entry: Arc<ClientEntry>) {
        if self.len() >= self.max && !self.holds(entry.slot(), entry.id()) {
            self.crowd();
        }
        self.put(entry);
    }

    fn holds(&self, slot: u32, id: &str) -> bool {
        let hash = self.hash(slot, id);
        self.read(hash, |shard| shard.table.find(hash, |held| held.is(slot, id)).is_some())
    }

    /// Keeps the answer of the store to a question; while loading, the load will bring it anyway.
    pub(super) fn remember(&self, slot: u32, id: &str, answer: Option<Arc<ClientEntry>>) {
        if !self.is_crowded() {
            return;
        }
        match answer {
            Some(entry) => self.put(entry),
            None => self.write(self.hash(slot, id), |shard| shard.note_absent(slot, id)),
        }
    }

    /// Takes a client out that is stored and cannot be read: it must be asked for, and the answer is a fault.
    pub(super) fn damage(&self, slot: u32, id: &str) {
        self.remove(slot, id);
        let hash = self.hash(slot, id);
        let rehash = |(slot, id): &(u32, Box<str>)| self.hash(*slot, id);
        self.write(hash, |shard| {
            shard.damaged.insert_unique(hash, (slot, id.into()), rehash);
        });
    }

    /// Takes back what [`Self::remember`] kept.
    pub(super) fn forget(&self, slot: u32, id: &str) {
        if self.is_crowded() {
            self.remove(slot, id);
        }
    }

    pub(super) fn remove(&self, slot: u32, id: &str) {
        let hash = self.hash(slot, id);
        self.write(hash, |shard| {
            shard.forget(hash, slot, id);
            if let Ok(held) = shard.table.find_entry(hash, |held| held.is(slot, id)) {
                held.remove();
                self.len.fetch_sub(1, Ordering::Relaxed);
            }
        });
    }

    pub(super) fn drop_realm(&self, slot: u32) {
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            let before = shard.table.len();
            shard.table.retain(|held| held.slot() != slot);
            shard.damaged.retain(|(s, _)| *s != slot);
            self.len.fetch_sub(before - shard.table.len(), Ordering::Relaxed);
        }
    }

    /// The ids of the clients here that have a grant on this API.
    pub(super) fn granted_on(&self, slot: u32, api_id: &str) -> Vec<String> {
        let mut ids = Vec::new();
        for shard in &self.shards {
            let shard = shard.read().unwrap_or_else(PoisonError::into_inner);
            let granted =
                shard.table.iter().filter(|held| held.slot() == slot && held.grant_on(api_id).is_some());
            ids.extend(granted.map(|held| held.id().to_owned()));
        }
        ids
    }

    /// Everything was loaded, or there is more than fits.
    pub(super) fn finish_loading(&self) {
        self.complete.store(!self.is_crowded(), Ordering::Release);
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Acquire)
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn used(&self, entry: &ClientEntry, secret: usize, now: UnixTime) {
        if let Some(secret) = entry.secrets().get(secret)
            && secret.mark(now)
        {
            let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            if uses.len() < MAX_USES {
                uses.push(SecretUse { secret_id: secret.id(), at: now });
            }
        }
    }

    pub(super) fn take_uses(&self) -> Vec<SecretUse> {
        std::mem::take(&mut self.uses.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on what is not here may still exist.
    fn crowd(&self) {
        self.crowded.store(true, Ordering::Release);
        self.complete.store(false, Ordering::Release);
    }

    fn put(&self, entry: Arc<ClientEntry>) {
        let slot = entry.slot();
        let hash = self.hash(slot, entry.id());
        let room = if self.is_crowded() { (self.max / SHARDS).max(1) } else { usize::MAX };
        self.write(hash, |shard| {
            shard.forget(hash, slot, entry.id());
            if let Some(held) = shard.table.find_mut(hash, |held| held.is(slot, entry.id())) {
                if held.revision() <= entry.revision() {
                    *held = entry;
                }
                return;
            }
            let rehash = |held: &Arc<ClientEntry>| self.hash(held.slot(), held.id());
            while shard.table.len() >= room && shard.evict() {
                self.len.fetch_sub(1, Ordering::Relaxed);
            }
            shard.table.insert_unique(hash, entry, rehash);
            self.len.fetch_add(1, Ordering::Relaxed);
        });
    }

    fn hash(&self, slot: u32, id: &str) -> u64 {
        self.hasher.hash_one((slot, id))
    }

    fn read<R>(&self, hash: u64, look: impl FnOnce(&Shard) -> R) -> R {
        let empty = Shard::default();
        match self.shards.get(shard_of(hash)) {
            Some(shard) => look(&shard.read().unwrap_or_else(PoisonError::into_inner)),
            None => look(&empty),
        }
    }

    fn write(&self, hash: u64, change: impl FnOnce(&mut Shard)) {
        if let Some(shard) = self.shards.get(shard_of(hash)) {
            change(&mut shard.write().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

impl Shard {
    fn knows_absent(&self, slot: u32, id: &str) -> bool {
        self.absent.iter().any(|(s, name)| *s == slot && **name == *id)
    }

    fn is_damaged(&self, hash: u64, slot: u32, id: &str) -> bool {
        self.damaged.find(hash, |(s, name)| *s == slot && **name == *id).is_some()
    }

    /// Forgets what is noted of a client besides the client itself.
    fn forget(&mut self, hash: u64, slot: u32, id: &str) {
        self.absent.retain(|(s, name)| !(*s == slot && **name == *id));
        if let Ok(noted) = self.damaged.find_entry(hash, |(s, name)| *s == slot && **name == *id) {
            noted.remove();
        }
    }

    /// Remembers that something does not exist, forgetting the oldest such memory when there is no room.
    fn note_absent(&mut self, slot: u32, id: &str) {
        if self.knows_absent(slot, id) {
            return;
        }
        if self.absent.len() >= MAX_ABSENT {
            self.absent.remove(0);
        }
        self.absent.push((slot, id.into()));
    }

    /// Drops one client of a few that has not been used for longest; `false` when there is none.
    ///
    /// The few are those behind the last few, so that all have their turn: else what came in last, where the search
    /// always begins, would go out first.
    fn evict(&mut self) -> bool {
        let buckets = self.table.num_buckets();
        let mut idle: Option<(usize, u32)> = None;
        let mut seen = 0;
        for _ in 0..buckets {
            self.hand = (self.hand + 1) % buckets;
            let Some(held) = self.table.get_bucket(self.hand) else { continue };
            let used = held.last_used();
            if idle.is_none_or(|(_, least)| used < least) {
                idle = Some((self.hand, used));
            }
            seen += 1;
            if seen == SAMPLE {
                break;
            }
        }
        match idle.map(|(at, _)| self.table.get_bucket_entry(at)) {
            Some(Ok(held)) => {
                held.remove();
                true
            }
            _ => false,
        }
    }
}

/// The top bits choose the shard; the table uses the others.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 58).unwrap_or(0)
}

const SHARDS: usize = 64;
const SAMPLE: usize = 8;
const MAX_ABSENT: usize = 256;
const MAX_USES: usize = 1_000_000;
