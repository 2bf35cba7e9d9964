//! The audiences that are the server's own in a realm: computed here alone, for the views that issue and verify tokens
//! for them and for the rule that no API is called like one.

use crate::realm::Profile;

/// What the server's own audiences in a realm are.
pub(crate) struct Audiences<'i> {
    profile: Profile,
    base: &'i str,
}

impl<'i> Audiences<'i> {
    /// Those of a realm with this profile and this issuer.
    pub(crate) fn of(profile: Profile, issuer: &'i str) -> Self {
        Self { profile, base: base(issuer) }
    }

    /// The API `default`.
    pub(crate) fn default_api(&self) -> String {
        if self.profile == Profile::Keycloak { ACCOUNT.to_owned() } else { self.below(DEFAULT) }
    }

    /// The API `admin`.
    pub(crate) fn admin(&self) -> String {
        self.below(ADMIN)
    }

    /// The URLs of fidesops' client management, for its root.
    pub(crate) fn root_door(&self) -> String {
        self.below(ROOT_DOOR)
    }

    /// Whether tokens for `identifier` would be tokens for the server itself.
    pub(crate) fn has(&self, identifier: &str) -> bool {
        [self.default_api(), self.admin(), self.root_door()].iter().any(|own| own == identifier)
    }

    /// Why an API cannot be called `identifier`: it is one of them, or looks as if it were.
    pub(crate) fn why_reserved(&self, identifier: &str) -> Option<&'static str> {
        if self.profile == Profile::Keycloak && identifier == ACCOUNT {
            return Some("'account' is the identifier of the built-in default API of this realm");
        }
        let path = identifier.strip_prefix(self.base)?;
        let Some(path) = path.strip_prefix('/') else {
            return path.is_empty().then_some(ISSUER_ITSELF);
        };
        let path = path.trim_start_matches('/');
        let below =
            |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if path.is_empty() || path == DEFAULT {
            return Some(ISSUER_ITSELF);
        }
        [ADMIN, ROOT_DOOR, "oauth2"].into_iter().any(below).then_some(
            "'/admin', '/api/v1/oauth' and '/oauth2' behind the issuer are the server's own audiences",
        )
    }

    fn below(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }
}

/// An issuer without slashes at its end: what stands before a path.
pub(crate) fn base(issuer: &str) -> &str {
    issuer.trim_end_matches('/')
}

const ACCOUNT: &str = "account";
const DEFAULT: &str = "api";
const ADMIN: &str = "admin";
const ROOT_DOOR: &str = "api/v1/oauth";
const ISSUER_ITSELF: &str = "the issuer itself, and '/api' behind it, are the server's own audiences";

#[cfg(test)]
mod tests {
    use super::*;

    /// What a view issues tokens for is what nobody's API can be called, however the issuer ends.
    #[test]
    fn every_own_audience_is_reserved() {
        for issuer in ["https://a", "https://a/", "https://a//", "https://a/b", "https://a/b/"] {
            for &profile in Profile::ALL {
                let own = Audiences::of(profile, issuer);
                for audience in [own.default_api(), own.admin(), own.root_door()] {
                    assert!(own.has(&audience), "{issuer} {audience}");
                    assert!(own.why_reserved(&audience).is_some(), "{issuer} {audience}");
                }
            }
        }
    }

    #[test]
    fn what_looks_like_one_is_reserved_too() {
        let own = Audiences::of(Profile::Rfc9068, "https://a/");
        for look in ["https://a", "https://a/", "https://a//api", "https://a//admin", "https://a/admin/x"] {
            assert!(own.why_reserved(look).is_some(), "{look}");
        }
        for other in ["https://a.example", "https://a/apis", "https://a/api/v1", "https://b/admin", "account"]
        {
            assert!(own.why_reserved(other).is_none(), "{other}");
        }
    }
}
