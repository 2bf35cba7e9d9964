//! The issuer: the whole public surface of this crate besides administration.
//!
//! A token request walks through here in five steps: the server parses, then [`Issuer::issue`] proves, decides and
//! mints, and the server answers. On that way nothing touches the store unless a client is not in memory.

mod collisions;
mod commands;
mod open;
mod own_token;
mod root;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_proto::client_id::ClientId;
use countersign_proto::credential::Presented;
use countersign_proto::time::UnixTime;
use countersign_proto::token::TokenRequest;

pub(crate) use self::commands::Commands;
pub use self::open::{OpenError, Parts, Settings};
pub use self::own_token::{OwnToken, OwnTokenError};
pub use self::root::Root;
use crate::admin::{AdminError, Administrator};
use crate::audit::{AuditEvent, AuditRecord};
use crate::authn::authenticate;
use crate::client::ClientRecord;
use crate::clock::Clock;
use crate::grant_type::client_credentials;
use crate::keys::Vault;
use crate::mint::{Issued, mint};
use crate::policy::{Rules, decide_root};
use crate::random::Random;
use crate::realm::SYSTEM;
use crate::refusal::{AuthnFailure, Failure, Fault, Refusal};
use crate::registry::{RealmView, Registry};
use crate::store::{Command, Store, StoreError};

/// Decides who may have which token, and issues it.
pub struct Issuer {
    registry: Arc<Registry>,
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    settings: Settings,
    commands: Commands,
    /// Another server has taken the database from us.
    ousted: AtomicBool,
}

/// How much is in memory.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Realms.
    pub realms: usize,
    /// Clients of all realms.
    pub clients: usize,
}

/// One token request, parsed.
pub struct Ask<'a> {
    /// What proves the client.
    pub presented: Presented<'a>,
    /// What it asks for.
    pub request: TokenRequest<'a>,
    /// The address that it called from.
    pub source: IpAddr,
    /// How its door reads it.
    pub rules: Rules,
    /// Whether a parameter stood more than once and the door refuses that only after authentication, as Keycloak does.
    pub repeated: bool,
}

impl Issuer {
    /// Issues a token, or says why not.
    ///
    /// # Errors
    /// [`Failure`]: the grant type is judged first, then the client, then what it asks for.
    pub async fn issue(&self, realm: &Arc<RealmView>, ask: Ask<'_>) -> Result<Issued, Failure> {
        match ask.request.grant_type.as_deref() {
            Some(client_credentials::GRANT_TYPE) => {}
            Some(_) => return Err(Refusal::UnsupportedGrantType.into()),
            None => return Err(Refusal::NoGrantType.into()),
        }
        realm.whole()?;
        let now = self.clock.now();
        let client =
            authenticate(&self.registry, &self.vault, realm, &ask.presented, ask.source, now).await?;
        if ask.repeated {
            return Err(Refusal::Repeated.into());
        }
        let decision = client_credentials::decide(client, &ask.request, ask.rules)?;
        Ok(mint(realm, &decision, now, &*self.random)?)
    }

    /// Issues fidesops' root token: the root client of `system` proves itself, and gets a token of `realm` that opens
    /// that dialect's management URLs there and nothing else.
    ///
    /// # Errors
    /// As [`Self::issue`].
    pub async fn issue_root(
        &self,
        realm: &Arc<RealmView>,
        presented: &Presented<'_>,
        source: IpAddr,
    ) -> Result<Issued, Failure> {
        let now = self.clock.now();
        let system = self.system()?;
        realm.whole()?;
        system.readable()?;
        if !self.is_root(&system, presented.client_id().unwrap_or_default()).await? || !realm.enabled() {
            return Err(AuthnFailure::UnknownClient.into());
        }
        let client = authenticate(&self.registry, &self.vault, &system, presented, source, now).await?;
        let decision = decide_root(client, realm)?;
        Ok(mint(realm, &decision, now, &*self.random)?)
    }

    /// The realm of this name.
    #[must_use]
    pub fn realm(&self, name: &str) -> Option<Arc<RealmView>> {
        self.registry.realm(name)
    }

    /// The realm that root-level dialect URLs mean at this exact `host[:port]`: the one bound to it, else the default
    /// realm, where one is configured.
    #[must_use]
    pub fn realm_at(&self, host: &str) -> Option<Arc<RealmView>> {
        let bound = self.registry.realm_at(&host.to_ascii_lowercase());
        bound.or_else(|| self.registry.realm(self.settings.default_realm.as_deref()?))
    }

    /// The realm with this issuer identifier.
    #[must_use]
    pub fn realm_by_issuer(&self, issuer: &str) -> Option<Arc<RealmView>> {
        self.registry.realm_by_issuer(issuer)
    }

    /// All realms, by name.
    #[must_use]
    pub fn realms(&self) -> Vec<Arc<RealmView>> {
        self.registry.realms()
    }

