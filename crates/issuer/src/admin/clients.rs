//! Commands on clients.

use countersign_proto::admin::{Change, ClientBody, ClientCreated, ClientPatch, NewClient, Page};
use countersign_proto::client_id::ClientId;
use serde_json::json;
use zeroize::Zeroizing;

use super::apis::api_of;
use super::lasting_root::Loss;
use super::page::cursor;
use super::{AdminError, Administrator, At, PageAsk, Right, claims, founding, grants, rule, secrets};
use crate::api::BuiltIn;
use crate::audit::AuditEvent;
use crate::client::{AuthMethod, Client, ClientRecord, Grant};
use crate::issuer::Issuer;
use crate::random::{NoRandomness, Random, uuid};
use crate::refusal::Fault;
use crate::registry::RealmView;
use crate::store::Command;

impl Issuer {
    /// Registers a client and gives its secret, this once; `client:write`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn create_client(
        &self,
        by: &Administrator,
        realm: &str,
        mut new: NewClient,
    ) -> Result<At<ClientCreated>, AdminError> {
        let given = new.secret.take().map(Zeroizing::new);
        by.may(Right::ClientWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::ClientWrite, realm)?;
        let mut client = self.registered_client(&view, new)?;
        if self.client_record(&view, client.client_id.as_str()).await?.is_some() {
            let detail = format!("there is a client {} already; choose another client_id", client.client_id);
            return Err(AdminError::Conflict { field: "client_id".to_owned(), detail });
        }
        let (secret, warning) = self.given_or_made(given)?;
        let record = self.secret_record(&secret)?;
        let grants = first_grants(by, &view);
        client.default_api = grants.first().map(|grant| grant.api_id.clone());
        let client_id = client.client_id.to_string();
        let detail =
            json!({ "secret_id": record.id, "enabled": client.enabled, "expires_at": client.expires_at });
        let command = Command::CreateClient { client, secrets: vec![record], grants };
        self.change(by, realm, command, AuditEvent::ClientCreated, &client_id, detail).await?;
        let At { body: client, revision } = self.shown_client(&view, &client_id).await?;
        Ok(At { body: ClientCreated { client, secret: secret.expose().to_owned(), warning }, revision })
    }

    /// Shows a client with its secrets (not the secrets themselves) and grants; `client:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn read_client(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
    ) -> Result<At<ClientBody>, AdminError> {
        let view = self.realm_for(by, Right::ClientRead, realm)?;
        let record = self.client_of(&view, client_id).await?;
        Ok(At { body: body(&view, &record), revision: record.client.revision })
    }

    /// Lists the clients of a realm by client id; `client:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn list_clients(
        &self,
        by: &Administrator,
        realm: &str,
        ask: &PageAsk<'_>,
    ) -> Result<Page<ClientBody>, AdminError> {
        let view = self.realm_for(by, Right::ClientRead, realm)?;
        let (limit, after) = (ask.limit()?, ask.after("clients")?);
        if after.as_deref().is_some_and(|id| ClientId::parse(id).is_err()) {
            return Err(PageAsk::foreign_cursor());
        }
        let one_more = u32::try_from(limit + 1).unwrap_or(u32::MAX);
        let mut records =
            self.store().clients(view.id(), after.as_deref(), one_more).await.map_err(Fault::from)?;
        let more = records.len() > limit;
        records.truncate(limit);
        let last = records.last().map(|record| cursor("clients", record.client.client_id.as_str()));
        let items = records.iter().map(|record| body(&view, record)).collect();
        Ok(Page { items, next: last.filter(|_| more) })
    }

    /// Changes a client; `client:write`, and every right that the client itself has.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn update_client(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
        patch: ClientPatch,
        expected: Option<i64>,
    ) -> Result<At<ClientBody>, AdminError> {
        by.may(Right::ClientWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let (view, record) = self.client_to_change(by, realm, client_id).await?;
        super::unchanged_since(expected, record.client.revision)?;
        let detail = json!(&patch);
        let mut after = patched(&view, &record, patch)?;
        self.keep_root(by, &view, &record, Loss::Standing(&after)).await?;
        if after != record.client {
            after.updated_at = self.now();
            let command = Command::UpdateClient { client: after, expected };
            self.change(by, realm, command, AuditEvent::ClientUpdated, client_id, detail).await?;
        }
        self.shown_client(&view, client_id).await
    }

    /// Removes a client; `client:write`, and every right that the client itself has.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn delete_client(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
        expected: Option<i64>,
    ) -> Result<(), AdminError> {
        by.may(Right::ClientWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let (view, record) = self.client_to_change(by, realm, client_id).await?;
        super::unchanged_since(expected, record.client.revision)?;
        self.keep_root(by, &view, &record, Loss::Client).await?;
        let command = Command::DeleteClient {
            realm_id: view.id().to_owned(),
            client_id: client_id.to_owned(),
            expected,
        };
        self.change(by, realm, command, AuditEvent::ClientDeleted, client_id, json!({})).await?;
        Ok(())
    }

    /// The client with this id, as it is stored.
    pub(super) async fn client_of(
        &self,
        view: &RealmView,
        client_id: &str,
    ) -> Result<ClientRecord, AdminError> {
        let missing =
            || AdminError::NotFound(format!("there is no client {client_id:?} in the realm {}", view.name()));
        self.client_record(view, client_id).await?.ok_or_else(missing)
    }

    /// A client that the caller may change: it holds nothing on an `admin` API that the caller does not hold, and by
    /// fidesops' rules nothing at all.
    pub(super) async fn client_to_change(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
    ) -> Result<(std::sync::Arc<RealmView>, ClientRecord), AdminError> {
        let view = self.realm_for(by, Right::ClientWrite, realm)?;
        let record = self.client_of(&view, client_id).await?;
        let admin = view.builtin(BuiltIn::Admin).map(|api| api.id());
        for grant in record.grants.iter().filter(|grant| Some(grant.api_id.as_str()) == admin) {
            grants::held(by, grant.default.iter().chain(&grant.optional))?;
        }
        grants::within_bounds(by, &view, &record)?;
        Ok((view, record))
    }

    pub(super) async fn shown_client(
        &self,
        view: &RealmView,
        client_id: &str,
    ) -> Result<At<ClientBody>, AdminError> {
        let record = self.client_of(view, client_id).await?;
        Ok(At { body: body(view, &record), revision: record.client.revision })
    }

    /// A client as it is registered, valid in itself.
    fn registered_client(&self, view: &RealmView, new: NewClient) -> Result<Client, AdminError> {
        let client_id = match &new.client_id {
            Some(given) => ClientId::parse(given).map_err(|error| AdminError::invalid("client_id", error))?,
            None => generated_id(self.random())?,
        };
        let (name, description) = (new.name.unwrap_or_default(), new.description.unwrap_or_default());
        rule::text("name", &name, rule::MAX_NAME)?;
        rule::text("description", &description, rule::MAX_DESCRIPTION)?;
        let claims = new.claims.unwrap_or_default();
        claims::check(&claims)?;
        let now = self.now();
        Ok(Client {
            id: uuid(self.random())?,
            realm_id: view.id().to_owned(),
            client_id,
            name,
            description,
            enabled: new.enabled.unwrap_or(true),
            expires_at: new.expires_at.map(|at| rule::expiry(at, Some(now))).transpose()?,
            default_api: None,
            token_endpoint_auth_method: new.token_endpoint_auth_method.as_deref().map(method).transpose()?,
            allowed_cidrs: rule::cidrs(new.allowed_cidrs.as_deref().unwrap_or_default())?,
            token_lifetime: new.token_lifetime.map(rule::lifetime).transpose()?,
            claims,
            created_at: now,
            updated_at: now,
            revision: 0,
        })
    }
}

