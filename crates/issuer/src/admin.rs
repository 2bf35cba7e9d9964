//! What operators do: commands on realms, APIs, scopes, clients, secrets, grants and keys, each with the scope that
//! it needs, each audited in the commit that makes it.
//!
//! Every command takes an [`Administrator`], the proof that somebody may administer at all, and judges its own scope
//! against the registry as it is now.

mod administrator;
mod alone;
mod apis;
mod audit;
mod claims;
mod clients;
mod departed;
mod fidesops_scopes;
pub(crate) mod founding;
mod grants;
mod keys;
mod lasting_root;
mod origin;
mod page;
mod realm_draft;
mod realms;
mod rotation;
mod rule;
mod scopes;
mod secrets;
mod spare;

use std::fmt;

pub use self::administrator::{Administrator, Right};
pub(crate) use self::administrator::{Bearer, Door};
pub use self::grants::GrantSet;
pub use self::page::PageAsk;
use crate::refusal::Fault;
use crate::store::{StoreError, Unique};

/// An answer with the revision of what it shows; its ETag.
#[derive(Clone, Debug)]
pub struct At<T> {
    /// What is shown.
    pub body: T,
    /// The store's revision at its last change.
    pub revision: i64,
}

/// Why an administrative command was not carried out.
#[derive(Debug)]
pub enum AdminError {
    /// The caller lacks this right here, now.
    NotAllowed {
        /// The scope that would be needed.
        right: &'static str,
        /// What to say besides.
        detail: String,
    },
    /// By fidesops' rules: scopes that the caller does not hold itself.
    NotHeld(Vec<String>),
    /// There is no such thing.
    NotFound(String),
    /// A member breaks a rule.
    Invalid {
        /// Which member, as in the body.
        field: String,
        /// The rule, as a sentence.
        rule: String,
    },
    /// A name is taken, or something stands in the way.
    Conflict {
        /// Which member, as in the body.
        field: String,
        /// What stands in the way, and what to do.
        detail: String,
    },
    /// It was changed since the caller read it (`If-Match`).
    Stale,
    /// Ours.
    Fault(Fault),
}

impl AdminError {
    /// A right that the token's client has not got now.
    fn lacking(right: Right) -> Self {
        let detail = "the token's client has no such scope on the admin API now".to_owned();
        Self::NotAllowed { right: right.as_str(), detail }
    }

    /// A member that breaks a rule.
    pub fn invalid(field: impl Into<String>, rule: impl fmt::Display) -> Self {
        Self::Invalid { field: field.into(), rule: rule.to_string() }
    }
}

impl From<Fault> for AdminError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<crate::random::NoRandomness> for AdminError {
    fn from(error: crate::random::NoRandomness) -> Self {
        Self::Fault(error.into())
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(unique) => Self::Conflict {
                field: match unique {
                    Unique::RealmName | Unique::ScopeName => "name",
                    Unique::Issuer => "issuer",
                    Unique::Host => "hosts",
                    Unique::ApiIdentifier => "identifier",
                    Unique::ClientId => "client_id",
                    Unique::Other => "",
                }
                .to_owned(),
                detail: format!("{unique} is taken already; choose another"),
            },
            StoreError::Missing => Self::NotFound("it is not there any more".to_owned()),
            StoreError::Stale => Self::Stale,
            other => Self::Fault(other.into()),
        }
    }
}

/// What the caller read is what is there (`If-Match`).
fn unchanged_since(expected: Option<i64>, revision: i64) -> Result<(), AdminError> {
    if expected.is_none_or(|expected| expected == revision) { Ok(()) } else { Err(AdminError::Stale) }
}
