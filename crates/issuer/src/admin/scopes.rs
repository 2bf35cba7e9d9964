//! Commands on the scopes of an API.

use countersign_proto::admin::{NewScope, Page, ScopeBody, ScopePatch};
use countersign_proto::scope::ScopeName;
use serde_json::json;

use super::apis::api_of;
use super::page::page;
use super::{AdminError, Administrator, At, PageAsk, Right, rule};
use crate::api::{BuiltIn, Scope};
use crate::audit::AuditEvent;
use crate::issuer::Issuer;
use crate::refusal::Fault;
use crate::registry::{ApiView, RealmView};
use crate::store::Command;

impl Issuer {
    /// Adds a scope to an API; `api:write`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn create_scope(
        &self,
        by: &Administrator,
        realm: &str,
        api: &str,
        new: NewScope,
    ) -> Result<At<ScopeBody>, AdminError> {
        by.may(Right::ApiWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::ApiWrite, realm)?;
        let shown = changeable(api_of(&view, api)?)?;
        let scope = scope("name", new)?;
        if shown.has_scope(scope.name.as_str()) {
            let detail = format!("the API {} has a scope {} already", shown.identifier(), scope.name);
            return Err(AdminError::Conflict { field: "name".to_owned(), detail });
        }
        if shown.api().scopes.len() >= MAX_SCOPES {
            return Err(AdminError::Conflict { field: String::new(), detail: TOO_MANY.to_owned() });
        }
        check_room(&view, 1)?;
        let detail = json!({ "scope": scope.name.as_str() });
        let (name, at) = (scope.name.clone(), self.now());
        let command =
            Command::CreateScope { realm_id: view.id().to_owned(), api_id: shown.id().to_owned(), scope, at };
        self.change(by, realm, command, AuditEvent::ScopeCreated, shown.identifier(), detail).await?;
        self.shown_scope(realm, shown.id(), name.as_str())
    }

    /// Shows a scope; `api:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn read_scope(
        &self,
        by: &Administrator,
        realm: &str,
        api: &str,
        scope: &str,
    ) -> Result<At<ScopeBody>, AdminError> {
        let view = self.realm_for(by, Right::ApiRead, realm)?;
        let api = api_of(&view, api)?;
        Ok(At { body: body(scope_of(api, scope)?), revision: api.api().revision })
    }

    /// Lists the scopes of an API by name; `api:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn list_scopes(
        &self,
        by: &Administrator,
        realm: &str,
        api: &str,
        ask: &PageAsk<'_>,
    ) -> Result<Page<ScopeBody>, AdminError> {
        let view = self.realm_for(by, Right::ApiRead, realm)?;
        let mut scopes: Vec<_> = api_of(&view, api)?.api().scopes.iter().collect();
        scopes.sort_by(|one, other| one.name.cmp(&other.name));
        page("scopes", scopes.into_iter().map(|scope| (scope.name.to_string(), body(scope))), ask)
    }

    /// Changes the description of a scope; `api:write`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn update_scope(
        &self,
        by: &Administrator,
        realm: &str,
        api: &str,
        scope: &str,
        patch: ScopePatch,
        expected: Option<i64>,
    ) -> Result<At<ScopeBody>, AdminError> {
        by.may(Right::ApiWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::ApiWrite, realm)?;
        let shown = changeable(api_of(&view, api)?)?;
        let before = scope_of(shown, scope)?;
        super::unchanged_since(expected, shown.api().revision)?;
        let mut after = before.clone();
        patch.description.apply_or(&mut after.description, String::new());
        rule::text("description", &after.description, rule::MAX_DESCRIPTION)?;
        if after != *before {
            let detail = json!({ "scope": scope, "description": after.description });
            let command = Command::UpdateScope {
                realm_id: view.id().to_owned(),
                api_id: shown.id().to_owned(),
                scope: after,
                at: self.now(),
            };
            self.change(by, realm, command, AuditEvent::ScopeUpdated, shown.identifier(), detail).await?;
        }
        self.shown_scope(realm, shown.id(), scope)
    }

    /// Removes a scope from its API and from every grant on it; `api:write`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn delete_scope(
        &self,
        by: &Administrator,
        realm: &str,
        api: &str,
        scope: &str,
        expected: Option<i64>,
    ) -> Result<(), AdminError> {
        by.may(Right::ApiWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::ApiWrite, realm)?;
        let shown = changeable(api_of(&view, api)?)?;
        let name = scope_of(shown, scope)?.name.clone();
        super::unchanged_since(expected, shown.api().revision)?;
        let command = Command::DeleteScope {
            realm_id: view.id().to_owned(),
            api_id: shown.id().to_owned(),
            name,
            at: self.now(),
        };
        let detail = json!({ "scope": scope });
        self.change(by, realm, command, AuditEvent::ScopeDeleted, shown.identifier(), detail).await?;
        Ok(())
    }

    fn shown_scope(&self, realm: &str, api_id: &str, scope: &str) -> Result<At<ScopeBody>, AdminError> {
        let gone = || Fault::Broken(format!("the API {api_id} is not in memory after its change"));
        let view = self.realm(realm).ok_or_else(gone)?;
        let api = view.api_by_id(api_id).ok_or_else(gone)?;
        Ok(At { body: body(scope_of(api, scope)?), revision: api.api().revision })
    }
}

/// A scope as somebody wants it; `field` is where its name stands.
pub(super) fn scope(field: &str, new: NewScope) -> Result<Scope, AdminError> {
    let name = ScopeName::parse(&new.name).map_err(|error| AdminError::invalid(field, error))?;
    let described = if field == "name" { "description" } else { field };
    rule::text(described, &new.description, rule::MAX_DESCRIPTION)?;
    Ok(Scope { name, description: new.description })
}

/// Whether a realm has room for so many more scopes.
pub(super) fn check_room(view: &RealmView, more: usize) -> Result<(), AdminError> {
    let there = view.apis().iter().map(|api| api.api().scopes.len()).sum::<usize>();
    if there + more <= MAX_IN_REALM {
        return Ok(());
    }
    let detail = format!("a realm has at most {MAX_IN_REALM} scopes; delete some, or make another realm");
    Err(AdminError::Conflict { field: String::new(), detail })
}

/// The rights to administer are ours to name.
fn changeable(api: &ApiView) -> Result<&ApiView, AdminError> {
    if api.api().builtin == Some(BuiltIn::Admin) {
        let detail = "the scopes of the built-in API admin cannot be changed".to_owned();
        return Err(AdminError::Conflict { field: String::new(), detail });
    }
    Ok(api)
}

fn scope_of<'a>(api: &'a ApiView, name: &str) -> Result<&'a Scope, AdminError> {
    let missing = || AdminError::NotFound(format!("the API {} has no scope {name:?}", api.identifier()));
    api.api().scopes.iter().find(|scope| scope.name.as_str() == name).ok_or_else(missing)
}

fn body(scope: &Scope) -> ScopeBody {
    ScopeBody { name: scope.name.to_string(), description: scope.description.clone() }
}

/// As many as one request may ask for.
pub(super) const MAX_SCOPES: usize = 1000;
/// All of them are read whenever one changes.
const MAX_IN_REALM: usize = 10_000;
pub(super) const TOO_MANY: &str = "an API has at most 1000 scopes";
