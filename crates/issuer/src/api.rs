//! What an API is: a registered resource server with its scopes.

use std::fmt;

use countersign_proto::jose::Algorithm;
use countersign_proto::scope::ScopeName;
use countersign_proto::time::UnixTime;

use crate::realm::{Profile, words};

/// An API as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Our id of it, `api_` and 20 hex digits; shown, never used again.
    pub id: String,
    /// The realm that it belongs to.
    pub realm_id: String,
    /// The audience of its tokens; of a built-in API its name, since the audience follows the issuer.
    pub identifier: String,
    /// Which built-in API it is.
    pub builtin: Option<BuiltIn>,
    /// A name for people.
    pub name: String,
    /// Its scopes, in the order in which they were added.
    pub scopes: Vec<Scope>,
    /// Token lifetime in seconds where it is not the realm's.
    pub token_lifetime: Option<i64>,
    /// Signing algorithm where it is not the realm's.
    pub algorithm: Option<Algorithm>,
    /// Token profile where it is not the realm's.
    pub profile: Option<Profile>,
    /// Whether tokens for it are issued.
    pub enabled: bool,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it was last changed.
    pub updated_at: UnixTime,
    /// The store's revision at its last change; its ETag.
    pub revision: i64,
}

/// A named permission of one API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Its name.
    pub name: ScopeName,
    /// What it permits, for people.
    pub description: String,
}

/// The APIs that every realm has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    /// Holds scopes that name no API.
    Default,
    /// Holds the rights to administer this realm (in `system`: all realms).
    Admin,
}

words!(BuiltIn { Default = "default", Admin = "admin" });
