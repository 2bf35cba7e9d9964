//! What an issuer publishes, and where.

use serde_json::{Value, json};

use super::state::State;

/// Something that an issuer is asked for over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// Its metadata where RFC 8414 §3.1 has it: the well-known part stands between host and path.
    OauthMetadata,
    /// Its metadata where OpenID Connect Discovery §4 has it: the well-known part follows the path.
    OidcMetadata,
    /// Its public keys (RFC 7517 §5).
    Jwks,
    /// Its introspection endpoint (RFC 7662).
    Introspection,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OauthMetadata, Self::OidcMetadata, Self::Jwks, Self::Introspection];
}

impl State {
    pub(super) fn path_of(&self, document: Document) -> String {
        let path = self.path.trim_end_matches('/');
        match document {
            Document::OauthMetadata => format!("/.well-known/oauth-authorization-server{path}"),
            Document::OidcMetadata => format!("{path}/.well-known/openid-configuration"),
            Document::Jwks => format!("{path}/jwks"),
            Document::Introspection => format!("{path}/introspect"),
        }
    }

    pub(super) fn document(&self, document: Document) -> Value {
        let url = |document| format!("{}{}", self.origin, self.path_of(document));
        let path = self.path.trim_end_matches('/');
        match document {
            Document::OauthMetadata | Document::OidcMetadata => json!({
                "issuer": self.issuer,
                "token_endpoint": format!("{}{path}/token", self.origin),
                "jwks_uri": url(Document::Jwks),
                "response_types_supported": [],
                "grant_types_supported": ["client_credentials"],
                "introspection_endpoint": url(Document::Introspection),
                "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
            }),
            Document::Jwks => {
                let keys: Vec<_> = self.keys().iter().map(|key| key.public_jwk().clone()).collect();
                json!({ "keys": keys })
            }
            Document::Introspection => panic!("what introspection says depends on the token"),
        }
    }
}
