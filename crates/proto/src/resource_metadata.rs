//! Protected resource metadata (RFC 9728): what an API says of itself to clients that do not know it yet.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::jose::Algorithm;
use crate::jose::json::{self, JsonError, Limits};

/// The metadata document; members in the order of RFC 9728 §2.
///
/// Lists with nothing in them and switches that are off are left out, which says the same (§2, §3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceMetadata {
    /// The resource identifier; simple string comparison (RFC 9728 §3.3).
    pub resource: String,
    /// Issuers whose tokens it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<String>,
    /// Scopes that are good for something there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// How it takes tokens: `header` alone, where it is ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bearer_methods_supported: Vec<String>,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// Whether it takes tokens that are bound to a client certificate (RFC 8705).
    #[serde(default, skip_serializing_if = "is_off")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// Algorithms that DPoP proofs may have; names that we do not know are read over.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "known_algorithms")]
    pub dpop_signing_alg_values_supported: Vec<Algorithm>,
    /// Whether it takes tokens that are bound to a DPoP key, and no others.
    #[serde(default, skip_serializing_if = "is_off")]
    pub dpop_bound_access_tokens_required: bool,
}

/// The only way in which our guard takes tokens (RFC 6750 §2.1), for `bearer_methods_supported`.
pub const HEADER: &str = "header";

impl ResourceMetadata {
    /// Of this resource, which takes tokens of these issuers in the `Authorization` header.
    #[must_use]
    pub fn new(resource: impl Into<String>, authorization_servers: Vec<String>) -> Self {
        Self {
            resource: resource.into(),
            authorization_servers,
            bearer_methods_supported: vec![HEADER.to_owned()],
            ..Self::default()
        }
    }

    /// Reads a document of at most 64 KiB that was fetched for this resource.
    ///
    /// # Errors
    /// [`ResourceMetadataError`]: not strict JSON of this shape, or the metadata of another resource, which a client
    /// must not use (RFC 9728 §3.3).
    ///
    /// Does not check: the URLs in it.
    pub fn parse(document: &[u8], resource: &str) -> Result<Self, ResourceMetadataError> {
        let metadata: Self = json::typed(document, LIMITS).map_err(ResourceMetadataError::Json)?;
        if metadata.resource == resource { Ok(metadata) } else { Err(ResourceMetadataError::OtherResource) }
    }
}

/// Where the metadata of a resource is: the well-known path goes between its host and its path (RFC 9728 §3.1).
///
/// # Errors
/// [`ResourceMetadataError::Identifier`] when the resource is no http or https URL with a host, or has a fragment or
/// user information.
///
/// Does not check: the host and the path beyond that, and whether plain http is acceptable.
pub fn well_known(resource: &str) -> Result<String, ResourceMetadataError> {
    let refused = ResourceMetadataError::Identifier;
    let (scheme, rest) = resource.split_once("://").ok_or(refused.clone())?;
    let web = ["https", "http"].into_iter().any(|web| web.eq_ignore_ascii_case(scheme));
    if !web || !rest.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'#' && byte != b'\\') {
        return Err(refused);
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.is_empty() || authority.starts_with(':') || authority.contains('@') {
        return Err(refused);
    }
    // Only the slash that ends the host goes.
    let path = match path.strip_prefix('/') {
        Some(rest) if rest.is_empty() || rest.starts_with('?') => rest,
        _ => path,
    };
    Ok(format!("{scheme}://{authority}{WELL_KNOWN}{path}"))
}

/// The well-known path itself (RFC 9728 §3).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// Why there is no metadata of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceMetadataError {
    /// The resource identifier is no URL to which the well-known path can be added.
    Identifier,
    /// The document is not strict JSON of the expected shape.
    Json(JsonError),
    /// Its `resource` is not exactly the one that was asked for.
    OtherResource,
}

impl fmt::Display for ResourceMetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identifier => f.write_str(
                "the resource is no http or https URL without fragment and user information (RFC 9728 section 1.2)",
            ),
            Self::Json(error) => write!(f, "the resource metadata: {error}"),
            Self::OtherResource => {
                f.write_str("the resource metadata is of another resource (RFC 9728 section 3.3)")
            }
        }
    }
}

impl std::error::Error for ResourceMetadataError {}

fn known_algorithms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Algorithm>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Ok(names.iter().filter_map(|name| Algorithm::parse(name)).collect())
}

