//! Commands on APIs.

use std::collections::HashSet;
use std::slice;
use std::sync::Arc;

use countersign_proto::admin::{ApiBody, ApiPatch, NewApi, Page, ScopeBody};
use countersign_proto::audience::ApiIdentifier;
use serde_json::json;

use super::page::page;
use super::spare::{Halt, Spares};
use super::{AdminError, Administrator, At, PageAsk, Right, origin, realm_draft, rule, scopes};
use crate::api::{Api, BuiltIn};
use crate::audit::AuditEvent;
use crate::issuer::Issuer;
use crate::random::id;
use crate::refusal::Fault;
use crate::registry::{ApiView, RealmView};
use crate::store::Command;

impl Issuer {
    /// Registers an API with its first scopes; `api:write`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn create_api(
        &self,
        by: &Administrator,
        realm: &str,
        new: NewApi,
    ) -> Result<At<ApiBody>, AdminError> {
        by.may(Right::ApiWrite, realm)?;
        self.with_spares(|spares| self.register_api(by, realm, &new, spares)).await
    }

    async fn register_api(
        &self,
        by: &Administrator,
        realm: &str,
        new: &NewApi,
        spares: Spares,
    ) -> Result<At<ApiBody>, Halt> {
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::ApiWrite, realm)?;
        let api = self.registered(&view, new.clone())?;
        if view.apis().len() >= MAX_APIS {
            let detail = format!("a realm has at most {MAX_APIS} APIs; delete one, or make another realm");
            return Err(AdminError::Conflict { field: String::new(), detail }.into());
        }
        scopes::check_room(&view, api.scopes.len())?;
        let keys = self.missing_keys(view.realm(), slice::from_ref(&api), &view.record().keys, spares)?;
        let (id, subject) = (api.id.clone(), api.identifier.clone());
        let names: Vec<_> = api.scopes.iter().map(|scope| scope.name.as_str()).collect();
        let detail = json!({ "id": id, "scopes": names });
        self.change(by, realm, Command::CreateApi { api, keys }, AuditEvent::ApiCreated, &subject, detail)
            .await?;
        Ok(self.shown_api(realm, &id)?)
    }

    /// Shows an API; `api:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn read_api(&self, by: &Administrator, realm: &str, api: &str) -> Result<At<ApiBody>, AdminError> {
        let view = self.realm_for(by, Right::ApiRead, realm)?;
        let api = api_of(&view, api)?;
        Ok(At { body: body(api), revision: api.api().revision })
    }

    /// Lists the APIs of a realm, the built-in ones first, then by identifier; `api:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn list_apis(
        &self,
        by: &Administrator,
        realm: &str,
        ask: &PageAsk<'_>,
    ) -> Result<Page<ApiBody>, AdminError> {
        let view = self.realm_for(by, Right::ApiRead, realm)?;
        let mut apis: Vec<_> = view.apis().iter().map(|api| (place(api), api)).collect();
        apis.sort_by(|one, other| one.0.cmp(&other.0));
        page("apis", apis.into_iter().map(|(place, api)| (place, body(api))), ask)
    }

    /// Changes an API; `api:write`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn update_api(
        &self,
        by: &Administrator,
        realm: &str,
        api: &str,
        patch: ApiPatch,
        expected: Option<i64>,
    ) -> Result<At<ApiBody>, AdminError> {
        by.may(Right::ApiWrite, realm)?;
        self.with_spares(|spares| self.patch_api(by, realm, api, &patch, expected, spares)).await
    }

    async fn patch_api(
        &self,
        by: &Administrator,
        realm: &str,
        api: &str,
        patch: &ApiPatch,
        expected: Option<i64>,
        spares: Spares,
    ) -> Result<At<ApiBody>, Halt> {
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::ApiWrite, realm)?;
        let shown = api_of(&view, api)?;
        let before = shown.api();
        super::unchanged_since(expected, before.revision)?;
        let mut after = patched(before, patch.clone())?;
        if after != *before {
            after.updated_at = self.now();
            let keys =
                self.missing_keys(view.realm(), slice::from_ref(&after), &view.record().keys, spares)?;
            let command = Command::UpdateApi { api: after, keys, expected };
            self.change(by, realm, command, AuditEvent::ApiUpdated, shown.identifier(), json!(patch)).await?;
        }
        Ok(self.shown_api(realm, &before.id)?)
    }

    /// Removes an API with its scopes and every grant on it; `api:write`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn delete_api(
        &self,
        by: &Administrator,
        realm: &str,
        api: &str,
        expected: Option<i64>,
    ) -> Result<(), AdminError> {
        by.may(Right::ApiWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::ApiWrite, realm)?;
        let shown = api_of(&view, api)?;
        if let Some(builtin) = shown.api().builtin {
            let detail = format!("the built-in API {builtin} cannot be deleted");
            return Err(AdminError::Conflict { field: String::new(), detail });
        }
        super::unchanged_since(expected, shown.api().revision)?;
        let command =
            Command::DeleteApi { realm_id: view.id().to_owned(), api_id: shown.id().to_owned(), expected };
        let detail = json!({ "id": shown.id() });
        self.change(by, realm, command, AuditEvent::ApiDeleted, shown.identifier(), detail).await?;
        Ok(())
    }

    fn shown_api(&self, realm: &str, id: &str) -> Result<At<ApiBody>, AdminError> {
        let gone = || Fault::Broken(format!("the API {id} is not in memory after its change"));
        let view = self.realm(realm).ok_or_else(gone)?;
        let api = view.api_by_id(id).ok_or_else(gone)?;
        Ok(At { body: body(api), revision: api.api().revision })
    }

    /// An API as it is registered, valid in itself and beside the others.
    fn registered(&self, view: &RealmView, new: NewApi) -> Result<Api, AdminError> {
        let identifier = ApiIdentifier::parse(&new.identifier)
            .map_err(|error| AdminError::invalid("identifier", error))?;
        if let Some(rule) = origin::identifier_is_ours(identifier.as_str(), view.realm(), view.issuer()) {
            return Err(AdminError::invalid("identifier", rule));
        }
        if view.api(identifier.as_str()).is_some() {
            let detail = format!("there is an API {identifier} already; choose another identifier");
            return Err(AdminError::Conflict { field: "identifier".to_owned(), detail });
        }
        rule::text("name", &new.name, rule::MAX_NAME)?;
        if new.scopes.len() > scopes::MAX_SCOPES {
            return Err(AdminError::invalid("scopes", scopes::TOO_MANY));
        }
        let mut names = HashSet::with_capacity(new.scopes.len());
        let mut all = Vec::with_capacity(new.scopes.len());
        for scope in new.scopes {
            let scope = scopes::scope("scopes", scope)?;
            if !names.insert(scope.name.clone()) {
                return Err(AdminError::invalid("scopes", format!("the scope {} stands twice", scope.name)));
            }
            all.push(scope);
        }
        let now = self.now();
        Ok(Api {
            id: id(self.random(), "api_")?,
            realm_id: view.id().to_owned(),
            identifier: identifier.into(),
            builtin: None,
            name: new.name,
            scopes: all,
            token_lifetime: new.token_lifetime.map(rule::lifetime).transpose()?,
            algorithm: new.algorithm.as_deref().map(rule::algorithm).transpose()?,
            profile: new.profile.as_deref().map(realm_draft::profile).transpose()?,
            enabled: true,
            created_at: now,
            updated_at: now,
            revision: 0,
        })
    }
}

