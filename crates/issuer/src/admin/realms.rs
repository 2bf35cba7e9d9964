//! Commands on realms.

use countersign_proto::admin::{NewRealm, Page, RealmBody, RealmPatch};
use serde_json::json;

use super::founding::built_in_apis;
use super::page::page;
use super::realm_draft::patched;
use super::spare::{Halt, Spares};
use super::{AdminError, Administrator, At, PageAsk, Right, origin};
use crate::audit::AuditEvent;
use crate::issuer::Issuer;
use crate::realm::{Realm, SYSTEM};
use crate::refusal::Fault;
use crate::registry::{RealmView, default_issuer};
use crate::store::Command;

impl Issuer {
    /// Makes a realm with its built-in APIs and its first signing key.
    ///
    /// # Errors
    /// [`AdminError`]; the right is `realm:write` in `system`.
    pub async fn create_realm(&self, by: &Administrator, new: NewRealm) -> Result<At<RealmBody>, AdminError> {
        by.may_everywhere(Right::RealmWrite)?;
        let realm = self.founded(&new)?;
        self.with_spares(|spares| self.found_realm(by, &new, realm.clone(), spares)).await
    }

    async fn found_realm(
        &self,
        by: &Administrator,
        new: &NewRealm,
        realm: Realm,
        spares: Spares,
    ) -> Result<At<RealmBody>, Halt> {
        let turn = self.turn(by).await?;
        let by = &turn.by;
        by.may_everywhere(Right::RealmWrite)?;
        if self.realm(&realm.name).is_some() {
            let detail = format!("there is a realm {} already; choose another name", realm.name);
            return Err(AdminError::Conflict { field: "name".to_owned(), detail }.into());
        }
        self.check_place(&realm)?;
        let apis = built_in_apis(&realm, self.now(), self.random())?;
        let keys = self.missing_keys(&realm, &apis, &[], spares)?;
        let name = realm.name.clone();
        let detail = json!(new);
        let command = Command::CreateRealm { realm, apis, keys };
        self.change(by, &name, command, AuditEvent::RealmCreated, &name, detail).await?;
        Ok(self.shown_realm(&name)?)
    }