/// A client as it shall be.
fn patched(view: &RealmView, record: &ClientRecord, patch: ClientPatch) -> Result<Client, AdminError> {
    let mut after = record.client.clone();
    patch.name.apply_or(&mut after.name, String::new());
    rule::text("name", &after.name, rule::MAX_NAME)?;
    patch.description.apply_or(&mut after.description, String::new());
    rule::text("description", &after.description, rule::MAX_DESCRIPTION)?;
    patch.enabled.apply_or(&mut after.enabled, record.client.enabled);
    // A moment that has passed is taken: it ends the client now.
    patch.expires_at.try_map(|at| rule::expiry(at, None))?.apply(&mut after.expires_at);
    patch.default_api.try_map(|word| default_api(view, record, &word))?.apply(&mut after.default_api);
    patch
        .token_endpoint_auth_method
        .try_map(|word| method(&word))?
        .apply(&mut after.token_endpoint_auth_method);
    patch.allowed_cidrs.try_map(|given| rule::cidrs(&given))?.apply_or(&mut after.allowed_cidrs, Vec::new());
    patch.token_lifetime.try_map(rule::lifetime)?.apply(&mut after.token_lifetime);
    match patch.claims {
        Change::Keep => {}
        Change::Clear => after.claims.clear(),
        Change::Set(patch) => claims::merge(&mut after.claims, patch),
    }
    claims::check(&after.claims)?;
    Ok(after)
}

