//! The proof that somebody may administer, and what they may do now.

use std::fmt;
use std::sync::Arc;

use super::AdminError;
use crate::realm::SYSTEM;
use crate::registry::RealmView;

/// A caller whose token for an `admin` API was verified, with the rights that it has at this moment.
///
/// Made by `Issuer::administrator` alone, by [`Administrator::offline`] for commands run beside the database, and by
/// [`Administrator::door`] for a dialect that has its own management URLs.
#[derive(Clone, Debug)]
pub struct Administrator {
    actor: String,
    request_id: String,
    reach: Reach,
    rights: Vec<Right>,
    scopes: Arc<[String]>,
}

/// Where the rights hold.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    AllRealms,
    Realm(String),
}

/// A scope of the `admin` API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// `realm:read`.
    RealmRead,
    /// `realm:write`.
    RealmWrite,
    /// `api:read`.
    ApiRead,
    /// `api:write`.
    ApiWrite,
    /// `client:read`.
    ClientRead,
    /// `client:write`.
    ClientWrite,
    /// `key:read`.
    KeyRead,
    /// `key:write`.
    KeyWrite,
    /// `audit:read`.
    AuditRead,
}

crate::realm::words!(Right {
    RealmRead = "realm:read",
    RealmWrite = "realm:write",
    ApiRead = "api:read",
    ApiWrite = "api:write",
    ClientRead = "client:read",
    ClientWrite = "client:write",
    KeyRead = "key:read",
    KeyWrite = "key:write",
    AuditRead = "audit:read",
});

impl Right {
    /// What it permits, for people.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::RealmRead => "Read realms",
            Self::RealmWrite => "Create, change and delete realms",
            Self::ApiRead => "Read APIs and their scopes",
            Self::ApiWrite => "Create, change and delete APIs and their scopes",
            Self::ClientRead => "Read clients and their grants",
            Self::ClientWrite => "Create, change and delete clients, their secrets and grants",
            Self::KeyRead => "Read signing keys",
            Self::KeyWrite => "Create, rotate and retire signing keys",
            Self::AuditRead => "Read the audit trail",
        }
    }
}

impl Administrator {
    /// Somebody who has the database itself, and so every right.
    #[must_use]
    pub fn offline(actor: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            request_id: String::new(),
            reach: Reach::AllRealms,
            rights: Right::ALL.to_vec(),
            scopes: Right::ALL.iter().map(|right| right.as_str().to_owned()).collect(),
        }
    }

    /// Somebody who came through a dialect's door, which checked its token and names the rights that it gives.
    #[must_use]
    pub fn door(actor: &str, realm: &str, rights: &[Right], request_id: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            request_id: request_id.to_owned(),
            reach: Reach::Realm(realm.to_owned()),
            rights: rights.to_vec(),
            scopes: rights.iter().map(|right| right.as_str().to_owned()).collect(),
        }
    }

    /// What `Issuer::administrator` found: `realm` is the realm whose `admin` API the token is for.
    pub(crate) fn verified(
        client_id: &str,
        realm: &RealmView,
        scopes: Vec<String>,
        request_id: &str,
    ) -> Self {
        let reach =
            if realm.name() == SYSTEM { Reach::AllRealms } else { Reach::Realm(realm.name().to_owned()) };
        Self {
            actor: format!("{client_id}@{}", realm.name()),
            request_id: request_id.to_owned(),
            reach,
            rights: scopes.iter().filter_map(|scope| Right::parse(scope)).collect(),
            scopes: scopes.into(),
        }
    }

    /// Whether it has `right` in the realm named `realm`.
    ///
    /// # Errors
    /// [`AdminError::NotAllowed`]; [`AdminError::NotFound`] for a realm that is out of its reach, so that nobody
    /// learns which realms exist.
    pub fn may(&self, right: Right, realm: &str) -> Result<(), AdminError> {
        match &self.reach {
            Reach::Realm(own) if own != realm => {
                Err(AdminError::NotFound(format!("there is no realm {realm:?}")))
            }
            _ if self.rights.contains(&right) => Ok(()),
            _ => Err(AdminError::lacking(right)),
        }
    }

    /// Whether it has `right` in all realms: what creating realms, issuers and hosts needs.
    ///
    /// # Errors
    /// [`AdminError::NotAllowed`].
    pub fn may_everywhere(&self, right: Right) -> Result<(), AdminError> {
        if self.reach == Reach::AllRealms && self.rights.contains(&right) {
            return Ok(());
        }
        Err(AdminError::NotAllowed {
            right: right.as_str(),
            detail: format!("this needs a client of the realm {SYSTEM}"),
        })
    }

    /// Whether its rights hold in every realm.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.reach == Reach::AllRealms
    }

    /// Whether it holds a scope of an `admin` API itself: nobody hands out what they do not have.
    #[must_use]
    pub fn holds(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }

    /// Who this is, for the audit trail.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// The request that it acts in.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}
