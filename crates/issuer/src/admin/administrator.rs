//! The proof that somebody may administer, and what they may do now.

use std::fmt;
use std::sync::Arc;

use super::AdminError;
use crate::issuer::OwnToken;
use crate::realm::SYSTEM;

/// A caller whose token was verified, with the rights that it has at this moment.
///
/// Made by `Issuer::administrator` and `Issuer::manager` alone, and by [`Administrator::offline`] for commands run
/// beside the database.
#[derive(Clone, Debug)]
pub struct Administrator {
    actor: String,
    request_id: String,
    reach: Reach,
    rights: Vec<Right>,
    /// The scopes of the `admin` API that it may give and take.
    scopes: Arc<[String]>,
    /// Where it came through fidesops' door: the only scopes that it may give, and that clients it touches may have.
    bounds: Option<Arc<[String]>>,
    /// What its rights come from; `None` beside the database.
    bearer: Option<Arc<Bearer>>,
}

/// What the rights of a caller come from, and are judged by again.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) token: OwnToken,
    /// The realm that the token is of.
    pub(crate) realm: String,
    pub(crate) door: Door,
}

/// Where a token was presented.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door {
    /// At the admin API.
    Admin,
    /// At fidesops' client management, on a route that needs this scope.
    Management {
        /// The scope.
        scope: &'static str,
    },
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
            scopes: all_scopes(),
            bounds: None,
            bearer: None,
        }
    }

    /// A client with these scopes of the `admin` API of its realm.
    pub(crate) fn verified(bearer: Bearer, scopes: Vec<String>, request_id: &str) -> Self {
        let reach =
            if bearer.realm == SYSTEM { Reach::AllRealms } else { Reach::Realm(bearer.realm.clone()) };
        Self {
            rights: scopes.iter().filter_map(|scope| Right::parse(scope)).collect(),
            scopes: scopes.into(),
            ..Self::without(reach, bearer, request_id)
        }
    }

    /// fidesops' root: everything in one realm.
    pub(crate) fn root(bearer: Bearer, request_id: &str) -> Self {
        Self {
            rights: Right::ALL.to_vec(),
            scopes: all_scopes(),
            ..Self::without(Reach::Realm(bearer.realm.clone()), bearer, request_id)
        }
    }

    /// A client that manages others by fidesops' rules: it gives nothing but these scopes of its own.
    pub(crate) fn manager(bearer: Bearer, scopes: Vec<String>, request_id: &str) -> Self {
        Self {
            rights: vec![Right::ClientRead, Right::ClientWrite],
            bounds: Some(scopes.into()),
            ..Self::without(Reach::Realm(bearer.realm.clone()), bearer, request_id)
        }
    }

    fn without(reach: Reach, bearer: Bearer, request_id: &str) -> Self {
        Self {
            actor: format!("{}@{}", bearer.token.client_id(), bearer.token.client_realm()),
            request_id: request_id.to_owned(),
            reach,
            rights: Vec::new(),
            scopes: Arc::default(),
            bounds: None,
            bearer: Some(bearer.into()),
        }
    }

    /// The same caller, who may do nothing any more.
    pub(super) fn without_rights(&self) -> Self {
        Self { rights: Vec::new(), scopes: Arc::default(), ..self.clone() }
    }

    pub(super) fn bearer(&self) -> Option<&Bearer> {
        self.bearer.as_deref()
    }

    /// Where it came through fidesops' door: the scopes of the default API beyond which it does nothing.
    pub(super) fn bounds(&self) -> Option<&[String]> {
        self.bounds.as_deref()
    }

    /// Whether it may give these scopes of the default API: all of them, or by fidesops' rules those that it holds.
    ///
    /// # Errors
    /// [`AdminError::NotHeld`].
    pub fn may_give<S: AsRef<str>>(&self, scopes: &[S]) -> Result<(), AdminError> {
        let Some(own) = &self.bounds else { return Ok(()) };
        let missing = scopes.iter().map(AsRef::as_ref).filter(|scope| own.iter().all(|held| held != scope));
        let missing: Vec<_> = missing.map(str::to_owned).collect();
        if missing.is_empty() { Ok(()) } else { Err(AdminError::NotHeld(missing)) }
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

fn all_scopes() -> Arc<[String]> {
    Right::ALL.iter().map(|right| right.as_str().to_owned()).collect()
}
