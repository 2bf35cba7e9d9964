//! What an issuer publishes, and where.

use countersign_proto::jose::{Algorithm, dpop};
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
    /// Its token endpoint (RFC 6749 §3.2), at whichever door.
    Token,
    /// Its revocation endpoint (RFC 7009).
    Revocation,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::OauthMetadata,
        Self::OidcMetadata,
        Self::Jwks,
        Self::Introspection,
        Self::Token,
        Self::Revocation,
    ];
}

impl State {
    pub(super) fn path_of(&self, document: Document) -> String {
        let path = self.place.path.trim_end_matches('/');
        match document {
            Document::OauthMetadata => format!("/.well-known/oauth-authorization-server{path}"),
            Document::OidcMetadata => format!("{path}/.well-known/openid-configuration"),
            Document::Jwks => format!("{path}/jwks"),
            Document::Introspection => format!("{path}/introspect"),
            Document::Token => format!("{path}/token"),
            Document::Revocation => format!("{path}/revoke"),
        }
    }

    /// The path of the token endpoint at the door that asks for certificates.
    pub(super) fn mtls_path(&self) -> String {
        format!("{}/mtls/token", self.place.path.trim_end_matches('/'))
    }

    pub(super) fn url(&self, document: Document) -> String {
        let url = format!("{}{}", self.place.origin, self.path_of(document));
        if document == Document::Token { self.with_query(url) } else { url }
    }

    /// The URL of the token endpoint at the door that asks for certificates, where there is one.
    pub(super) fn mtls_url(&self) -> Option<String> {
        let origin = self.place.mtls.as_ref()?;
        Some(self.with_query(format!("{origin}{}", self.mtls_path())))
    }

    pub(super) fn document(&self, document: Document) -> Value {
        match document {
            Document::OauthMetadata | Document::OidcMetadata => self.metadata(),
            Document::Jwks => {
                let keys: Vec<_> = self.keys().iter().map(|key| key.public_jwk().clone()).collect();
                json!({ "keys": keys })
            }
            Document::Introspection | Document::Token | Document::Revocation => {
                panic!("what {document:?} says depends on the request")
            }
        }
    }

    fn metadata(&self) -> Value {
        let mut metadata = json!({
            "issuer": self.issuer(),
            "token_endpoint": self.url(Document::Token),
            "token_endpoint_auth_methods_supported": AUTH_METHODS,
            "token_endpoint_auth_signing_alg_values_supported": Algorithm::ALL.map(Algorithm::as_str),
            "dpop_signing_alg_values_supported": dpop::DEFAULT_ALGORITHMS.map(Algorithm::as_str),
            "jwks_uri": self.url(Document::Jwks),
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "introspection_endpoint": self.url(Document::Introspection),
            "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
            "revocation_endpoint": self.url(Document::Revocation),
            "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        });
        if let Some(url) = self.mtls_url() {
            metadata["tls_client_certificate_bound_access_tokens"] = json!(true);
            metadata["mtls_endpoint_aliases"] = json!({ "token_endpoint": url });
        }
        metadata
    }

    fn with_query(&self, url: String) -> String {
        match &self.place.token_query {
            Some(query) => format!("{url}?{query}"),
            None => url,
        }
    }
}

const AUTH_METHODS: [&str; 5] = [
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
];