    /// Shows a realm; `realm:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn read_realm(&self, by: &Administrator, realm: &str) -> Result<At<RealmBody>, AdminError> {
        self.realm_for(by, Right::RealmRead, realm)?;
        self.shown_realm(realm)
    }

    /// Lists the realms within the caller's reach, by name; `realm:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub fn list_realms(&self, by: &Administrator, ask: &PageAsk<'_>) -> Result<Page<RealmBody>, AdminError> {
        let realms: Vec<_> = self
            .realms()
            .into_iter()
            .filter(|realm| by.may(Right::RealmRead, realm.name()).is_ok())
            .collect();
        if realms.is_empty() {
            // Every administrator has a realm of its own: with none left, the right is what is missing.
            return Err(AdminError::lacking(Right::RealmRead));
        }
        page("realms", realms.iter().map(|realm| (realm.name().to_owned(), body(realm))), ask)
    }

    /// Changes a realm; `realm:write`, and in `system` for issuer and hosts.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn update_realm(
        &self,
        by: &Administrator,
        realm: &str,
        patch: RealmPatch,
        expected: Option<i64>,
    ) -> Result<At<RealmBody>, AdminError> {
        by.may(Right::RealmWrite, realm)?;
        self.with_spares(|spares| self.patch_realm(by, realm, &patch, expected, spares)).await
    }

    async fn patch_realm(
        &self,
        by: &Administrator,
        realm: &str,
        patch: &RealmPatch,
        expected: Option<i64>,
        spares: Spares,
    ) -> Result<At<RealmBody>, Halt> {
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let view = self.realm_for(by, Right::RealmWrite, realm)?;
        let before = view.realm();
        super::unchanged_since(expected, before.revision)?;
        let mut after = patched(before, patch.clone())?;
        if after.issuer != before.issuer || after.hosts != before.hosts {
            by.may_everywhere(Right::RealmWrite)?;
            self.check_place(&after)?;
        }
        check_identifiers(&after, &view, &self.settings().public_url)?;
        if after == *before {
            return Ok(self.shown_realm(realm)?);
        }
        after.updated_at = self.now();
        let keys = self.missing_keys(&after, &view.record().apis, &view.record().keys, spares)?;
        let command = Command::UpdateRealm { realm: after, keys, expected };
        self.change(by, realm, command, AuditEvent::RealmUpdated, realm, json!(patch)).await?;
        Ok(self.shown_realm(realm)?)
    }

    /// Removes a realm with all that it has; `realm:write` in `system`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn delete_realm(
        &self,
        by: &Administrator,
        realm: &str,
        expected: Option<i64>,
    ) -> Result<(), AdminError> {
        by.may(Right::RealmWrite, realm)?;
        by.may_everywhere(Right::RealmWrite)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        by.may_everywhere(Right::RealmWrite)?;
        let view = self.realm_for(by, Right::RealmWrite, realm)?;
        if realm == SYSTEM {
            let detail =
                format!("the realm {SYSTEM} cannot be deleted: it is where all realms are administered");
            return Err(AdminError::Conflict { field: String::new(), detail });
        }
        super::unchanged_since(expected, view.realm().revision)?;
        let command = Command::DeleteRealm { realm_id: view.id().to_owned(), expected };
        self.change(by, realm, command, AuditEvent::RealmDeleted, realm, json!({ "issuer": view.issuer() }))
            .await?;
        Ok(())
    }

    /// The realm of this name, if the caller has `right` there.
    pub(super) fn realm_for(
        &self,
        by: &Administrator,
        right: Right,
        realm: &str,
    ) -> Result<std::sync::Arc<RealmView>, AdminError> {
        by.may(right, realm)?;
        self.realm(realm).ok_or_else(|| AdminError::NotFound(format!("there is no realm {realm:?}")))
    }

    fn shown_realm(&self, realm: &str) -> Result<At<RealmBody>, AdminError> {
        let gone = || Fault::Broken(format!("the realm {realm} is not in memory after its change"));
        let view = self.realm(realm).ok_or_else(gone)?;
        Ok(At { body: body(&view), revision: view.realm().revision })
    }

    /// No other realm has this issuer or one of these hosts, nor would have the issuer by default.
    fn check_place(&self, realm: &Realm) -> Result<(), AdminError> {
        let public_url = &self.settings().public_url;
        let conflict =
            |field: &str, detail: String| Err(AdminError::Conflict { field: field.to_owned(), detail });
        if let Some(issuer) = &realm.issuer
            && origin::takes_a_default(issuer, public_url, &realm.name)
        {
            return conflict(
                "issuer",
                format!("issuers under {public_url}/realms/ belong to the realms of those names"),
            );
        }
        let issuer = realm.issuer.clone().unwrap_or_else(|| default_issuer(public_url, &realm.name));
        for other in self.realms().iter().filter(|other| other.id() != realm.id) {
            if origin::same_place(other.issuer(), &issuer) {
                return conflict("issuer", format!("{issuer} is the issuer of another realm"));
            }
            if let Some(host) = realm.hosts.iter().find(|host| other.realm().hosts.contains(host)) {
                return conflict("hosts", format!("{host} is bound to another realm"));
            }
        }
        Ok(())
    }
}

/// No API of the realm comes to be called like one of the built-in ones, which follow issuer and profile.
fn check_identifiers(after: &Realm, view: &RealmView, public_url: &str) -> Result<(), AdminError> {
    let issuer = after.issuer.clone().unwrap_or_else(|| default_issuer(public_url, &after.name));
    let users = view.apis().iter().filter(|api| api.api().builtin.is_none());
    for api in users {
        if origin::identifier_is_ours(api.identifier(), after, &issuer).is_some() {
            let field = if after.profile == view.realm().profile { "issuer" } else { "profile" };
            let detail =
                format!("the API {} would take an audience of the server; delete it first", api.identifier());
            return Err(AdminError::Conflict { field: field.to_owned(), detail });
        }
    }
    Ok(())
}

fn body(view: &RealmView) -> RealmBody {
    let realm = view.realm();
    RealmBody {
        name: realm.name.clone(),
        issuer: view.issuer().to_owned(),
        profile: realm.profile.to_string(),
        template: realm.template.map(|template| template.to_string()),
        dialects: realm.dialects.iter().map(ToString::to_string).collect(),
        hosts: realm.hosts.clone(),
        algorithm: realm.signing_algorithm().as_str().to_owned(),
        token_lifetime: realm.lifetime(),
        enabled: realm.enabled,
        created_at: realm.created_at,
        updated_at: realm.updated_at,
    }
}
