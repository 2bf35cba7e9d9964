//! The root client: a client of `system` whose only grant is everything on its `admin` API.

use std::sync::Arc;

use countersign_proto::client_id::ClientId;
use countersign_proto::secret::ClientSecret;
use serde_json::json;

use super::{Issuer, OpenError};
use crate::admin::{AdminError, Administrator, Right};
use crate::api::BuiltIn;
use crate::audit::AuditEvent;
use crate::client::{Client, Grant, SecretRecord};
use crate::realm::SYSTEM;
use crate::refusal::Fault;
use crate::registry::{RealmView, SECRET};
use crate::store::Command;

/// The root client, after the start.
pub struct Root {
    /// Its client id.
    pub client_id: String,
    /// Its secret, where it was made just now; it cannot be shown again.
    pub secret: Option<ClientSecret>,
}

impl Issuer {
    /// Makes sure that there is a root client: the given one with the given secret, or, in a new database, one that is
    /// made now.
    ///
    /// A given id and secret are applied at every start: the secret then replaces all others of that client. Where the
    /// id is not that of the root client so far, or has lost a right, the client becomes root with all that
    /// [`Self::reset_root`] gives; the one before stays a client with every right until somebody takes them. What
    /// operators did otherwise to their root client, its networks or that it is disabled, survives a start.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn ensure_root(&self, given: Option<(ClientId, ClientSecret)>) -> Result<Root, OpenError> {
        let system = self.system()?;
        if let Some((client_id, secret)) = given {
            let kept = self.store.keep(ROOT, client_id.as_str().as_bytes()).await.map_err(Fault::from)?;
            let is_root = self.is_root(&system, client_id.as_str()).await?;
            if kept == client_id.as_str().as_bytes() && is_root {
                self.apply_secret(&system, &client_id, &secret).await?;
            } else {
                self.restore_root(&system, &client_id, &secret, "start").await?;
                let kept = self.store.keep_instead(ROOT, client_id.as_str().as_bytes());
                kept.await.map_err(Fault::from)?;
            }
            return Ok(Root { client_id: client_id.into(), secret: None });
        }
        let client_id = self.kept_root().await?;
        if self.store.client(system.id(), client_id.as_str()).await.map_err(Fault::from)?.is_some() {
            return Ok(Root { client_id: client_id.into(), secret: None });
        }
        let secret = self.new_secret()?;
        self.restore_root(&system, &client_id, &secret, "start").await?;
        Ok(Root { client_id: client_id.into(), secret: Some(secret) })
    }

    /// Gives the root client a new secret and takes all others from it, and brings back whatever keeps it from
    /// administering every realm: its rights, its standing, its networks, its method; makes the client again if it is
    /// gone.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn reset_root(&self) -> Result<Root, OpenError> {
        let system = self.system()?;
        let client_id = self.kept_root().await?;
        let secret = self.new_secret()?;
        self.restore_root(&system, &client_id, &secret, "offline").await?;
        Ok(Root { client_id: client_id.into(), secret: Some(secret) })
    }

    /// Whether this client of `system` is a root client: it holds every right, now.
    pub(super) async fn is_root(&self, system: &Arc<RealmView>, client_id: &str) -> Result<bool, Fault> {
        let Some(admin) = system.builtin(BuiltIn::Admin) else { return Ok(false) };
        let entry = self.registry.client(system, client_id).await?;
        Ok(entry.is_some_and(|entry| {
            let grant = entry.grant_on(admin.id());
            Right::ALL.iter().all(|right| grant.is_some_and(|grant| grant.has_default(right.as_str())))
        }))
    }

    /// Whether this client is the root client: the one that a reset would bring back.
    pub(crate) async fn is_root_client(&self, realm: &RealmView, client_id: &str) -> Result<bool, Fault> {
        if realm.name() != SYSTEM {
            return Ok(false);
        }
        Ok(self.store.keep(ROOT, DEFAULT_ROOT.as_bytes()).await? == client_id.as_bytes())
    }

    /// A generated secret.
    pub(crate) fn new_secret(&self) -> Result<ClientSecret, Fault> {
        let mut bits = zeroize::Zeroizing::new([0u8; 32]);
        self.random.fill(bits.as_mut_slice())?;
        Ok(ClientSecret::from_random(&bits))
    }

    /// The row for a secret.
    pub(crate) fn secret_record(&self, secret: &ClientSecret) -> Result<SecretRecord, Fault> {
        let (pepper, digest) = self.vault.digest(secret);
        Ok(SecretRecord {
            id: crate::random::id(&*self.random, SECRET)?,
            digest,
            pepper,
            label: None,
            created_at: self.clock.now(),
            expires_at: None,
            last_used_at: None,
        })
    }

    /// The id of the root client, as it is kept.
    async fn kept_root(&self) -> Result<ClientId, OpenError> {
        let kept = self.store.keep(ROOT, DEFAULT_ROOT.as_bytes()).await.map_err(Fault::from)?;
        let unread = |error: String| OpenError::First(format!("the root client's id is damaged: {error}"));
        let text = String::from_utf8(kept).map_err(|error| unread(error.to_string()))?;
        ClientId::parse(&text).map_err(|error| unread(error.to_string()))
    }

    /// Gives the root client this secret alone; nothing when it is so already.
    async fn apply_secret(
        &self,
        system: &RealmView,
        id: &ClientId,
        secret: &ClientSecret,
    ) -> Result<(), AdminError> {
        let record = self.secret_record(secret)?;
        let there = self.store.client(system.id(), id.as_str()).await?;
        let secrets = there.map(|there| there.secrets).unwrap_or_default();
        if matches!(&secrets[..], [only] if only.digest == record.digest && only.expires_at.is_none()) {
            return Ok(());
        }
        self.replace_root_secret(&Administrator::offline("start"), system, id, record).await
    }

    /// Makes the root client, or of the client that is there one that can do all that root can, by this secret alone.
    ///
    /// The secret comes first, so that nobody else has the others' rights in between; each step can be taken again.
    async fn restore_root(
        &self,
        system: &RealmView,
        id: &ClientId,
        secret: &ClientSecret,
        actor: &str,
    ) -> Result<(), AdminError> {
        let by = Administrator::offline(actor);
        let record = self.secret_record(secret)?;
        let api = system.builtin(BuiltIn::Admin);
        let api = api.ok_or_else(|| Fault::Broken(format!("the realm {SYSTEM} has no API admin")))?;
        let rights = Right::ALL.iter().filter_map(|right| right.as_str().to_owned().try_into().ok());
        let rights = Grant { api_id: api.id().to_owned(), default: rights.collect(), optional: Vec::new() };
        let Some(there) = self.store.client(system.id(), id.as_str()).await? else {
            let client = self.new_root(system, id, api.id())?;
            let command = Command::CreateClient { client, secrets: vec![record], grants: vec![rights] };
            self.change(&by, SYSTEM, command, AuditEvent::ClientCreated, id.as_str(), json!({})).await?;
            return Ok(());
        };
        self.replace_root_secret(&by, system, id, record).await?;
        let client = Client {
            enabled: true,
            expires_at: None,
            default_api: Some(rights.api_id.clone()),
            token_endpoint_auth_method: None,
            allowed_cidrs: Vec::new(),
            token_lifetime: None,
            updated_at: self.clock.now(),
            ..there.client
        };
        if !there.grants.contains(&rights) {
            let realm_id = system.id().to_owned();
            let command = Command::PutGrant { realm_id, client_id: id.to_string(), grant: rights };
            self.change(&by, SYSTEM, command, AuditEvent::RootReset, id.as_str(), json!({ "rights": "all" }))
                .await?;
        }
        let command = Command::UpdateClient { client, expected: None };
        let detail = json!({ "enabled": true });
        self.change(&by, SYSTEM, command, AuditEvent::RootReset, id.as_str(), detail).await?;
        Ok(())
    }

    fn new_root(&self, system: &RealmView, id: &ClientId, admin: &str) -> Result<Client, Fault> {
        let now = self.clock.now();
        Ok(Client {
            id: crate::random::uuid(&*self.random)?,
            realm_id: system.id().to_owned(),
            client_id: id.clone(),
            name: "Root".to_owned(),
            description: "Administers every realm; make narrower clients for daily work".to_owned(),
            enabled: true,
            expires_at: None,
            default_api: Some(admin.to_owned()),
            token_endpoint_auth_method: None,
            allowed_cidrs: Vec::new(),
            token_lifetime: None,
            claims: serde_json::Map::new(),
            created_at: now,
            updated_at: now,
            revision: 0,
        })
    }

    async fn replace_root_secret(
        &self,
        by: &Administrator,
        system: &RealmView,
        id: &ClientId,
        secret: SecretRecord,
    ) -> Result<(), AdminError> {
        let command = Command::CreateSecret {
            realm_id: system.id().to_owned(),
            client_id: id.as_str().to_owned(),
            secret,
            alone: true,
        };
        self.change(by, SYSTEM, command, AuditEvent::RootReset, id.as_str(), json!({})).await?;
        Ok(())
    }
}

/// Where the store keeps the id of the root client.
const ROOT: &str = "root.client_id";
const DEFAULT_ROOT: &str = "root";
