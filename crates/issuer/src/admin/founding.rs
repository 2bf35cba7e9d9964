//! What a realm starts with: its built-in APIs, and the scopes of its template.

use countersign_proto::scope::ScopeName;
use countersign_proto::time::UnixTime;

use super::Right;
use super::fidesops_scopes::FIDESOPS_SCOPES;
use crate::api::{Api, BuiltIn, Scope};
use crate::random::{NoRandomness, Random, id};
use crate::realm::{Realm, Template};

/// The APIs `default` and `admin` of a realm that is being made.
pub(crate) fn built_in_apis(
    realm: &Realm,
    now: UnixTime,
    random: &dyn Random,
) -> Result<Vec<Api>, NoRandomness> {
    let api = |builtin: BuiltIn, name: &str, scopes: Vec<Scope>| {
        Ok(Api {
            id: id(random, "api_")?,
            realm_id: realm.id.clone(),
            identifier: builtin.as_str().to_owned(),
            builtin: Some(builtin),
            name: name.to_owned(),
            scopes,
            token_lifetime: None,
            algorithm: None,
            profile: None,
            enabled: true,
            created_at: now,
            updated_at: now,
            revision: 0,
        })
    };
    let rights = Right::ALL.iter().filter_map(|right| scope(right.as_str(), right.description())).collect();
    Ok(vec![
        api(BuiltIn::Default, "Scopes that name no API", template_scopes(realm.template))?,
        api(BuiltIn::Admin, "Administration of this realm", rights)?,
    ])
}

/// The scopes of the default API that a new client gets by default: what Keycloak gives there.
pub(crate) fn default_scopes_of_new_clients(template: Option<Template>) -> &'static [&'static str] {
    match template {
        Some(Template::Keycloak) => &["profile", "email"],
        Some(Template::Fidesops) | None => &[],
    }
}

fn template_scopes(template: Option<Template>) -> Vec<Scope> {
    match template {
        None => Vec::new(),
        Some(Template::Keycloak) => ["profile", "email"].iter().filter_map(|name| scope(name, "")).collect(),
        Some(Template::Fidesops) => FIDESOPS_SCOPES.iter().filter_map(|name| scope(name, "")).collect(),
    }
}

fn scope(name: &str, description: &str) -> Option<Scope> {
    Some(Scope { name: ScopeName::parse(name).ok()?, description: description.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The filters above drop nothing.
    #[test]
    fn every_name_is_a_scope() {
        assert_eq!(template_scopes(Some(Template::Keycloak)).len(), 2);
        assert_eq!(template_scopes(Some(Template::Fidesops)).len(), FIDESOPS_SCOPES.len());
        assert!(Right::ALL.iter().all(|right| scope(right.as_str(), right.description()).is_some()));
    }
}
