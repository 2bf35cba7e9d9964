//! What a realm is: one issuer, with its own keys, APIs, clients and policy.

use std::fmt;

use countersign_proto::jose::Algorithm;
use countersign_proto::time::UnixTime;
use serde::{Deserialize, Serialize};

/// A realm as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm {
    /// Our id of it; never shown, never used again.
    pub id: String,
    /// The name in every URL; unique.
    pub name: String,
    /// The issuer identifier where one was given; unique.
    pub issuer: Option<String>,
    /// Exact `host[:port]` values, lower case, each bound to one realm.
    pub hosts: Vec<String>,
    /// The shape of its tokens.
    pub profile: Profile,
    /// What it was made from.
    pub template: Option<Template>,
    /// The foreign URLs that are open.
    pub dialects: Vec<Dialect>,
    /// The signing algorithm where it is not the profile's.
    pub algorithm: Option<Algorithm>,
    /// Token lifetime in seconds where it is not the profile's.
    pub token_lifetime: Option<i64>,
    /// Whether tokens are issued.
    pub enabled: bool,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it was last changed.
    pub updated_at: UnixTime,
    /// The store's revision at its last change; its ETag.
    pub revision: i64,
}

impl Realm {
    /// The algorithm that signs unless an API says otherwise.
    #[must_use]
    pub fn signing_algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or(self.profile.algorithm())
    }

    /// Token lifetime in seconds unless an API or a client says otherwise.
    #[must_use]
    pub fn lifetime(&self) -> i64 {
        self.token_lifetime.unwrap_or(self.profile.lifetime())
    }
}

/// The shape in which a token is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// JWT access tokens after RFC 9068.
    #[default]
    Rfc9068,
    /// As Keycloak writes them.
    Keycloak,
    /// As Auth0 writes them.
    Auth0,
}

impl Profile {
    /// The signing algorithm where nothing says otherwise: what the profile's verifiers pin.
    #[must_use]
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Rfc9068 => Algorithm::ES256,
            Self::Keycloak | Self::Auth0 => Algorithm::RS256,
        }
    }

    /// Token lifetime in seconds where nothing says otherwise: the original's.
    #[must_use]
    pub fn lifetime(self) -> i64 {
        match self {
            Self::Rfc9068 => 3600,
            Self::Keycloak => 300,
            Self::Auth0 => 86_400,
        }
    }
}

/// What scopes and defaults a realm starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Template {
    /// `profile` and `email` on the default API, given to new clients by default.
    Keycloak,
    /// The scope registry of fidesops on the default API.
    Fidesops,
}

/// A set of foreign URLs, request and error shapes, mapped on the same decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// `/realms/{realm}/protocol/openid-connect/…`.
    Keycloak,
    /// `/oauth/token`, `/.well-known/jwks.json`.
    Auth0,
    /// `/api/v1/oauth/…`.
    Fidesops,
}

/// Writes `as_str`, `parse`, `Display` and the list of values for an enum of lower-case words.
macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it in bodies, configuration and the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words!(Profile { Rfc9068 = "rfc9068", Keycloak = "keycloak", Auth0 = "auth0" });
words!(Template { Keycloak = "keycloak", Fidesops = "fidesops" });
words!(Dialect { Keycloak = "keycloak", Auth0 = "auth0", Fidesops = "fidesops" });

/// The realm that every installation has; its `admin` API opens all realms.
pub const SYSTEM: &str = "system";
