//! `WWW-Authenticate`: how a protected resource says what it wants (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9449 §7.1,
//! RFC 9728 §5.1). One type for both sides: the guard prints it, the client reads it.

mod code;
mod parse;
mod reader;

use std::fmt;

use crate::authorization::Scheme;
use crate::error::printable;
use crate::jose::Algorithm;
use crate::scope::ScopeName;
pub use code::Code;
pub use parse::{MAX_CHALLENGES, MAX_LEN, ParseError, parse};

/// A challenge of the scheme Bearer or DPoP; it prints the exact value of a `WWW-Authenticate` header.
///
/// Each parameter stands at most once, and its characters are those that RFC 6750 §3 allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    scheme: Scheme,
    realm: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    scope: Option<String>,
    algs: Option<String>,
    resource_metadata: Option<String>,
}

impl Challenge {
    /// A demand for a bearer token; it needs a parameter at least (RFC 6750 §3), and that is the realm.
    #[must_use]
    pub fn bearer(realm: &str) -> Self {
        Self { realm: Some(printable(realm)), ..Self::bare(Scheme::Bearer) }
    }

    /// A demand for a bound token with a proof of one of these algorithms (RFC 9449 §7.1).
    #[must_use]
    pub fn dpop(realm: &str, algs: &[Algorithm]) -> Self {
        let algs = algs.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>().join(" ");
        Self { realm: Some(printable(realm)), algs: Some(algs), ..Self::bare(Scheme::DPoP) }
    }

    /// With the reason; without one, no credentials were sent at all (RFC 6750 §3.1).
    #[must_use]
    pub fn with_error(self, code: Code, description: &str) -> Self {
        Self {
            error: Some(code.as_str().to_owned()),
            error_description: Some(printable(description)).filter(|text| !text.is_empty()),
            ..self
        }
    }

    /// With the scopes that are needed, if any.
    #[must_use]
    pub fn with_scope<'a>(self, names: impl IntoIterator<Item = &'a ScopeName>) -> Self {
        let scope = names.into_iter().map(ScopeName::as_str).collect::<Vec<_>>().join(" ");
        Self { scope: Some(scope).filter(|scope| !scope.is_empty()), ..self }
    }

    /// With the URL of the resource's metadata (RFC 9728 §5.1).
    #[must_use]
    pub fn with_resource_metadata(self, url: &str) -> Self {
        Self { resource_metadata: Some(printable(url)), ..self }
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// `realm`.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// `error`, as it was sent; see [`Self::code`].
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// `error`, where it is one that we know.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.error().and_then(Code::parse)
    }

    /// `error_description`.
    #[must_use]
    pub fn error_description(&self) -> Option<&str> {
        self.error_description.as_deref()
    }

    /// `scope`, name by name.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        words(self.scope.as_deref())
    }

    /// `algs`: the algorithms that proofs may have, known to us or not.
    pub fn algs(&self) -> impl Iterator<Item = &str> {
        words(self.algs.as_deref())
    }

    /// `resource_metadata`.
    ///
    /// Does not check: that it is a URL, and one of the origin that sent it.
    #[must_use]
    pub fn resource_metadata(&self) -> Option<&str> {
        self.resource_metadata.as_deref()
    }

    const fn bare(scheme: Scheme) -> Self {
        Self {
            scheme,
            realm: None,
            error: None,
            error_description: None,
            scope: None,
            algs: None,
            resource_metadata: None,
        }
    }

    fn parameters(&self) -> [(&'static str, &Option<String>); 6] {
        [
            ("realm", &self.realm),
            ("error", &self.error),
            ("error_description", &self.error_description),
            ("scope", &self.scope),
            ("algs", &self.algs),
            ("resource_metadata", &self.resource_metadata),
        ]
    }
}

/// Always quoted, as RFC 6750 §3 and RFC 9449 §7.1 show them; clients exist that read nothing else.
impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme.as_str())?;
        let mut separator = " ";
        for (name, value) in self.parameters() {
            if let Some(value) = value {
                for part in [separator, name, "=\"", value, "\""] {
                    f.write_str(part)?;
                }
                separator = ", ";
            }
        }
        Ok(())
    }
}

fn words(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default().split(' ').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> Vec<ScopeName> {
        names.iter().map(|name| ScopeName::parse(name).unwrap()).collect()
    }

    /// T-6750-05, T-6750-06, T-9449-04, T-9728-02: the exact values.
    #[test]
    fn prints_exact_values() {
        assert_eq!(Challenge::bearer("orders").to_string(), r#"Bearer realm="orders""#);
        let narrow = Challenge::bearer("orders")
            .with_error(Code::InsufficientScope, "this needs more")
            .with_scope(&scopes(&["orders:read", "orders:write"]))
            .with_resource_metadata("https://api.example/.well-known/oauth-protected-resource");
        assert_eq!(
            narrow.to_string(),
            r#"Bearer realm="orders", error="insufficient_scope", error_description="this needs more", scope="orders:read orders:write", resource_metadata="https://api.example/.well-known/oauth-protected-resource""#
        );
        let dpop = Challenge::dpop("orders", &[Algorithm::ES256, Algorithm::PS256])
            .with_error(Code::UseDpopNonce, "");
        assert_eq!(dpop.to_string(), r#"DPoP realm="orders", error="use_dpop_nonce", algs="ES256 PS256""#);
        assert_eq!(Challenge::bearer("a").with_scope(&[]).to_string(), r#"Bearer realm="a""#);
    }

    /// T-6750-07, T-6749-21: each parameter once, and no byte that could end a value or a line.
    #[test]
    fn values_hold_only_allowed_bytes() {
        let hostile: String = (0u8..=255).map(char::from).collect();
        let challenge = Challenge::bearer(&hostile)
            .with_error(Code::InvalidRequest, "first")
            .with_error(Code::InvalidToken, &hostile)
            .with_resource_metadata(&hostile)
            .with_scope(&scopes(&["a"]))
            .with_scope(&scopes(&["b"]));
        let text = challenge.to_string();
        assert!(text.bytes().all(|byte| matches!(byte, 0x20..=0x5b | 0x5d..=0x7e)), "{text}");
        assert_eq!(text.matches('"').count(), 2 * 5);
        for name in ["realm=\"", "error=\"", "error_description=\"", "scope=\"", "resource_metadata=\""] {
            assert_eq!(text.matches(&format!(" {name}")).count(), 1, "{name}");
        }
        assert_eq!(challenge.code(), Some(Code::InvalidToken));
    }
}
