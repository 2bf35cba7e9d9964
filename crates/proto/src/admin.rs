//! Bodies of our own admin API, `/admin/v1/…`: said once, for the server that reads and the command line that writes.
//!
//! Members that RFC 7591 registers carry its names. In a `PATCH` (JSON merge patch, RFC 7396) an absent member stays
//! as it is and `null` takes it away: [`Change`].

mod change;
mod client;
mod key;
mod list;
mod problem;
mod read;
mod realm;

pub use change::Change;
pub use client::{
    ClientBody, ClientCreated, ClientPatch, GrantBody, GrantPut, NewClient, NewSecret, SecretBody,
    SecretCreated,
};
pub use key::{KeyBody, NewKey, RetireKey, RotateKeys};
pub use list::{AuditBody, Page};
pub use problem::Problem;
pub use read::{BodyError, MAX_BODY, read};
pub use realm::{
    ApiBody, ApiPatch, NewApi, NewRealm, NewScope, RealmBody, RealmPatch, ScopeBody, ScopePatch,
};
