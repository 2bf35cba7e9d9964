//! The start: take the database, know the keys, have a `system` realm, read the realms.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use countersign_proto::jose::signing_key::RsaSize;
use serde_json::json;

use super::{Commands, Issuer, collisions};
use crate::admin::founding::built_in_apis;
use crate::admin::{AdminError, Administrator};
use crate::audit::AuditEvent;
use crate::clock::Clock;
use crate::keys::{KeyState, MasterKeys, Vault, Wanted};
use crate::random::Random;
use crate::realm::{Profile, Realm, SYSTEM};
use crate::refusal::Fault;
use crate::registry::Registry;
use crate::store::{Command, Store, StoreError};

/// What an issuer is made of.
pub struct Parts {
    /// Where what is registered is kept.
    pub store: Arc<dyn Store>,
    /// The keys that are not in it.
    pub keys: MasterKeys,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where random bits come from.
    pub random: Arc<dyn Random>,
    /// The operator's choices.
    pub settings: Settings,
}

/// The operator's choices that matter here.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What clients see before every path, without a slash at its end.
    pub public_url: String,
    /// The realm that root-level dialect URLs mean at a host that is bound to none.
    pub default_realm: Option<String>,
    /// How many clients are kept in memory at most.
    pub max_clients: usize,
}

/// Why an issuer cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another server has the database.
    #[error("{0}")]
    Taken(String),
    /// The keys are not those that the database was made with.
    #[error(
        "these keys are not the ones that this database was made with ({0}); give the keys file that belongs to it"
    )]
    ForeignKeys(&'static str),
    /// Something broke.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The `system` realm or the root client could not be made.
    #[error("the first start failed: {0}")]
    First(String),
}

impl From<AdminError> for OpenError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Fault(fault) => Self::Fault(fault),
            AdminError::NotAllowed { detail, .. } | AdminError::Conflict { detail, .. } => {
                Self::First(detail)
            }
            AdminError::Invalid { field, rule } => Self::First(format!("{field}: {rule}")),
            AdminError::NotFound(what) => Self::First(what),
            AdminError::NotHeld(scopes) => Self::First(format!("not held: {}", scopes.join(" "))),
            AdminError::Stale => Self::First("it was changed in between".to_owned()),
        }
    }
}

impl Issuer {
    /// Takes the database for this process, checks the keys against it, makes the realm `system` in a new one, and
    /// reads all realms. Clients are loaded by [`Issuer::run`].
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(parts: Parts) -> Result<Arc<Self>, OpenError> {
        let Parts { store, keys, clock, random, settings } = parts;
        store.take().await.map_err(|error| match error {
            StoreError::Taken(why) => OpenError::Taken(why),
            other => OpenError::Fault(other.into()),
        })?;
        let vault = Arc::new(Vault::new(&keys)?);
        for (name, value) in vault.check_values() {
            if store.keep(name, &value).await.map_err(Fault::from)? != value {
                return Err(OpenError::ForeignKeys(name));
            }
        }
        let registry = Registry::open(
            Arc::clone(&store),
            Arc::clone(&vault),
            settings.public_url.clone(),
            settings.max_clients,
            clock.now(),
        )
        .await?;
        let (registry, commands) = (Arc::new(registry), Commands::default());
        let issuer = Self {
            registry,
            store,
            vault,
            clock,
            random,
            settings,
            commands,
            ousted: AtomicBool::new(false),
        };
        collisions::report(&issuer.realms());
        match issuer.realm(SYSTEM) {
            // Without it nobody administers any realm.
            Some(system) => system.readable()?,
            None => {
                issuer.create_system().await?;
            }
        }
        Ok(Arc::new(issuer))
    }

    async fn create_system(&self) -> Result<(), AdminError> {
        let now = self.clock.now();
        let realm = Realm {
            id: crate::random::id(&*self.random, "realm_")?,
            name: SYSTEM.to_owned(),
            issuer: None,
            hosts: Vec::new(),
            profile: Profile::Rfc9068,
            template: None,
            dialects: Vec::new(),
            algorithm: None,
            token_lifetime: None,
            enabled: true,
            created_at: now,
            updated_at: now,
            revision: 0,
        };
        let apis = built_in_apis(&realm, now, &*self.random)?;
        let wanted = Wanted::new(&realm, realm.signing_algorithm(), RsaSize::default());
        let key = self.vault.make(wanted, &*self.random).await?;
        let keys = vec![key.begin(KeyState::Active, now)];
        let by = Administrator::offline("start");
        let command = Command::CreateRealm { realm, apis, keys };
        self.change(&by, SYSTEM, command, AuditEvent::RealmCreated, SYSTEM, json!({})).await?;
        Ok(())
    }
}
