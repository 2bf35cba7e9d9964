//! Commands on grants: which scopes a client gets on an API, by default and on request.

use std::collections::HashSet;

use countersign_proto::admin::{GrantBody, GrantPut, Page};
use countersign_proto::scope::ScopeName;
use serde_json::json;

use super::apis::{api_of, place};
use super::lasting_root::Loss;
use super::page::page;
use super::{AdminError, Administrator, At, PageAsk, Right, rule};
use crate::api::BuiltIn;
use crate::audit::AuditEvent;
use crate::client::{ClientRecord, Grant};
use crate::issuer::Issuer;
use crate::registry::{ApiView, RealmView};
use crate::store::Command;

/// What [`Issuer::put_grant`] did.
#[derive(Clone, Debug)]
pub struct GrantSet {
    /// The grant as it is now.
    pub grant: GrantBody,
    /// Whether there was none before.
    pub created: bool,
}

impl Issuer {
    /// Sets what a client gets on an API; `client:write`, and on an `admin` API every right that it gives or takes.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn put_grant(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
        api: &str,
        put: GrantPut,
        expected: Option<i64>,
    ) -> Result<At<GrantSet>, AdminError> {
        by.may(Right::ClientWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let (view, record) = self.client_to_change(by, realm, client_id).await?;
        let api = api_of(&view, api)?;
        super::unchanged_since(expected, record.client.revision)?;
        let grant = wanted(api, &put)?;
        may_give(by, api, &grant)?;
        let before = record.grants.iter().find(|grant| grant.api_id == api.id());
        let set = GrantSet { grant: body(&view, &grant), created: before.is_none() };
        if before == Some(&grant) {
            return Ok(At { body: set, revision: record.client.revision });
        }
        self.keep_root(by, &view, &record, Loss::Rights(&grant)).await?;
        if before.is_none() && record.grants.len() >= MAX_GRANTS {
            let detail = "a client has grants on at most 100 APIs; take one away first".to_owned();
            return Err(AdminError::Conflict { field: String::new(), detail });
        }
        let detail = json!({ "api": api.identifier(), "default": put.default, "optional": put.optional });
        let command =
            Command::PutGrant { realm_id: view.id().to_owned(), client_id: client_id.to_owned(), grant };
        let revision = self.change(by, realm, command, AuditEvent::GrantPut, client_id, detail).await?;
        Ok(At { body: set, revision })
    }

    /// Shows a client's grant on an API; `client:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn read_grant(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
        api: &str,
    ) -> Result<At<GrantBody>, AdminError> {
        let view = self.realm_for(by, Right::ClientRead, realm)?;
        let record = self.client_of(&view, client_id).await?;
        let api = api_of(&view, api)?;
        let grant = record.grants.iter().find(|grant| grant.api_id == api.id());
        let grant = grant.ok_or_else(|| no_grant(client_id, api))?;
        Ok(At { body: body(&view, grant), revision: record.client.revision })
    }

    /// Lists a client's grants, built-in APIs first, then by identifier; `client:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn list_grants(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
        ask: &PageAsk<'_>,
    ) -> Result<Page<GrantBody>, AdminError> {
        let view = self.realm_for(by, Right::ClientRead, realm)?;
        let record = self.client_of(&view, client_id).await?;
        let placed = |grant: &Grant| Some((place(view.api_by_id(&grant.api_id)?), body(&view, grant)));
        let mut grants: Vec<_> = record.grants.iter().filter_map(placed).collect();
        grants.sort_by(|one, other| one.0.cmp(&other.0));
        page("grants", grants, ask)
    }

    /// Takes a grant from a client; `client:write`, and every right that the client itself has.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn delete_grant(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
        api: &str,
        expected: Option<i64>,
    ) -> Result<(), AdminError> {
        by.may(Right::ClientWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let (view, record) = self.client_to_change(by, realm, client_id).await?;
        let api = api_of(&view, api)?;
        if record.grants.iter().all(|grant| grant.api_id != api.id()) {
            return Err(no_grant(client_id, api));
        }
        super::unchanged_since(expected, record.client.revision)?;
        self.keep_root(by, &view, &record, Loss::Grant(api.id())).await?;
        let command = Command::DeleteGrant {
            realm_id: view.id().to_owned(),
            client_id: client_id.to_owned(),
            api_id: api.id().to_owned(),
        };
        let detail = json!({ "api": api.identifier() });
        self.change(by, realm, command, AuditEvent::GrantDeleted, client_id, detail).await?;
        Ok(())
    }
}