/// The id of the API that shall be meant when a request names none.
fn default_api(view: &RealmView, record: &ClientRecord, word: &str) -> Result<String, AdminError> {
    let api = api_of(view, word)
        .map_err(|_| AdminError::invalid("default_api", "default_api names an API of this realm"))?;
    if api.api().builtin != Some(BuiltIn::Default)
        && record.grants.iter().all(|grant| grant.api_id != api.id())
    {
        let rule = format!("the client has no grant on {}: give it one first", api.identifier());
        return Err(AdminError::invalid("default_api", rule));
    }
    Ok(api.id().to_owned())
}

fn method(word: &str) -> Result<AuthMethod, AdminError> {
    let known = ["client_secret_basic", "client_secret_post"];
    rule::word("token_endpoint_auth_method", word, AuthMethod::parse, &known)
}

/// What the realm's template gives to a new client.
fn first_grants(by: &Administrator, view: &RealmView) -> Vec<Grant> {
    let Some(api) = view.builtin(BuiltIn::Default) else { return Vec::new() };
    let names = founding::default_scopes_of_new_clients(view.realm().template);
    let given = api.api().scopes.iter().filter(|scope| names.contains(&scope.name.as_str()));
    let given = given.filter(|scope| by.may_give(&[scope.name.as_str()]).is_ok());
    let default: Vec<_> = given.map(|scope| scope.name.clone()).collect();
    if default.is_empty() {
        return Vec::new();
    }
    vec![Grant { api_id: api.id().to_owned(), default, optional: Vec::new() }]
}

/// 100 random bits in 20 characters that people can read out.
fn generated_id(random: &dyn Random) -> Result<ClientId, AdminError> {
    let mut bits = [0u8; 20];
    random.fill(&mut bits)?;
    let text: String = bits.iter().map(|bits| letter(*bits)).collect();
    ClientId::parse(&text).map_err(|_| NoRandomness.into())
}

fn letter(bits: u8) -> char {
    let letters = b"abcdefghijklmnopqrstuvwxyz234567";
    char::from(letters.get(usize::from(bits & 31)).copied().unwrap_or(b'a'))
}

fn body(view: &RealmView, record: &ClientRecord) -> ClientBody {
    let client = &record.client;
    let identifier =
        |id: &String| view.api_by_id(id).map_or_else(|| id.clone(), |api| api.identifier().to_owned());
    ClientBody {
        client_id: client.client_id.to_string(),
        name: client.name.clone(),
        description: client.description.clone(),
        enabled: client.enabled,
        expires_at: client.expires_at,
        default_api: client.default_api.as_ref().map(identifier),
        token_endpoint_auth_method: client.token_endpoint_auth_method.map(|method| method.to_string()),
        allowed_cidrs: client.allowed_cidrs.iter().map(ToString::to_string).collect(),
        token_lifetime: client.token_lifetime,
        claims: client.claims.clone(),
        secrets: record.secrets.iter().map(secrets::body).collect(),
        grants: record.grants.iter().map(|grant| grants::body(view, grant)).collect(),
        created_at: client.created_at,
        updated_at: client.updated_at,
    }
}