    /// The present second.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// What it was opened with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How much is in memory.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        Sizes { realms: self.registry.realm_count(), clients: self.registry.clients_in_memory() }
    }

    /// How many clients a realm has.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn count_clients(&self, realm: &RealmView) -> Result<i64, Fault> {
        Ok(self.store.count_clients(realm.id()).await?)
    }

    /// Whether the store answers; tokens are issued from memory whether it does or not.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn ping_store(&self) -> Result<(), Fault> {
        Ok(self.store.ping().await?)
    }

    /// Whether another server has taken the database: then what is in memory here is old, and revocations are not seen.
    #[must_use]
    pub fn is_ousted(&self) -> bool {
        self.ousted.load(Ordering::Acquire)
    }

    /// A client as it is stored, with its secrets' records and its grants; what it shows, requests see as well.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn client_record(
        &self,
        realm: &RealmView,
        client_id: &str,
    ) -> Result<Option<ClientRecord>, Fault> {
        if ClientId::parse(client_id).is_err() {
            return Ok(None);
        }
        if self.registry.is_behind() {
            // Else a command that is tried again would answer that all is so already, while requests see it otherwise.
            self.registry.catch_up(self.clock.now()).await?;
        }
        Ok(self.store.client(realm.id(), client_id).await?)
    }

    /// What goes on behind the requests: loads the clients; once a minute writes the last use of secrets, lets retired
    /// keys leave the JWKS and deletes those that have left it; sees to it that what was committed is seen and that the
    /// database stays ours. Runs until it is dropped; then call [`Self::flush_uses`].
    pub async fn run(self: Arc<Self>) {
        tokio::join!(self.load_until_loaded(), self.each_second(), self.watch_store(), self.each_minute());
    }

    /// Reads the change feed again where that failed after a commit.
    async fn each_second(&self) {
        let mut second = every(SECOND);
        let mut told = false;
        loop {
            second.tick().await;
            if !self.registry.is_behind() {
                continue;
            }
            match self.registry.catch_up(self.clock.now()).await {
                Ok(()) if told => tracing::info!("requests see what was committed again"),
                Err(fault) if !told => tracing::error!(%fault, "requests do not see what was committed"),
                _ => continue,
            }
            told = !told;
        }
    }

    async fn load_until_loaded(&self) {
        while let Err(fault) = self.registry.load_clients().await {
            tracing::error!(%fault, "clients cannot be loaded; they are asked for one by one meanwhile");
            tokio::time::sleep(SECOND).await;
        }
        tracing::info!(clients = self.sizes().clients, "clients loaded");
    }

    /// Sees to it that the database is still ours, and that nothing was missed when it was not.
    async fn watch_store(&self) {
        let mut interval = every(WATCH);
        loop {
            interval.tick().await;
            match self.store.ping().await {
                Ok(()) => {
                    if self.ousted.swap(false, Ordering::AcqRel) {
                        tracing::warn!("the database is ours again");
                    }
                    // What another server did meanwhile; a failure is tried again each second.
                    let _ = self.registry.catch_up(self.clock.now()).await;
                }
                Err(StoreError::Taken(why)) => {
                    if !self.ousted.swap(true, Ordering::AcqRel) {
                        tracing::error!(why, "the database is not ours any more: this server is not ready");
                    }
                }
                // Tokens come from memory while it is away.
                Err(_) => {}
            }
        }
    }

    async fn each_minute(&self) {
        let mut minute = every(MINUTE);
        loop {
            minute.tick().await;
            self.flush_uses().await;
            if let Err(fault) = self.registry.expire_documents(self.clock.now()).await {
                tracing::warn!(%fault, "a retired key stays in the JWKS for another minute");
            }
            if let Err(fault) = self.delete_departed_keys().await {
                tracing::warn!(%fault, "keys that have left the JWKS stay in the database for another minute");
            }
        }
    }

    /// Loads every client now; what [`Self::run`] does first.
    ///
    /// # Errors
    /// [`Fault::Store`].
    pub async fn load_clients(&self) -> Result<(), Fault> {
        self.registry.load_clients().await
    }

    /// Leaves the database in order, as the last thing that is done: [`crate::store::Store::close`].
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Writes the last use of secrets, in one batch.
    pub async fn flush_uses(&self) {
        let uses = self.registry.take_uses();
        if uses.is_empty() {
            return;
        }
        if let Err(error) = self.store.record_use(&uses).await {
            tracing::warn!(%error, count = uses.len(), "the last use of some secrets could not be written");
        }
    }

    /// Carries out a command with its audit record, then lets the registry see it: the next request reads what it did.
    ///
    /// Both happen whether or not the caller waits for them, and an answer that says what is stored, a refusal too, is
    /// given only once the registry sees it.
    pub(crate) async fn change(
        &self,
        by: &Administrator,
        realm: &str,
        command: Command,
        event: AuditEvent,
        subject: &str,
        detail: serde_json::Value,
    ) -> Result<i64, AdminError> {
        if !matches!(command, Command::DeleteRealm { .. })
            && let Some(realm) = self.realm(realm)
        {
            // What is not known must not be written over.
            realm.readable()?;
        }
        let now = self.clock.now();
        let audit = AuditRecord {
            id: 0,
            at: now,
            event,
            realm: realm.to_owned(),
            actor: by.actor().to_owned(),
            subject: subject.to_owned(),
            request_id: by.request_id().to_owned(),
            detail,
        };
        let (store, registry) = (Arc::clone(&self.store), Arc::clone(&self.registry));
        let carried = async move {
            let done = store.execute(command, audit).await;
            // Also after a failure: its outcome may be unknown, and an earlier change may not be seen yet.
            (done, registry.catch_up(now).await)
        };
        match self.commands.carry_out(carried).await? {
            (Err(error @ StoreError::Unavailable(_)), _) => Err(error.into()),
            (_, Err(fault)) => Err(fault.into()),
            (done, Ok(())) => Ok(done?),
        }
    }

    pub(crate) fn commands(&self) -> &Commands {
        &self.commands
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.random
    }

    fn system(&self) -> Result<Arc<RealmView>, Fault> {
        self.realm(SYSTEM).ok_or_else(|| Fault::Broken(format!("the realm {SYSTEM} is gone")))
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

const SECOND: Duration = Duration::from_secs(1);
const WATCH: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);