const fn is_off(switch: &bool) -> bool {
    !*switch
}

const LIMITS: Limits = Limits { bytes: 64 * 1024, depth: 8 };

#[cfg(test)]
mod tests {
    use super::*;

    /// T-9728-01: the well-known path stands between host and path, and only the slash after the host goes.
    #[test]
    fn the_path_is_inserted() {
        for (resource, expected) in [
            ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/a", "https://api.example/.well-known/oauth-protected-resource/a"),
            ("https://api.example/a/b/", "https://api.example/.well-known/oauth-protected-resource/a/b/"),
            ("https://api.example/a?k=v", "https://api.example/.well-known/oauth-protected-resource/a?k=v"),
            ("https://api.example/?k=v", "https://api.example/.well-known/oauth-protected-resource?k=v"),
            ("https://api.example?k=/v", "https://api.example/.well-known/oauth-protected-resource?k=/v"),
            ("http://[::1]:8081/a", "http://[::1]:8081/.well-known/oauth-protected-resource/a"),
        ] {
            assert_eq!(well_known(resource).as_deref(), Ok(expected), "{resource}");
        }
        for resource in [
            "",
            "orders",
            "urn:example:orders",
            "ftp://api.example",
            "https://",
            "https:///a",
            "https://:443/a",
            "https://user@api.example",
            "https://api.example/a#b",
            "https://api.example\\a",
            "https://api.example/ a",
            "https://bücher.example",
        ] {
            assert_eq!(well_known(resource), Err(ResourceMetadataError::Identifier), "{resource}");
        }
    }

    /// T-9728-01: metadata of another resource is not used.
    #[test]
    fn the_resource_is_exactly_the_one_that_was_asked_for() {
        let document =
            br#"{"resource":"https://api.example/a","authorization_servers":["https://i.example"]}"#;
        let read = ResourceMetadata::parse(document, "https://api.example/a").unwrap();
        assert_eq!(read.authorization_servers, ["https://i.example"]);
        for other in ["https://api.example/a/", "https://api.example", "https://API.example/a", ""] {
            let refused = ResourceMetadata::parse(document, other);
            assert_eq!(refused, Err(ResourceMetadataError::OtherResource), "{other}");
        }
        for strange in [&b"{}"[..], br#"{"resource":1}"#, br#"{"resource":"a","scopes_supported":"b"}"#] {
            let refused = ResourceMetadata::parse(strange, "a");
            assert_eq!(refused, Err(ResourceMetadataError::Json(JsonError::Shape)));
        }
        let twice = ResourceMetadata::parse(br#"{"resource":"a","resource":"a"}"#, "a");
        assert_eq!(twice, Err(ResourceMetadataError::Json(JsonError::Duplicate("resource".into()))));
    }

    /// T-9728-03: what is on is said, what is off is not, and no algorithm is `none`.
    #[test]
    fn says_what_is_true() {
        let plain = ResourceMetadata::new("https://api.example", vec!["https://i.example".into()]);
        assert_eq!(
            serde_json::to_string(&plain).unwrap(),
            r#"{"resource":"https://api.example","authorization_servers":["https://i.example"],"bearer_methods_supported":["header"]}"#
        );
        let bound = ResourceMetadata {
            scopes_supported: vec!["orders:read".into()],
            resource_name: Some("Orders".into()),
            tls_client_certificate_bound_access_tokens: true,
            dpop_signing_alg_values_supported: vec![Algorithm::ES256, Algorithm::EdDSA],
            dpop_bound_access_tokens_required: true,
            ..plain
        };
        let written = serde_json::to_string(&bound).unwrap();
        assert_eq!(
            written,
            r#"{"resource":"https://api.example","authorization_servers":["https://i.example"],"scopes_supported":["orders:read"],"bearer_methods_supported":["header"],"resource_name":"Orders","tls_client_certificate_bound_access_tokens":true,"dpop_signing_alg_values_supported":["ES256","EdDSA"],"dpop_bound_access_tokens_required":true}"#
        );
        assert_eq!(ResourceMetadata::parse(written.as_bytes(), "https://api.example"), Ok(bound));
        let foreign =
            br#"{"resource":"a","dpop_signing_alg_values_supported":["none","HS256","ES256","ES512"]}"#;
        let read = ResourceMetadata::parse(foreign, "a").unwrap();
        assert_eq!(read.dpop_signing_alg_values_supported, [Algorithm::ES256]);
    }
}
