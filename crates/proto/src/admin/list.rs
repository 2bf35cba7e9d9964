//! Lists, and the audit trail.

use serde::{Deserialize, Serialize};

use crate::time::UnixTime;

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null` on the last.
    pub next: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditBody {
    /// Its place in the trail.
    pub id: String,
    /// When.
    pub at: UnixTime,
    /// What, such as `client.created`.
    pub event: String,
    /// The realm it happened in.
    pub realm: String,
    /// Who did it: `{client_id}@{realm}`, or `offline` for a command run beside the database.
    pub actor: String,
    /// What it was done to.
    pub subject: String,
    /// The request that did it.
    pub request_id: String,
    /// What else there is to know; never a secret.
    pub detail: serde_json::Value,
}
