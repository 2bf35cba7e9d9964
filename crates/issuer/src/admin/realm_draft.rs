//! Realms as somebody wants them, valid in themselves: what profile, template and hosts bring with them.

use countersign_proto::admin::{NewRealm, RealmPatch};

use super::{AdminError, origin, rule};
use crate::issuer::Issuer;
use crate::random::id;
use crate::realm::{Dialect, Profile, Realm, SYSTEM, Template};

impl Issuer {
    /// A realm as its founder wants it.
    pub(super) fn founded(&self, new: &NewRealm) -> Result<Realm, AdminError> {
        rule::realm_name(&new.name)?;
        let profile = new.profile.as_deref().map(profile).transpose()?.unwrap_or_default();
        let template = new.template.as_deref().map(template).transpose()?;
        let hosts = origin::hosts(new.hosts.as_deref().unwrap_or_default())?;
        let given = new.issuer.as_deref().map(given_issuer).transpose()?;
        let now = self.now();
        Ok(Realm {
            id: id(self.random(), "realm_")?,
            name: new.name.clone(),
            issuer: match given {
                Some(given) => Some(given),
                None => origin::derived_issuer(profile, &hosts).as_deref().map(given_issuer).transpose()?,
            },
            hosts,
            profile,
            template,
            dialects: match &new.dialects {
                Some(words) => dialects(words)?,
                None => default_dialects(profile, template),
            },
            algorithm: new.algorithm.as_deref().map(rule::algorithm).transpose()?,
            token_lifetime: new.token_lifetime.map(rule::lifetime).transpose()?,
            enabled: true,
            created_at: now,
            updated_at: now,
            revision: 0,
        })
    }
}

/// A realm as it shall be.
pub(super) fn patched(before: &Realm, patch: RealmPatch) -> Result<Realm, AdminError> {
    let mut after = before.clone();
    let profile_words = patch.profile.try_map(|word| profile(&word))?;
    profile_words.apply_or(&mut after.profile, Profile::default());
    patch.hosts.try_map(|given| origin::hosts(&given))?.apply_or(&mut after.hosts, Vec::new());
    let given = patch.issuer.try_map(|given| given_issuer(&given))?;
    let untouched = given.is_keep();
    given.apply(&mut after.issuer);
    let was_derived = before.issuer == origin::derived_issuer(before.profile, &before.hosts);
    if after.issuer.is_none() || (untouched && was_derived) {
        after.issuer = origin::derived_issuer(after.profile, &after.hosts);
    }
    if let Some(issuer) = after.issuer.as_ref().filter(|_| after.issuer != before.issuer) {
        origin::issuer(issuer)?;
    }
    let default = default_dialects(after.profile, after.template);
    patch.dialects.try_map(|words| dialects(&words))?.apply_or(&mut after.dialects, default);
    patch.algorithm.try_map(|name| rule::algorithm(&name))?.apply(&mut after.algorithm);
    patch.token_lifetime.try_map(rule::lifetime)?.apply(&mut after.token_lifetime);
    patch.enabled.apply_or(&mut after.enabled, before.enabled);
    if after.name == SYSTEM && !after.enabled {
        return Err(AdminError::invalid("enabled", format!("the realm {SYSTEM} cannot be disabled")));
    }
    if after.name == SYSTEM && after.profile != before.profile {
        return Err(AdminError::invalid(
            "profile",
            format!("the profile of the realm {SYSTEM} cannot be changed"),
        ));
    }
    Ok(after)
}

fn given_issuer(given: &str) -> Result<String, AdminError> {
    origin::issuer(given)?;
    Ok(given.to_owned())
}

pub(super) fn profile(word: &str) -> Result<Profile, AdminError> {
    rule::word("profile", word, Profile::parse, &["rfc9068", "keycloak", "auth0"])
}

fn template(word: &str) -> Result<Template, AdminError> {
    rule::word("template", word, Template::parse, &["keycloak", "fidesops"])
}

fn dialects(words: &[String]) -> Result<Vec<Dialect>, AdminError> {
    let mut dialects = Vec::new();
    for word in words {
        let dialect = rule::word("dialects", word, Dialect::parse, &["keycloak", "auth0", "fidesops"])?;
        if dialects.contains(&dialect) {
            return Err(AdminError::invalid("dialects", "dialects holds each value once"));
        }
        dialects.push(dialect);
    }
    Ok(dialects)
}

/// The dialects that profile and template name.
fn default_dialects(profile: Profile, template: Option<Template>) -> Vec<Dialect> {
    let of_profile = match profile {
        Profile::Rfc9068 => None,
        Profile::Keycloak => Some(Dialect::Keycloak),
        Profile::Auth0 => Some(Dialect::Auth0),
    };
    let of_template = template.map(|template| match template {
        Template::Keycloak => Dialect::Keycloak,
        Template::Fidesops => Dialect::Fidesops,
    });
    let second = of_template.filter(|dialect| of_profile != Some(*dialect));
    of_profile.into_iter().chain(second).collect()
}

#[cfg(test)]
mod tests {
    use countersign_proto::admin::Change;
    use countersign_proto::time::UnixTime;

    use super::*;

    fn realm(profile: Profile, hosts: &[&str], issuer: Option<&str>) -> Realm {
        Realm {
            id: "rlm_1".to_owned(),
            name: "myorg".to_owned(),
            issuer: issuer.map(str::to_owned),
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            profile,
            template: None,
            dialects: default_dialects(profile, None),
            algorithm: None,
            token_lifetime: None,
            enabled: true,
            created_at: UnixTime(1),
            updated_at: UnixTime(1),
            revision: 7,
        }
    }

    /// Issue 3, the contract: dialects are those that profile and template name.
    #[test]
    fn dialects_follow_profile_and_template() {
        use Dialect::{Auth0, Fidesops, Keycloak};
        assert_eq!(default_dialects(Profile::Rfc9068, None), []);
        assert_eq!(default_dialects(Profile::Keycloak, Some(Template::Keycloak)), [Keycloak]);
        assert_eq!(default_dialects(Profile::Rfc9068, Some(Template::Keycloak)), [Keycloak]);
        assert_eq!(default_dialects(Profile::Auth0, Some(Template::Fidesops)), [Auth0, Fidesops]);
    }

    /// Issue 3, the contract: in the profile `auth0` with hosts the issuer follows the first host, unless it was given.
    #[test]
    fn the_issuer_follows_the_host_only_where_it_was_derived() {
        let derived = realm(Profile::Auth0, &["a.example"], Some("https://a.example/"));
        let hosts =
            |host: &str| RealmPatch { hosts: Change::Set(vec![host.to_owned()]), ..RealmPatch::default() };
        let moved = patched(&derived, hosts("b.example")).unwrap();
        assert_eq!(moved.issuer.as_deref(), Some("https://b.example/"));
        let given = realm(Profile::Auth0, &["a.example"], Some("https://given.example/"));
        let kept = patched(&given, hosts("b.example")).unwrap();
        assert_eq!(kept.issuer.as_deref(), Some("https://given.example/"));
        let cleared = patched(&given, RealmPatch { issuer: Change::Clear, ..RealmPatch::default() }).unwrap();
        assert_eq!(cleared.issuer.as_deref(), Some("https://a.example/"));
        let plain = realm(Profile::Rfc9068, &["a.example"], None);
        assert_eq!(patched(&plain, hosts("b.example")).unwrap().issuer, None);
        assert!(patched(&derived, hosts("b.example:443")).is_err(), "what is derived keeps the rules, too");
        assert_eq!(patched(&plain, RealmPatch::default()).unwrap(), plain);
    }
}