/// Whether the caller holds all these scopes of an `admin` API itself: nobody hands out what they do not have.
pub(super) fn held<'s>(
    by: &Administrator,
    scopes: impl Iterator<Item = &'s ScopeName>,
) -> Result<(), AdminError> {
    for scope in scopes {
        if !by.holds(scope.as_str()) {
            return Err(AdminError::NotAllowed {
                right: Right::parse(scope.as_str()).unwrap_or(Right::ClientWrite).as_str(),
                detail: format!(
                    "nobody gives or takes {scope}, or changes a client that has it, without having it"
                ),
            });
        }
    }
    Ok(())
}

/// By fidesops' rules: whether a client has nothing beyond the caller's own scopes of the default API.
pub(super) fn within_bounds(
    by: &Administrator,
    view: &RealmView,
    record: &ClientRecord,
) -> Result<(), AdminError> {
    let Some(own) = by.bounds() else { return Ok(()) };
    let default = view.builtin(BuiltIn::Default).map(|api| api.id());
    let within = record.grants.iter().all(|grant| {
        let mut scopes = grant.default.iter().chain(&grant.optional);
        default == Some(grant.api_id.as_str())
            && scopes.all(|scope| own.iter().any(|held| held == scope.as_str()))
    });
    if within { Ok(()) } else { Err(beyond("the client has more than the caller")) }
}

/// Whether the caller may give what `grant` gives on `api`.
fn may_give(by: &Administrator, api: &ApiView, grant: &Grant) -> Result<(), AdminError> {
    let scopes = || grant.default.iter().chain(&grant.optional);
    match api.api().builtin {
        Some(BuiltIn::Admin) => held(by, scopes()),
        Some(BuiltIn::Default) => by.may_give(&scopes().map(ScopeName::as_str).collect::<Vec<_>>()),
        None if by.bounds().is_some() => Err(beyond("the caller gives scopes of the default API alone")),
        None => Ok(()),
    }
}

fn beyond(detail: &str) -> AdminError {
    AdminError::NotAllowed { right: Right::ClientWrite.as_str(), detail: detail.to_owned() }
}

pub(super) fn body(view: &RealmView, grant: &Grant) -> GrantBody {
    let names = |scopes: &[ScopeName]| scopes.iter().map(ToString::to_string).collect();
    let api = view.api_by_id(&grant.api_id).map_or(grant.api_id.as_str(), |api| api.identifier());
    GrantBody {
        api: api.to_owned(),
        api_id: grant.api_id.clone(),
        default: names(&grant.default),
        optional: names(&grant.optional),
    }
}

/// The grant that `put` means on `api`: scopes of that API, each once.
fn wanted(api: &ApiView, put: &GrantPut) -> Result<Grant, AdminError> {
    let mut seen = HashSet::new();
    let default = rule::scope_names("default", &put.default, &mut seen)?;
    let optional = rule::scope_names("optional", &put.optional, &mut seen)?;
    for (field, names) in [("default", &default), ("optional", &optional)] {
        if let Some(name) = names.iter().find(|name| !api.has_scope(name.as_str())) {
            let rule = format!("the API {} has no scope {name}; add it there first", api.identifier());
            return Err(AdminError::invalid(field, rule));
        }
    }
    let joined = default.iter().chain(&optional).map(|name| name.as_str().len() + 1).sum::<usize>();
    if joined > MAX_JOINED + 1 {
        let rule = "the scopes of a grant take at most 4096 bytes with the spaces between: a token may hold all of them";
        return Err(AdminError::invalid("default", rule));
    }
    Ok(Grant { api_id: api.id().to_owned(), default, optional })
}

fn no_grant(client_id: &str, api: &ApiView) -> AdminError {
    AdminError::NotFound(format!("the client {client_id} has no grant on {}", api.identifier()))
}

const MAX_GRANTS: usize = 100;
/// With the claims of a client and what every token has, this stays far below what we read of a token, 16 KiB.
const MAX_JOINED: usize = 4096;
