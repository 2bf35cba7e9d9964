//! Authorization server metadata (RFC 8414 §2): what works here, and where.

use serde::{Deserialize, Serialize};

/// The metadata document; members in the order of RFC 8414 §2.
///
/// Lists with nothing in them are left out (§3.2), except `response_types_supported`, which §2 requires and which is
/// empty because nobody logs in here (choice C8).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ServerMetadata {
    /// The issuer identifier; simple string comparison (RFC 8414 §3.3).
    pub issuer: String,
    /// Where tokens are asked for.
    pub token_endpoint: String,
    /// Where the public keys are.
    pub jwks_uri: String,
    /// Scopes that clients may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Always empty here.
    pub response_types_supported: Vec<String>,
    /// Grant types that work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant_types_supported: Vec<String>,
    /// Client authentication methods that work at the token endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
}
