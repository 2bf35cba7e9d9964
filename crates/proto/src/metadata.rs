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
    /// Always empty here; other issuers may leave it out, though §2 requires it.
    #[serde(default)]
    pub response_types_supported: Vec<String>,
    /// Grant types that work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant_types_supported: Vec<String>,
    /// Client authentication methods that work at the token endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Where a resource server asks about tokens (RFC 7662).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// Client authentication methods that work there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-8414-06: an issuer that leaves out `response_types_supported` is still read, and ours is written as `[]`.
    #[test]
    fn what_others_leave_out_is_empty_and_ours_is_written() {
        let theirs = r#"{"issuer":"https://i.example","token_endpoint":"https://i.example/t","jwks_uri":"https://i.example/k","introspection_endpoint":"https://i.example/i","introspection_endpoint_auth_methods_supported":["client_secret_basic"]}"#;
        let read: ServerMetadata = serde_json::from_str(theirs).unwrap();
        assert!(read.response_types_supported.is_empty());
        assert_eq!(read.introspection_endpoint.as_deref(), Some("https://i.example/i"));
        assert_eq!(read.introspection_endpoint_auth_methods_supported, ["client_secret_basic"]);
        assert_eq!(
            serde_json::to_string(&ServerMetadata::default()).unwrap(),
            r#"{"issuer":"","token_endpoint":"","jwks_uri":"","response_types_supported":[]}"#
        );
    }
}