/// The API that `word` in a URL or body means.
pub(super) fn api_of<'v>(view: &'v RealmView, word: &str) -> Result<&'v Arc<ApiView>, AdminError> {
    let missing = || AdminError::NotFound(format!("there is no API {word:?} in the realm {}", view.name()));
    view.api(word).ok_or_else(missing)
}

/// Where an API stands in lists.
pub(super) fn place(api: &ApiView) -> String {
    format!("{}{}", if api.api().builtin.is_some() { '0' } else { '1' }, api.api().identifier)
}

fn patched(before: &Api, patch: ApiPatch) -> Result<Api, AdminError> {
    let mut after = before.clone();
    patch.name.apply_or(&mut after.name, String::new());
    rule::text("name", &after.name, rule::MAX_NAME)?;
    patch.token_lifetime.try_map(rule::lifetime)?.apply(&mut after.token_lifetime);
    patch.algorithm.try_map(|name| rule::algorithm(&name))?.apply(&mut after.algorithm);
    patch.profile.try_map(|word| realm_draft::profile(&word))?.apply(&mut after.profile);
    patch.enabled.apply_or(&mut after.enabled, before.enabled);
    if after.builtin == Some(BuiltIn::Admin) {
        if !after.enabled {
            return Err(AdminError::invalid("enabled", "the built-in API admin cannot be disabled"));
        }
        if after.profile.is_some() {
            return Err(AdminError::invalid(
                "profile",
                "tokens for the built-in API admin are always rfc9068",
            ));
        }
    }
    Ok(after)
}

fn body(view: &ApiView) -> ApiBody {
    let api = view.api();
    let scope = |scope: &crate::api::Scope| ScopeBody {
        name: scope.name.to_string(),
        description: scope.description.clone(),
    };
    ApiBody {
        id: api.id.clone(),
        identifier: view.identifier().to_owned(),
        builtin: api.builtin.map(|builtin| builtin.to_string()),
        name: api.name.clone(),
        scopes: api.scopes.iter().map(scope).collect(),
        token_lifetime: api.token_lifetime,
        algorithm: api.algorithm.map(|algorithm| algorithm.as_str().to_owned()),
        profile: api.profile.map(|profile| profile.to_string()),
        enabled: api.enabled,
        created_at: api.created_at,
        updated_at: api.updated_at,
    }
}

/// All of them are read whenever one changes.
const MAX_APIS: usize = 1000;
