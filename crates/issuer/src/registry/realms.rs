//! All realms as one snapshot; a change makes a new one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use countersign_proto::time::UnixTime;

use super::view::RealmView;
use crate::keys::Vault;
use crate::realm::Dialect;
use crate::store::{RealmName, RealmRecord};

/// A realm as the store gave it.
pub(super) enum Stored {
    /// With all that it has.
    Whole(RealmRecord),
    /// It cannot be read, and why.
    Damaged(RealmName, String),
}

impl Stored {
    fn id(&self) -> &str {
        match self {
            Self::Whole(record) => &record.realm.id,
            Self::Damaged(name, _) => &name.id,
        }
    }
}

/// The realms by everything that a request can know them by.
pub(super) struct Realms {
    by_name: BTreeMap<Box<str>, Arc<RealmView>>,
    by_id: HashMap<Box<str>, Arc<RealmView>>,
    by_host: HashMap<Box<str>, Arc<RealmView>>,
    by_issuer: HashMap<Box<str>, Arc<RealmView>>,
    next_slot: u32,
}

impl Realms {
    pub(super) fn read(records: Vec<Stored>, public_url: &str, vault: &Arc<Vault>, now: UnixTime) -> Self {
        let mut realms = Self::of(Vec::new(), 0);
        let mut views = Vec::with_capacity(records.len());
        for stored in records {
            views.push(realms.view(stored, public_url, vault, now));
            realms.next_slot += 1;
        }
        Self::of(views, realms.next_slot)
    }

    /// This snapshot with one realm read anew, or without it.
    pub(super) fn with(
        &self,
        realm_id: &str,
        stored: Option<Stored>,
        public_url: &str,
        vault: &Arc<Vault>,
        now: UnixTime,
    ) -> Self {
        let mut views: Vec<_> = self.by_id.values().filter(|view| view.id() != realm_id).cloned().collect();
        let mut next_slot = self.next_slot;
        if let Some(stored) = stored {
            let view = self.view(stored, public_url, vault, now);
            next_slot = next_slot.max(view.slot() + 1);
            views.push(view);
        }
        Self::of(views, next_slot)
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&Arc<RealmView>> {
        self.by_name.get(name)
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&Arc<RealmView>> {
        self.by_id.get(id)
    }

    pub(super) fn at_host(&self, host: &str) -> Option<&Arc<RealmView>> {
        self.by_host.get(host)
    }

    pub(super) fn by_issuer(&self, issuer: &str) -> Option<&Arc<RealmView>> {
        self.by_issuer.get(issuer)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<RealmView>> {
        self.by_name.values()
    }

    /// The view of a realm, in its old slot or in the next; says once in the log that it is damaged.
    fn view(&self, stored: Stored, public_url: &str, vault: &Arc<Vault>, now: UnixTime) -> Arc<RealmView> {
        let before = self.by_id.get(stored.id()).map(Arc::as_ref);
        let slot = before.map_or(self.next_slot, RealmView::slot);
        let view = match stored {
            Stored::Whole(record) => RealmView::new(slot, record, public_url, vault, before, now),
            Stored::Damaged(name, why) => {
                RealmView::unreadable(slot, name, &why, public_url, vault, before, now)
            }
        };
        if let Err(fault) = view.whole()
            && before.is_none_or(|before| before.whole().is_ok())
        {
            tracing::error!(realm = view.name(), %fault, "no token is issued in this realm until it is mended");
        }
        Arc::new(view)
    }

    fn of(mut views: Vec<Arc<RealmView>>, next_slot: u32) -> Self {
        // Where a new public URL makes two realms one issuer, the one that lives there by its name has it.
        views.sort_by_key(|view| view.realm().issuer.is_none());
        let by = |key: fn(&RealmView) -> &str| -> HashMap<Box<str>, Arc<RealmView>> {
            views.iter().map(|view| (key(view).into(), Arc::clone(view))).collect()
        };
        let (by_id, by_issuer) = (by(RealmView::id), by(RealmView::issuer));
        let roots = views.iter().filter_map(|view| Some((host_of_root(view)?.into(), Arc::clone(view))));
        let bound = views
            .iter()
            .flat_map(|view| view.realm().hosts.iter().map(|host| (host.as_str().into(), Arc::clone(view))));
        let by_host = roots.chain(bound).collect(); // what is said outweighs what follows
        let by_name = views.iter().map(|view| (view.name().into(), Arc::clone(view))).collect();
        Self { by_name, by_id, by_host, by_issuer, next_slot }
    }
}

/// The host whose root is the issuer of a realm with Auth0's URLs: its metadata names them there.
fn host_of_root(view: &RealmView) -> Option<&str> {
    let issuer = view.realm().issuer.as_deref().filter(|_| view.opens(Dialect::Auth0))?;
    let (_, rest) = issuer.split_once("://")?;
    let host = rest.trim_end_matches('/');
    (!host.contains('/')).then_some(host)
}
